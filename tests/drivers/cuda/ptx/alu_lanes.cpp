// Instructions in which the lanes of a warp see each other's registers: shfl, vote, match, redux, elect. They take part
// in the lanes of `mask`; of a membermask the lanes that are not there are left out, since a wait for them is the
// interpreter's business.
#include "alu_table.h"
#include "float_ops.h"
#include "lanes.h"

#include <bit>
#include <string>

namespace halyard::softcuda::ptx {

namespace {

enum class Shuffle { Up, Down, Butterfly, Index };

// The PTX ISA's own description, lane by lane: c has the clamp in bits 0 to 4 and the segment mask in 8 to 12. A lane
// that does not execute is read as its register is; PTX leaves that open.
template <Shuffle Mode>
void shuffle(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
    Lanes values, inRange;
    for (uint32_t i = 0; i < kWarp; ++i) {
        const auto lane = static_cast<int32_t>(i);
        const auto b = static_cast<int32_t>(sources[1][i] & 0x1f);
        const auto clamp = static_cast<int32_t>(sources[2][i] & 0x1f);
        const auto segment = static_cast<int32_t>(sources[2][i] >> 8 & 0x1f);
        const int32_t last = (lane & segment) | (clamp & ~segment);
        int32_t from = 0;
        switch (Mode) {
        case Shuffle::Up:
            from = lane - b;
            break;
        case Shuffle::Down:
            from = lane + b;
            break;
        case Shuffle::Butterfly:
            from = lane ^ b;
            break;
        case Shuffle::Index:
            from = (lane & segment) | (b & ~segment);
            break;
        }
        const bool inside = Mode == Shuffle::Up ? from >= last : from <= last;
        values[i] = static_cast<uint32_t>(sources[0][inside ? from : lane]);
        inRange[i] = inside ? 1 : 0;
    }
    storeLanes(destinations[0], values, mask);
    storeLanes(destinations[1], inRange, mask);
}

// The lanes that vote with `lane`.
uint32_t voters(const uint64_t* members, uint32_t lane, uint32_t mask) {
    return static_cast<uint32_t>(members[lane]) & mask;
}

enum class Vote { All, Any, Uniform, Ballot };
template <Vote Mode>
void vote(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
    uint32_t yes = 0;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        yes |= static_cast<uint32_t>(sources[0][lane] & 1) << lane;
    Lanes result;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint32_t all = voters(sources[1], lane, mask), for_ = all & yes;
        switch (Mode) {
        case Vote::All:
            result[lane] = for_ == all;
            break;
        case Vote::Any:
            result[lane] = for_ != 0;
            break;
        case Vote::Uniform:
            result[lane] = for_ == all || for_ == 0;
            break;
        case Vote::Ballot:
            result[lane] = for_;
            break;
        }
    }
    storeLanes(destinations[0], result, mask);
}

template <class T, bool All>
void match(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
    Lanes result, same;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint32_t members = voters(sources[1], lane, mask);
        uint32_t equal = 0;
        for (uint32_t other = 0; other < kWarp; ++other)
            if ((members >> other & 1) != 0 && fromLane<T>(sources[0][other]) == fromLane<T>(sources[0][lane]))
                equal |= 1U << other;
        same[lane] = equal == members;
        result[lane] = All && equal != members ? 0 : equal;
    }
    storeLanes(destinations[0], result, mask);
    if constexpr (All)
        storeLanes(destinations[1], same, mask);
}

template <class T> T add(T a, T b) {
    return a + b;
}
template <class T> T smaller(T a, T b) {
    return a < b ? a : b;
}
template <class T> T larger(T a, T b) {
    return a > b ? a : b;
}
template <class T> T both(T a, T b) {
    return a & b;
}
template <class T> T either(T a, T b) {
    return a | b;
}
template <class T> T differ(T a, T b) {
    return a ^ b;
}

// A NaN loses against a number unless Nan; -0 is smaller than +0.
template <bool Max, bool Nan> float extreme(float a, float b) {
    if (isNan(a) || isNan(b))
        return Nan || (isNan(a) && isNan(b)) ? std::bit_cast<float>(kNan32) : isNan(a) ? b : a;
    const bool below = a < b || (a == b && (std::bit_cast<uint32_t>(a) >> 31) != 0);
    return below != Max ? a : b;
}

