// The time that activities are told in.
#pragma once

#include <cstdint>
#include <ctime>

namespace halyard::layers {

inline uint64_t nowNs() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace halyard::layers
