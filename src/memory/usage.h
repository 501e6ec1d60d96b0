// What a pool's live allocations occupy, and the most that they ever did, without a place that all threads write: each
// stream has an account. An account says when it may have passed the peak: every one is armed at a level, all levels
// together are at most the peak, and below its level nobody needs to look at the others.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace halyard {

// Thread-safe. The peak is exact while one thread at a time allocates, and an estimate of the moment otherwise.
class Usage {
public:
    static constexpr uint32_t kAccounts = 64; // more streams share them

    uint32_t open() { return next_.fetch_add(1, std::memory_order_relaxed) % kAccounts; }

    void add(uint32_t account, uint64_t bytes) {
        Account& own = accounts_[account];
        const uint64_t now = own.live.fetch_add(bytes, std::memory_order_relaxed) + bytes;
        if (now > own.armed.load(std::memory_order_relaxed)) [[unlikely]]
            compare(own, now);
    }
    void subtract(uint32_t account, uint64_t bytes) {
        accounts_[account].live.fetch_sub(bytes, std::memory_order_relaxed);
    }

    uint64_t current() const;
    uint64_t peak() const { return peak_.load(std::memory_order_relaxed); }
    // The peak is what is live now.
    void resetPeak();

private:
    struct alignas(64) Account {
        std::atomic<uint64_t> live{0};
        std::atomic<uint64_t> armed{0};
        std::atomic<uint32_t> vain{0}; // comparisons in a row that found no peak
    };

    void compare(Account& own, uint64_t now);

    std::array<Account, kAccounts> accounts_;
    std::atomic<uint32_t> next_{0};
    std::atomic<uint64_t> peak_{0};
};

} // namespace halyard
