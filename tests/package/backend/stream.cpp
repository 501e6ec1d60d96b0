#include "stream.h"

namespace vendor {

HyResult Stream::submit(Command command, uint64_t* outNumber) {
    {
        const std::scoped_lock lock(device_->mutex());
        if (!device_->closed() && failure_.code == HY_SUCCESS) {
            if (!started_) {
                startThread([stream = shared_from_this()] { stream->work(); });
                started_ = true;
                device_->threadStarts();
            }
            commands_.push_back(std::move(command));
            ++submitted_;
            if (outNumber != nullptr)
                *outNumber = submitted_;
            awake_.notify_one();
            return HY_SUCCESS;
        }
    }
    if (const HyResult sticky = checkFailure(); sticky != HY_SUCCESS)
        return sticky;
    return fail(device_->host(), {HY_ERROR_DEVICE_LOST, "the device is closed"});
}

void Stream::work() noexcept {
    std::unique_lock lock(device_->mutex());
    while (true) {
        awake_.wait(lock, [&] { return !commands_.empty() || closing_; });
        if (commands_.empty())
            break;
        Command command = std::move(commands_.front());
        commands_.pop_front();
        const HyResult status = dropReason();
        lock.unlock();
        command(status);
        command = nullptr; // what it holds goes before anybody learns that it is done
        lock.lock();
        ++done_;
        device_->changed().notify_all();
    }
    device_->threadEnds();
}

void Stream::setFailure(HyResult code, std::string words) noexcept {
    const std::scoped_lock lock(device_->mutex());
    failure_.code = code;
    failure_.message = std::move(words);
}

uint64_t Stream::submitted() const {
    const std::scoped_lock lock(device_->mutex());
    return submitted_;
}

HyResult Stream::report(const Failure& failure) const {
    if (failure.code == HY_SUCCESS)
        return HY_SUCCESS;
    return fail(device_->host(), {failure.code, label_ + ": " + failure.message,
                                  "the stream keeps this error: destroy it and create a new one"});
}

HyResult Stream::checkFailure() const {
    std::unique_lock lock(device_->mutex());
    const Failure failure = failure_;
    lock.unlock();
    return report(failure);
}

HyResult Stream::query(uint64_t number) const {
    std::unique_lock lock(device_->mutex());
    const Failure failure = failure_;
    const bool done = reached(number);
    lock.unlock();
    const HyResult sticky = report(failure);
    return sticky != HY_SUCCESS ? sticky : done ? HY_SUCCESS : HY_NOT_READY;
}

HyResult Stream::finish(uint64_t number, uint64_t deadline) const {
    std::unique_lock lock(device_->mutex());
    const bool done = device_->await(lock, deadline, [&] { return reached(number); });
    const Failure failure = failure_;
    lock.unlock();
    if (!done)
        return fail(device_->host(), {HY_ERROR_TIMEOUT, label_ + " has not finished its work within the time limit"});
    return report(failure);
}

void Stream::close() {
    const std::scoped_lock lock(device_->mutex());
    closing_ = true;
    awake_.notify_one();
}

} // namespace vendor
