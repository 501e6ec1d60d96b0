#include "worker.h"

#include "base/block_signals.h"

#include <cfenv>
#include <chrono>

namespace halyard::vulkan {

uint64_t nowNs() {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

uint64_t deadlineAfter(uint64_t timeoutNs) {
    const uint64_t now = nowNs();
    // Beyond the clock's signed range is as good as never.
    constexpr uint64_t kFarthest = INT64_MAX;
    return timeoutNs >= kFarthest - now ? kNever : now + timeoutNs;
}

void Worker::start() {
    const std::scoped_lock lock(mutex_);
    if (!stopping_ && !thread_.joinable()) {
        const BlockSignals blocked;
        thread_ = std::thread([this] { run(); });
    }
}

void Worker::submit(std::function<void()> task) {
    start();
    const std::scoped_lock lock(mutex_);
    if (stopping_)
        return; // nobody would ever do it
    tasks_.push_back(std::move(task));
    changed_.notify_one();
}

void Worker::run() {
    std::fesetenv(FE_DFL_ENV); // the thread that made this one may flush denormals, or round otherwise
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
        if (stopping_)
            return;
        {
            const std::function<void()> task = std::move(tasks_.front());
            tasks_.pop_front();
            lock.unlock();
            task();
        }
        lock.lock();
    }
}

void Worker::stop() {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        changed_.notify_one();
    }
    if (thread_.joinable())
        thread_.join();
    tasks_.clear();
}

} // namespace halyard::vulkan
