// A 64-bit value on the host that only grows, and who waits for it: threads, and streams by their gates.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>

namespace halyard::cuda {

class StreamGate;

// A stream that waits. `keep` is what has to live until then, or null.
struct Parked {
    uint64_t value;
    std::shared_ptr<StreamGate> gate;
    uint64_t number; // of the wait at the gate
    std::shared_ptr<void> keep;
};

// Thread-safe.
class Timeline {
public:
    explicit Timeline(uint64_t value = 0) : value_(value) {}

    uint64_t value() const;
    // False when `value` is not above the value there is, which goes to `outValue`. For any thread, also of a host
    // function: calls nothing of the driver, and what it lets go of is dropped later (dropRetired).
    bool raise(uint64_t value, uint64_t& outValue) noexcept;
    // False: the deadline passed.
    bool waitFor(uint64_t value, uint64_t deadline);
    // Ends the wait of that one waiter once the value is reached, perhaps at once.
    void park(std::list<Parked>& waiter) noexcept;

private:
    mutable std::mutex mutex_;
    std::condition_variable grown_;
    uint64_t value_;
    std::list<Parked> parked_;
};

} // namespace halyard::cuda
