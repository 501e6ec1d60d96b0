#include "common/futex.h"

#include <cerrno>
#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace halyard::common {

namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;

uint64_t readClock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<uint64_t>(time.tv_sec) * kNsPerSecond + static_cast<uint64_t>(time.tv_nsec);
}

bool waitOn(int operation, const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline) {
    static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));
    timespec limit{};
    if (deadline != kNever) {
        limit.tv_sec = static_cast<time_t>(deadline / kNsPerSecond);
        limit.tv_nsec = static_cast<long>(deadline % kNsPerSecond);
    }
    // The bitset form takes an absolute CLOCK_MONOTONIC time, so that a spurious wake does not extend the wait.
    const long rc = syscall(SYS_futex, &word, operation, expected, deadline == kNever ? nullptr : &limit, nullptr,
                            FUTEX_BITSET_MATCH_ANY);
    return rc == 0 || errno != ETIMEDOUT;
}

} // namespace

uint64_t nowNs() {
    return readClock(CLOCK_MONOTONIC);
}

uint64_t rawNowNs() {
    return readClock(CLOCK_MONOTONIC_RAW);
}

uint64_t deadlineAfter(uint64_t timeoutNs) {
    const uint64_t now = nowNs();
    // The kernel's timespec holds a signed number of nanoseconds at most.
    return timeoutNs >= static_cast<uint64_t>(INT64_MAX) - now ? kNever : now + timeoutNs;
}

bool yieldProcessor() {
    constexpr uint64_t kAloneNs = 2'000; // a yield that finds nobody takes a fraction of that
    const uint64_t begin = nowNs();
    sched_yield();
    return nowNs() - begin >= kAloneNs;
}

bool futexWait(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline) {
    return waitOn(FUTEX_WAIT_BITSET_PRIVATE, word, expected, deadline);
}

void futexWakeAll(const std::atomic<uint32_t>& word) {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

bool futexWaitShared(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline) {
    return waitOn(FUTEX_WAIT_BITSET, word, expected, deadline);
}

void futexWakeAllShared(const std::atomic<uint32_t>& word) {
    syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

} // namespace halyard::common
