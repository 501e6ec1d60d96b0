// A lock that can be waited for until a time. Header only, so that backends use it too. (std::timed_mutex is the same,
// but the ThreadSanitizer of GCC 12 does not see it being locked with a time limit and reports every unlock.)
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace halyard {

// Thread-safe.
class Turn {
public:
    // Holds the turn, if it got it, while it lives.
    class Guard {
    public:
        // deadline: of the steady clock, in nanoseconds; UINT64_MAX waits for ever.
        Guard(Turn& turn, uint64_t deadline) : turn_(turn), held_(turn.take(deadline)) {}
        ~Guard() {
            if (held_)
                turn_.giveBack();
        }
        Guard(const Guard&) = delete;
        Guard& operator=(const Guard&) = delete;
        bool held() const { return held_; }

    private:
        Turn& turn_;
        bool held_;
    };

private:
    bool take(uint64_t deadline) {
        std::unique_lock lock(mutex_);
        const auto isFree = [this] { return !taken_; };
        if (deadline == UINT64_MAX)
            free_.wait(lock, isFree);
        else if (!free_.wait_until(lock, std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline)),
                                   isFree))
            return false;
        taken_ = true;
        return true;
    }
    void giveBack() {
        const std::scoped_lock lock(mutex_);
        taken_ = false;
        free_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable free_;
    bool taken_ = false;
};

} // namespace halyard
