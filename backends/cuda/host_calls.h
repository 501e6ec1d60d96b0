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
    // Calls everything that is left with `status`, on the calling thread.
    void abandon(HyResult status) noexcept;
    // Ends the thread. REQUIRES: nothing is submitted any more.
    void stop() noexcept;

private:
    void watch() noexcept;

    Device& device_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::thread watcher_;
    bool stopping_ = false;
};

} // namespace halyard::cuda
