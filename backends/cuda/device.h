// An open device: its primary context, its streams, and whether that context still lives.
#pragma once

#include "context.h"
#include "current.h"
#include "host_calls.h"
#include "ipc_memory.h"
#include "leftovers.h"
#include "profiler.h"
#include "user_calls.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>

namespace halyard::cuda {

class Stream;

// Shared by its handle and by every object made on it. Thread-safe.
class Device : public std::enable_shared_from_this<Device> {
public:
    Device(std::shared_ptr<Context> context, const DeviceInfo& info);
    // Releases the primary context, which others may share.
    ~Device();

    const Host& host() const { return context_->host; }
    // Those of the driver, as long as the context lives (end()).
    const Symbols& cu() const { return *cu_.load(std::memory_order_relaxed); }
    const Symbols& driver() const { return context_->cu; }
    // For giving back what belongs to the process and not to the context, as virtual memory does: also after end(),
    // once the context is gone.
    const Symbols& cuOfProcess() const { return *cuOfProcess_.load(std::memory_order_relaxed); }
    int driverVersion() const { return context_->driverVersion; }
    const DeviceInfo& info() const { return info_; }
    // All that the backend has, this one among them.
    const std::vector<DeviceInfo>& siblings() const { return context_->devices; }
    CUdevice handle() const { return info_.handle; }
    CUcontext context() const { return primary_; }
    HostCalls& hostCalls() { return hostCalls_; }
    UserCalls& userCalls() { return userCalls_; }
    // What is destroyed while the device may still use it.
    Leftovers& leftovers() { return leftovers_; }
    Profiler& profiler() { return profiler_; }
    const Profiler& profiler() const { return profiler_; }

    IpcMemory& ipcMemory() { return ipcMemory_; }

    // Retains the primary context.
    HyResult open();
    // Waits for work until the deadline (steady clock, nanoseconds) and gives everything up. HY_ERROR_TIMEOUT: work was
    // left; then the driver keeps what it uses.
    HyResult close(uint64_t deadline);
    // Waits until all work submitted so far is done: HY_SUCCESS, HY_ERROR_TIMEOUT, or what the device failed with.
    HyResult synchronize(uint64_t deadline);

    // HY_SUCCESS, or the failure with the thread's record set. `what` completes "the driver could not ...".
    HyResult check(CUresult code, const char* what) { return code == CUDA_SUCCESS ? HY_SUCCESS : fail(code, what); }
    // Sets the record for a code that is not CUDA_SUCCESS; for one that ends the context also remembers what failed, so
    // that every later failure tells. `detail` (a log of the driver, a kernel) goes behind the words.
    [[gnu::cold]] HyResult fail(CUresult code, const char* what, const std::string& detail = "") noexcept;
    // Whether the context is gone. Every later call of the driver fails, with words by fail().
    bool lost() const { return lost_.load(std::memory_order_acquire) != HY_SUCCESS; }
    HyResult lostResult() const { return lost_.load(std::memory_order_acquire); }

    // The context is about to go, by a reset: no call of this device and its objects reaches the driver any more, and
    // every one fails so.
    void end(Failure why);
    void resetIsOver() { cuOfProcess_.store(&driver(), std::memory_order_relaxed); }

    // Asks the driver whether the context still lives: HY_SUCCESS, or what it failed with, also remembered.
    HyResult probe() noexcept;

    // A copy of the name that lives as long as the device. Throws std::bad_alloc.
    const char* intern(std::string_view name);

    // Events are kept for reuse. Null and the record set when the driver has none. `flags` is CUevent_flags.
    HyResult takeEvent(unsigned flags, CUevent& out);
    void giveEvent(unsigned flags, CUevent event) noexcept;

    // The registry of streams, which does not own them.
    void enlist(const std::shared_ptr<Stream>& stream);
    std::vector<std::shared_ptr<Stream>> streams();

private:
    std::string describeSuspects();
    bool endWaits();

    const std::shared_ptr<Context> context_;
    const DeviceInfo info_;
    std::atomic<const Symbols*> cu_, cuOfProcess_;
    CUcontext primary_ = nullptr;
    std::atomic<HyResult> lost_{HY_SUCCESS};
    std::mutex lostMutex_;
    Failure lostFailure_{};
    bool ended_ = false; // guarded by lostMutex_
    std::mutex mutex_;
    std::vector<std::weak_ptr<Stream>> streams_;
    std::set<std::string, std::less<>> names_;
    std::vector<std::pair<unsigned, CUevent>> events_;
    Leftovers leftovers_;
    HostCalls hostCalls_;
    UserCalls userCalls_;
    IpcMemory ipcMemory_;
    Profiler profiler_;
};

// For calls outside of the hot path.
inline Current enterContext(const Device& device) {
    return Current(device.cu(), device.context());
}

} // namespace halyard::cuda
