// A stream: commands in order on a thread of its own, which the first command starts, and the first failure.
#pragma once

#include "device.h"

#include <deque>
#include <functional>
#include <memory>

namespace vendor {

// Thread-safe.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    // Called once on the stream's thread: with HY_SUCCESS, or with the reason why the stream drops its work. Must not
    // throw.
    using Command = std::function<void(HyResult status)>;

    // `label` is for messages: "stream 3", "stream 'upload'".
    Stream(std::shared_ptr<Device> device, std::string label) : device_(std::move(device)), label_(std::move(label)) {}

    const std::shared_ptr<Device>& device() const { return device_; }

    // Appends a command; its number, which counts up from 1, goes to `outNumber` unless that is null. Errors: the
    // sticky one, HY_ERROR_DEVICE_LOST. Throws std::bad_alloc and std::system_error; then nothing was appended.
    HyResult submit(Command command, uint64_t* outNumber = nullptr);
    // Appends `work()`, which is not done when the stream drops its work.
    template <typename Work> HyResult submitWork(Work&& work) {
        return submit([work = std::forward<Work>(work)](HyResult status) mutable {
            if (status == HY_SUCCESS)
                work();
        });
    }
    // From inside a command: the stream keeps this failure and drops what follows.
    void setFailure(HyResult code, std::string words) noexcept;

    // The number of the newest command; 0 before the first.
    uint64_t submitted() const;
    // HY_SUCCESS, or the sticky failure.
    HyResult checkFailure() const;
    // Whether command `number` is done: HY_SUCCESS, HY_NOT_READY or the sticky failure.
    HyResult query(uint64_t number) const;
    // Waits for it: HY_SUCCESS, HY_ERROR_TIMEOUT or the sticky failure.
    HyResult finish(uint64_t number, uint64_t deadline) const;
    // With the device's lock held.
    bool reached(uint64_t number) const { return done_ >= number; }
    // The thread ends when the commands are done; nothing more is submitted.
    void close();

private:
    void work() noexcept;
    HyResult dropReason() const { return device_->cancelled() ? HY_ERROR_CANCELLED : failure_.code; }
    HyResult report(const Failure& failure) const;

    const std::shared_ptr<Device> device_;
    const std::string label_;
    // Under the device's lock.
    std::condition_variable awake_;
    std::deque<Command> commands_;
    uint64_t submitted_ = 0;
    uint64_t done_ = 0;
    Failure failure_;
    bool started_ = false;
    bool closing_ = false;
};

} // namespace vendor
