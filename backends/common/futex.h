// Waiting on a 32-bit word with an absolute time limit, and the clocks that limits and timestamps use.
#pragma once

#include <atomic>
#include <cstdint>

namespace halyard::common {

constexpr uint64_t kNever = UINT64_MAX;

// CLOCK_MONOTONIC in nanoseconds: for time limits.
uint64_t nowNs();
// CLOCK_MONOTONIC_RAW in nanoseconds: for timing events, since no clock discipline bends it.
uint64_t rawNowNs();
// The time `timeoutNs` from now, or kNever when that is infinite or beyond the clock.
uint64_t deadlineAfter(uint64_t timeoutNs);

// Sleeps while `word` is `expected`, until woken or the deadline. May return early for no reason. False: the deadline
// passed.
bool futexWait(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline);
void futexWakeAll(const std::atomic<uint32_t>& word);
// The same for a word in memory that several processes map.
bool futexWaitShared(const std::atomic<uint32_t>& word, uint32_t expected, uint64_t deadline);
void futexWakeAllShared(const std::atomic<uint32_t>& word);

// Tells the processor that this is a spinning loop.
inline void relax() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    asm volatile("" ::: "memory");
#endif
}

// Gives the processor to a thread that is ready to run on it. False: there was none.
bool yieldProcessor();

// Polls until `done` answers true or `spinNs` passed; the clock is read now and then only. Returns the last answer.
// After the first microseconds it makes room between polls, and calls `madeRoom(whether somebody took it)`, which may
// answer that it is enough: on a busy machine the thread waited for may need this very processor.
template <class Done, class MadeRoom> bool spinUntil(uint64_t spinNs, Done&& done, MadeRoom&& madeRoom) {
    constexpr int kRoundsPerClockRead = 16;
    constexpr uint64_t kSelfishNs = 4'000;
    if (done()) {
        return true;
    }
    if (spinNs == 0) {
        return false;
    }
    const uint64_t begin = nowNs();
    uint64_t spent = 0;
    do {
        for (int i = 0; i < kRoundsPerClockRead; ++i) {
            relax();
            if (done()) {
                return true;
            }
        }
        if (spent > kSelfishNs && !madeRoom(yieldProcessor())) {
            break;
        }
        spent = nowNs() - begin;
    } while (spent < spinNs);
    return done();
}

template <class Done> bool spinUntil(uint64_t spinNs, Done&& done) {
    return spinUntil(spinNs, done, [](bool) { return true; });
}

} // namespace halyard::common
