// A thread that does one thing after another.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace halyard::vulkan {

// CLOCK_MONOTONIC in nanoseconds, and the time `timeoutNs` from now (kNever when that is infinite).
constexpr uint64_t kNever = UINT64_MAX;
uint64_t nowNs();
uint64_t deadlineAfter(uint64_t timeoutNs);
// Waits for `condition` until the deadline; false when it passed first.
template <typename Condition>
bool await(std::condition_variable& changed, std::unique_lock<std::mutex>& lock, uint64_t deadline,
           Condition&& condition) {
    if (deadline == kNever) {
        changed.wait(lock, condition);
        return true;
    }
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline)};
    return changed.wait_until(lock, until, condition);
}

// Thread-safe.
class Worker {
public:
    Worker() = default;
    // Ends the thread after what it does now. What it has not begun is dropped.
    ~Worker() { stop(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // `task` must not throw; one that comes after stop() is dropped. The first one starts the thread, with every signal
    // blocked. Throws std::bad_alloc, or std::system_error when the system has no thread left.
    void submit(std::function<void()> task);
    // Makes the thread, so that submit() needs none.
    void start();
    // What the destructor does. Not on the worker's own thread.
    void stop();

private:
    void run();

    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> tasks_;
    bool stopping_ = false;
    std::thread thread_;
};

} // namespace halyard::vulkan
