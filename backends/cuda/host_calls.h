// Calls of host code in stream order, each exactly once. The driver drops host functions of a context that failed, so
// each one is kept in a list of our own until it was called, and a thread that looks after the device calls what the
// driver dropped.
#pragma once

#include "driver_types.h"
#include "halyard/backend.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace halyard::cuda {

class Device;
class Stream;

// Thread-safe.
class HostCalls {
public:
    // HY_SUCCESS, or why the work before it never ran. Must neither throw nor call the driver.
    using Function = std::function<void(HyResult status)>;

    explicit HostCalls(Device& device) : device_(device) {}
    ~HostCalls() { stop(); }

    // Puts `function` into the stream. A failure, with the record set: it is not called. Throws std::bad_alloc.
    HyResult submit(CUstream stream, Function function);
    // For the nodes of graphs, which carry one value in every launch: a queue of calls, which the driver makes in order
    // when it calls callTurn with the queue's number. Throws std::bad_alloc.
    static uint64_t makeTurns();
    // No more calls will be expected; those that are stay.
    static void dropTurns(uint64_t turns) noexcept;
    static void callTurn(void* turns);
    // Puts a call at the end of the queue; *outNumber names it. Throws std::bad_alloc.
    HyResult expectTurn(uint64_t turns, Function function, uint64_t& outNumber);
    // The driver refused the launch that these are for, the last of their queues. HY_ERROR_INVALID_STATE: some were
    // called already, for a device that is lost, and now all are.
    HyResult withdrawTurns(const std::vector<std::pair<uint64_t, uint64_t>>& turnsAndNumbers);

    // Calls everything that is left with `status`, on the calling thread.
    void abandon(HyResult status) noexcept;
    // Ends the thread. REQUIRES: nothing is submitted any more.
    void stop() noexcept;

private:
    void watch() noexcept;
    // HY_SUCCESS, or the failure with the record set.
    HyResult startWatching();

    Device& device_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::thread watcher_;
    bool stopping_ = false;
};

} // namespace halyard::cuda