template <class T, T (*Op)(T, T), bool Absolute = false>
void reduce(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
    const auto value = [&](uint32_t lane) {
        const uint64_t bits = sources[0][lane];
        return fromLane<T>(Absolute ? bits & 0x7fffffff : bits);
    };
    Lanes result{};
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        uint32_t members = voters(sources[1], lane, mask);
        if ((mask >> lane & 1) == 0 || members == 0)
            continue;
        // The operation with itself makes a lone NaN canonical and leaves everything else that is idempotent.
        T sum = value(static_cast<uint32_t>(std::countr_zero(members)));
        if constexpr (std::is_same_v<T, float>)
            sum = Op(sum, sum);
        for (members &= members - 1; members != 0; members &= members - 1)
            sum = Op(sum, value(static_cast<uint32_t>(std::countr_zero(members))));
        result[lane] = toLane(sum);
    }
    storeLanes(destinations[0], result, mask);
}

// The first of the members is elected.
void elect(uint64_t* const* destinations, const uint64_t* const* sources, uint32_t mask, const void*) {
    Lanes leader, elected;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint32_t members = voters(sources[0], lane, mask);
        leader[lane] = members == 0 ? 0 : static_cast<uint64_t>(std::countr_zero(members));
        elected[lane] = leader[lane] == lane ? 1 : 0;
    }
    storeLanes(destinations[0], leader, mask);
    storeLanes(destinations[1], elected, mask);
}

void activeMask(uint64_t* const* destinations, const uint64_t* const*, uint32_t mask, const void*) {
    Lanes result;
    for (uint64_t& value : result)
        value = mask;
    storeLanes(destinations[0], result, mask);
}

Alu alu(AluFunction run, uint8_t destinations, uint8_t sources, uint8_t optional = 0) {
    Alu result;
    result.run = run;
    result.destinations = destinations;
    result.sources = sources;
    result.optionalDestinations = optional;
    return result;
}

template <bool Max> void addFloatReductions(AluTable& table, const std::string& name) {
    table.add(name + ".f32", alu(reduce<float, extreme<Max, false>>, 1, 2));
    table.add(name + ".NaN.f32", alu(reduce<float, extreme<Max, true>>, 1, 2));
    table.add(name + ".abs.f32", alu(reduce<float, extreme<Max, false>, true>, 1, 2));
    table.add(name + ".abs.NaN.f32", alu(reduce<float, extreme<Max, true>, true>, 1, 2));
}

} // namespace

void addLanes(AluTable& table) {
    table.add("shfl.sync.up.b32", alu(shuffle<Shuffle::Up>, 2, 4, 1));
    table.add("shfl.sync.down.b32", alu(shuffle<Shuffle::Down>, 2, 4, 1));
    table.add("shfl.sync.bfly.b32", alu(shuffle<Shuffle::Butterfly>, 2, 4, 1));
    table.add("shfl.sync.idx.b32", alu(shuffle<Shuffle::Index>, 2, 4, 1));

    table.add("vote.sync.all.pred", alu(vote<Vote::All>, 1, 2));
    table.add("vote.sync.any.pred", alu(vote<Vote::Any>, 1, 2));
    table.add("vote.sync.uni.pred", alu(vote<Vote::Uniform>, 1, 2));
    table.add("vote.sync.ballot.b32", alu(vote<Vote::Ballot>, 1, 2));

    table.add("match.any.sync.b32", alu(match<uint32_t, false>, 1, 2));
    table.add("match.any.sync.b64", alu(match<uint64_t, false>, 1, 2));
    table.add("match.all.sync.b32", alu(match<uint32_t, true>, 2, 2, 1));
    table.add("match.all.sync.b64", alu(match<uint64_t, true>, 2, 2, 1));

    table.add("redux.sync.add.u32", alu(reduce<uint32_t, add<uint32_t>>, 1, 2));
    table.add("redux.sync.add.s32", alu(reduce<uint32_t, add<uint32_t>>, 1, 2));
    table.add("redux.sync.min.u32", alu(reduce<uint32_t, smaller<uint32_t>>, 1, 2));
    table.add("redux.sync.max.u32", alu(reduce<uint32_t, larger<uint32_t>>, 1, 2));
    table.add("redux.sync.min.s32", alu(reduce<int32_t, smaller<int32_t>>, 1, 2));
    table.add("redux.sync.max.s32", alu(reduce<int32_t, larger<int32_t>>, 1, 2));
    table.add("redux.sync.and.b32", alu(reduce<uint32_t, both<uint32_t>>, 1, 2));
    table.add("redux.sync.or.b32", alu(reduce<uint32_t, either<uint32_t>>, 1, 2));
    table.add("redux.sync.xor.b32", alu(reduce<uint32_t, differ<uint32_t>>, 1, 2));
    addFloatReductions<false>(table, "redux.sync.min");
    addFloatReductions<true>(table, "redux.sync.max");

    table.add("elect.sync", alu(elect, 2, 1));
    table.add("activemask.b32", alu(activeMask, 1, 0));
}

} // namespace halyard::softcuda::ptx
