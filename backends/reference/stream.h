// A stream: what it submitted to the device's line of work, and its first failure.
#pragma once

#include "device.h"

namespace halyard::reference {

// Thread-safe.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    // `label` is for messages: "stream 3", "stream 'upload'".
    Stream(std::shared_ptr<Device> device, std::string label) : device_(std::move(device)), label_(std::move(label)) {}

    Device& device() const { return *device_; }

    // Appends `work`, which may throw and returns a Status; it is skipped when the stream has failed by then. What it
    // is goes to tools that measure; the name lives as long as `work`. The command's number goes to `outNumber` unless
    // that is null. Returns the sticky error when there is one.
    HyResult submit(std::function<Status()> work, const WorkInfo& info, uint64_t* outNumber = nullptr);
    // Holds later work up until `ready` (see Queue::Place), or until the command of that number is done.
    HyResult wait(Queue::Ready ready, uint64_t after = 0);
    // Calls `function` on the thread for host functions, whatever becomes of the stream; later work waits for it.
    HyResult callOnHost(HyHostFunction function, void* user);
    // Appends `work`, which must not throw; it runs whatever became of the stream.
    void submitAlways(std::function<void()> work);
    // The number of the newest command of this stream; 0 before the first.
    uint64_t submitted() const { return submitted_.load(std::memory_order_acquire); }
    // HY_SUCCESS, or the sticky error with the thread's record set.
    HyResult checkFailure() const;
    // Waits for the device's command of that number: HY_SUCCESS, HY_ERROR_TIMEOUT with `words`, HY_ERROR_CANCELLED when
    // the device was reset meanwhile, or the sticky error.
    HyResult finish(uint64_t number, uint64_t deadline, const char* words) const;
    // HY_SUCCESS or HY_NOT_READY; as finish(), without waiting.
    HyResult query(uint64_t number) const;
    // Returns when every submission that the device took before it stopped taking work is in its queue.
    void awaitSubmitters() { const std::scoped_lock lock(submitMutex_); }
    // The reset's last act: the stream is as good as new.
    void forgetFailure();

private:
    // Submits both, or neither, in order; the second one may be null.
    HyResult enqueue(Queue::Command first, Queue::Place firstPlace, Queue::Command second, Queue::Place secondPlace,
                     uint64_t* outNumber);
    uint64_t lane() const { return reinterpret_cast<uint64_t>(this); }
    HyResult dropReason() const;
    void run(const std::function<Status()>& work) noexcept;
    void fail(const Failure& failure) noexcept;

    const std::shared_ptr<Device> device_;
    const std::string label_;
    const uint64_t number_ = ++streamCount_;
    static inline std::atomic<uint64_t> streamCount_{0};
    std::mutex submitMutex_;
    std::atomic<uint64_t> submitted_{0};
    std::atomic<HyResult> failed_{HY_SUCCESS};
    mutable std::mutex failureMutex_;
    std::string words_;
};

} // namespace halyard::reference
