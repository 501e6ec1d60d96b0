#include "memory/usage.h"

namespace halyard {
namespace {

// Streams whose levels do not fit below the peak would make each other compare for ever; after this many times in vain
// they do so now and then.
constexpr uint32_t kPatience = 256;
constexpr uint32_t kEvery = 64;

} // namespace

uint64_t Usage::current() const {
    uint64_t sum = 0;
    for (const Account& account : accounts_)
        sum += account.live.load(std::memory_order_relaxed);
    return sum;
}

void Usage::resetPeak() {
    peak_.store(current(), std::memory_order_relaxed);
    for (Account& account : accounts_) {
        account.armed.store(account.live.load(std::memory_order_relaxed), std::memory_order_relaxed);
        account.vain.store(0, std::memory_order_relaxed);
    }
}

void Usage::compare(Account& own, uint64_t now) {
    own.armed.store(now, std::memory_order_relaxed);
    uint64_t armed = 0;
    for (const Account& account : accounts_)
        armed += account.armed.load(std::memory_order_relaxed);
    const uint64_t sum = current();
    uint64_t peak = peak_.load(std::memory_order_relaxed);
    const bool higher = sum > peak;
    while (sum > peak && !peak_.compare_exchange_weak(peak, sum, std::memory_order_relaxed)) {
    }
    const uint32_t vain = higher ? 0 : own.vain.load(std::memory_order_relaxed) + 1;
    own.vain.store(vain, std::memory_order_relaxed);
    if (armed <= peak_.load(std::memory_order_relaxed) || (vain > kPatience && vain % kEvery != 0))
        return;
    for (Account& account : accounts_) {
        if (&account != &own)
            account.armed.store(account.live.load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
}

} // namespace halyard
