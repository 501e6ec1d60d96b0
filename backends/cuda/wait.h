// Waiting with a bound for what the driver only lets one ask about.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace halyard::cuda {

inline uint64_t nowNs() {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

inline uint64_t deadlineAfter(uint64_t timeoutNs) {
    const uint64_t now = nowNs();
    return timeoutNs > UINT64_MAX - now ? UINT64_MAX : now + timeoutNs;
}

// Asks until `done` answers true or the deadline passed: quickly at first, then an eighth of the time waited so far
// apart, at most a millisecond. True: it is done.
template <typename Done> bool pollUntil(uint64_t deadline, Done&& done) {
    constexpr int kQuick = 64;
    for (int i = 0; i < kQuick; ++i) {
        if (done())
            return true;
    }
    const uint64_t start = nowNs();
    for (uint64_t now = start; now < deadline;) {
        const uint64_t pause = std::clamp<uint64_t>((now - start) / 8, 2'000, 1'000'000);
        std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(pause, deadline - now)));
        if (done())
            return true;
        now = nowNs();
    }
    return done();
}

} // namespace halyard::cuda
