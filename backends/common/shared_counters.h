// Counters that several processes raise and wait for.
#pragma once

#include "common/shared_page.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <pthread.h>

namespace halyard::common {

// Thread-safe.
class SharedCounters {
public:
    // Told of every growth that is seen, perhaps of an older one after a newer one and from several threads at once:
    // when this process raises a counter or reads it, and from follow() on when another process does. Must not throw.
    using Growth = std::function<void(uint32_t lane, uint64_t value)>;

    // False with the fault. Throw std::bad_alloc.
    static bool create(const SharedOwner& owner, SharedKind kind, uint64_t value, Growth growth,
                       std::unique_ptr<SharedCounters>& out, Fault& outFault);
    static bool adopt(const SharedOwner& owner, SharedKind kind, FileDescriptor file, Growth growth,
                      std::unique_ptr<SharedCounters>& out, Fault& outFault);
    ~SharedCounters() { stopFollowing(); }
    SharedCounters(const SharedCounters&) = delete;
    SharedCounters& operator=(const SharedCounters&) = delete;

    uint32_t lanes() const { return lanes_; }
    int descriptor() const { return page_.descriptor(); }
    SharedWords& words() const { return page_.words(); }

    // Never less than it was, whatever other processes do.
    uint64_t value(uint32_t lane);
    // False when `value` is not above the value there is, which goes to `outValue`.
    bool raise(uint32_t lane, uint64_t value, uint64_t& outValue);
    // Waits for `value` until the deadline (CLOCK_MONOTONIC, nanoseconds; kNever), polling for the first `spinNs`.
    // False: it passed.
    bool waitFor(uint32_t lane, uint64_t value, uint64_t deadline, uint64_t spinNs);

    // Starts the thread, of that name, that tells what other processes do; does nothing when it runs. 0, or errno.
    int follow(const char* name);
    // Ends it for good.
    void stopFollowing();

private:
    SharedCounters(SharedPage page, uint32_t lanes, Growth growth);

    static void* threadMain(void* argument);
    void work();
    void learn(uint32_t lane, uint64_t value);
    // Sleeps until a counter changes from what it was when `word` was read, for a while at most.
    void sleep(uint32_t word, uint64_t deadline) const;
    void wakeAll() const;

    const SharedPage page_;
    const uint32_t lanes_;
    const Growth growth_;
    std::array<std::atomic<uint64_t>, kSharedLanes> known_{};
    std::mutex threadMutex_;
    std::atomic<bool> following_{false};
    std::atomic<bool> stopping_{false};
    pthread_t thread_{};
};

// What the system's refusal to start a following thread means.
Fault followFault(int error);

} // namespace halyard::common
