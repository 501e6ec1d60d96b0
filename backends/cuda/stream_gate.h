// What a stream waits for that the driver knows nothing of. The waits of a stream are numbered in its order, and it
// waits for each by comparing a count in pinned memory, which goes up to a number once all waits up to it are over.
#pragma once

#include "driver_types.h"
#include "halyard/backend.h"

#include <cstdint>
#include <mutex>
#include <set>

namespace halyard::cuda {

class Stream;

// Thread-safe. Opening calls no function of the driver, so that the driver's own threads may do it.
class StreamGate {
public:
    StreamGate() = default;
    StreamGate(const StreamGate&) = delete;
    StreamGate& operator=(const StreamGate&) = delete;

    // Makes the stream wait, here, until open(outNumber). A failure has the record set, and nothing was put into the
    // stream.
    HyResult wait(Stream& stream, uint64_t& outNumber);
    // Ends the wait of that number; again does nothing.
    void open(uint64_t number);
    // Ends all waits, and those to come at once.
    void openForGood();
    // The context is about to go, and the pinned memory with it: opening touches it no more, and the waits stay.
    void forget();
    // The pinned memory, for the stream to free; null when it never waited.
    void* memory() const { return count_; }

private:
    HyResult allocate(Stream& stream);
    void publish();

    // Held while the driver is called, which may wait for a host function that opens this gate: opening takes the other
    // lock alone.
    std::mutex orderMutex_;
    uint64_t last_ = 0; // number of the last wait
    CUdeviceptr address_ = 0;

    std::mutex mutex_;
    uint64_t passed_ = 0;       // all waits up to it are over
    std::set<uint64_t> opened_; // others that are
    uint64_t* count_ = nullptr; // what the device compares
};

} // namespace halyard::cuda
