#include "host_dispatcher.h"

#include "base/block_signals.h"
#include "device.h"
#include "futex.h"
#include "stream.h"

#include <utility>

namespace halyard::cpu {

HyResult HostDispatcher::start(const Host& host) {
    if (started_.load(std::memory_order_acquire)) {
        return HY_SUCCESS;
    }
    const std::scoped_lock lock(mutex_);
    if (started_.load(std::memory_order_relaxed)) {
        return HY_SUCCESS;
    }
    const BlockSignals blocked;
    if (const int error = pthread_create(&thread_, nullptr, &HostDispatcher::threadMain, this); error != 0) {
        return host.failSystem(HY_ERROR_OUT_OF_HOST_MEMORY,
                               "the thread for host functions could not be started (pthread_create)", error);
    }
    pthread_setname_np(thread_, "hy-cpu-host");
    started_.store(true, std::memory_order_release);
    return HY_SUCCESS;
}

void HostDispatcher::post(Stream& stream) noexcept {
    {
        const std::scoped_lock lock(mutex_);
        stream.next_ = nullptr;
        (first_ == nullptr ? first_ : last_->next_) = &stream;
        last_ = &stream;
    }
    changed_.notify_one();
}

void HostDispatcher::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [&] { return stopping_ || first_ != nullptr; });
        if (first_ == nullptr) {
            return;
        }
        Stream* stream = std::exchange(first_, first_->next_);
        lock.unlock();
        stream->runHostFunction();
        stream->finishFront();
        stream->device().executor().schedule(*stream);
        lock.lock();
    }
}

void* HostDispatcher::threadMain(void* argument) {
    auto& dispatcher = *static_cast<HostDispatcher*>(argument);
    dispatcher.work();
    dispatcher.exited_.store(1);
    futexWakeAll(dispatcher.exited_);
    return nullptr;
}

bool HostDispatcher::stop(uint64_t deadline) {
    if (!started_.load(std::memory_order_acquire)) {
        return true;
    }
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    bool inTime = true;
    while (exited_.load() == 0 && inTime) {
        inTime = futexWait(exited_, 0, deadline);
    }
    if (exited_.load() == 0) {
        pthread_detach(thread_);
        return false;
    }
    pthread_join(thread_, nullptr);
    return true;
}

} // namespace halyard::cpu
