// The thread that runs host functions, one after another, so that a function which takes long holds up no worker.
#pragma once

#include "status.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <pthread.h>

namespace halyard::cpu {

class Stream;

// Thread-safe.
class HostDispatcher {
public:
    HostDispatcher() = default;
    ~HostDispatcher() = default; // REQUIRES: stop() answered true, or start() was never called
    HostDispatcher(const HostDispatcher&) = delete;
    HostDispatcher& operator=(const HostDispatcher&) = delete;

    // Starts the thread; does nothing when it runs.
    HyResult start(const Host& host);
    // Runs the host function at the front of a stream, whose holder gives it away: the dispatcher ends the command and
    // schedules the stream. Never fails.
    void post(Stream& stream) noexcept;
    // Ends the thread once nothing is left to run. False: a function still runs at the deadline, and the thread goes
    // on.
    bool stop(uint64_t deadline);

private:
    static void* threadMain(void* argument);
    void work();

    std::mutex mutex_;
    std::condition_variable changed_;
    Stream* first_ = nullptr;
    Stream* last_ = nullptr;
    bool stopping_ = false;
    std::atomic<bool> started_{false};
    std::atomic<uint32_t> exited_{0};
    pthread_t thread_{};
};

} // namespace halyard::cpu
