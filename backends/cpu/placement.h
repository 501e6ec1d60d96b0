// Where the threads of the executor run. The system often wakes two of them on one processor, beside an idle one or one
// with less to do, and leaves them there for as long as a kernel runs.
#pragma once

#include <cstdint>
#include <sched.h>
#include <vector>

namespace halyard::cpu {

// How many workers are awake on each processor, as far as known: the system may have moved them since. Not thread-safe.
class Placement {
public:
    Placement() : awake_(CPU_SETSIZE) {}
    void add(uint32_t processor);
    void remove(uint32_t processor);
    bool taken(uint32_t processor) const { return processor < awake_.size() && awake_[processor] > 0; }
    // Those with a worker.
    cpu_set_t takenOnes() const;

private:
    std::vector<uint16_t> awake_;
};

// The processor that the calling thread is on.
uint32_t currentProcessor();

// Moves the calling thread to a processor that is not among `taken`, if its affinity mask has one; the mask is the same
// afterwards. Does nothing where the system refuses.
void leaveProcessors(const cpu_set_t& taken);

} // namespace halyard::cpu
