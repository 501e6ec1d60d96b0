// Turns a function of scalars into one of 32 lanes.
#pragma once

#include "alu.h"

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

namespace halyard::softcuda::ptx {

// Two results of an instruction.
template <class A, class B> struct Two {
    A first;
    B second;
};
template <class T> constexpr bool kIsTwo = false;
template <class A, class B> constexpr bool kIsTwo<Two<A, B>> = true;

template <size_t Bytes>
using UnsignedOf =
    std::conditional_t<Bytes == 1, uint8_t,
                       std::conditional_t<Bytes == 2, uint16_t, std::conditional_t<Bytes == 4, uint32_t, uint64_t>>>;

template <class T> T fromLane(uint64_t lane) {
    if constexpr (std::is_same_v<T, bool>)
        return (lane & 1) != 0;
    else if constexpr (std::is_integral_v<T>)
        return static_cast<T>(lane);
    else
        return std::bit_cast<T>(static_cast<UnsignedOf<sizeof(T)>>(lane));
}

template <class T> uint64_t toLane(T value) {
    if constexpr (std::is_same_v<T, bool>)
        return value ? 1 : 0;
    else
        return std::bit_cast<UnsignedOf<sizeof(T)>>(value);
}

// Writes the lanes of `mask`.
inline void storeLanes(uint64_t* destination, const Lanes& values, uint32_t mask) {
    if (!destination)
        return;
    if (mask == ~uint32_t{0}) {
        std::memcpy(destination, values, sizeof(Lanes));
        return;
    }
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        destination[lane] = (mask >> lane & 1) != 0 ? values[lane] : destination[lane];
}

// Op(A...) for each lane. The lanes outside the mask are computed too and thrown away: every operation is total, and a
// loop without conditions becomes vector code. The results go into an array of their own first, so that no pointer may
// alias another.
template <auto Op> struct PerLane;
template <class R, class... A, R (*Op)(A...)> struct PerLane<Op> {
    static constexpr uint8_t kSources = sizeof...(A);
    static constexpr uint8_t kDestinations = kIsTwo<R> ? 2 : 1;

    static void run(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
        compute(destinations, sources, mask, std::index_sequence_for<A...>{});
    }

private:
    template <size_t... I>
    static void compute(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask,
                        std::index_sequence<I...>) {
        const uint64_t* const in[sizeof...(A)] = {sources[I]...};
        if constexpr (kIsTwo<R>) {
            Lanes first, second;
            for (uint32_t lane = 0; lane < kWarp; ++lane) {
                const R result = Op(fromLane<A>(in[I][lane])...);
                first[lane] = toLane(result.first);
                second[lane] = toLane(result.second);
            }
            storeLanes(destinations[0], first, mask);
            storeLanes(destinations[1], second, mask);
        } else {
            Lanes result;
            for (uint32_t lane = 0; lane < kWarp; ++lane)
                result[lane] = toLane(Op(fromLane<A>(in[I][lane])...));
            storeLanes(destinations[0], result, mask);
        }
    }
};

template <auto Op> constexpr Alu perLane() {
    Alu alu;
    alu.run = &PerLane<Op>::run;
    alu.destinations = PerLane<Op>::kDestinations;
    alu.sources = PerLane<Op>::kSources;
    return alu;
}

} // namespace halyard::softcuda::ptx
