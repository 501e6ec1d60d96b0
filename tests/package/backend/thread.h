// Threads and clocks.
#pragma once

#include <cstdint>
#include <functional>

namespace vendor {

constexpr uint64_t kNever = UINT64_MAX;
// CLOCK_MONOTONIC in nanoseconds; and that of `timeoutNs` from now, kNever when it lies beyond the clock.
uint64_t nowNs();
uint64_t deadlineAfter(uint64_t timeoutNs);

// Runs `body`, which must not throw, on a detached thread. Throws std::system_error when the system has none left.
void startThread(std::function<void()> body);

} // namespace vendor
