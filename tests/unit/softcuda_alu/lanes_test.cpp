// shfl, vote, match, redux and elect, on whole warps and parts of them.
#include "warp.h"

#include <gtest/gtest.h>
#include <random>

namespace halyard::softcuda::ptx::testing {
namespace {

struct Result {
    Register first{}, second{};
};

// All lanes' values with the same further operands.
Result runWarp(const std::string& form, const Register& values, std::initializer_list<uint64_t> operands,
               uint32_t mask = ~0U) {
    Alu alu;
    Result result;
    if (!find(form, alu) || alu.sources != operands.size() + 1) {
        ADD_FAILURE() << form;
        return result;
    }
    std::vector<Register> in = {values};
    for (const uint64_t operand : operands) {
        in.emplace_back();
        in.back().fill(operand);
    }
    std::vector<const uint64_t*> sources;
    for (const Register& source : in)
        sources.push_back(source.data());
    uint64_t* const destinations[2] = {result.first.data(), result.second.data()};
    alu.run(destinations, sources.data(), mask, alu.data);
    return result;
}

Register numbered() {
    Register values;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        values[lane] = 1000 + lane;
    return values;
}

// c as CUDA's __shfl_*_sync makes it of a width.
uint64_t control(uint32_t width, bool up) {
    return ((32 - width) << 8) | (up ? 0 : 0x1f);
}

TEST(Lanes, ShuffleInSegments) {
    for (const uint32_t width : {32U, 16U, 8U, 4U, 1U})
        for (uint32_t by = 0; by < 32; ++by) {
            const Result up = runWarp("shfl.sync.up.b32", numbered(), {by, control(width, true), ~0U});
            const Result down = runWarp("shfl.sync.down.b32", numbered(), {by, control(width, false), ~0U});
            const Result across = runWarp("shfl.sync.bfly.b32", numbered(), {by, control(width, false), ~0U});
            const Result index = runWarp("shfl.sync.idx.b32", numbered(), {by, control(width, false), ~0U});
            for (uint32_t lane = 0; lane < kWarp; ++lane) {
                const uint32_t begin = lane / width * width, at = lane - begin;
                const bool hasUp = at >= by, hasDown = at + by < width, hasAcross = (lane ^ by) < begin + width;
                EXPECT_EQ(up.first[lane], 1000 + (hasUp ? lane - by : lane)) << width << " " << by << " " << lane;
                EXPECT_EQ(up.second[lane], hasUp ? 1U : 0U);
                EXPECT_EQ(down.first[lane], 1000 + (hasDown ? lane + by : lane));
                EXPECT_EQ(down.second[lane], hasDown ? 1U : 0U);
                EXPECT_EQ(across.first[lane], 1000 + (hasAcross ? lane ^ by : lane));
                EXPECT_EQ(across.second[lane], hasAcross ? 1U : 0U);
                EXPECT_EQ(index.first[lane], 1000 + begin + by % width);
                EXPECT_EQ(index.second[lane], 1U);
            }
        }
    // A clamp below the segment's end: lanes beyond it keep their own.
    const Result clamped = runWarp("shfl.sync.down.b32", numbered(), {4, 9, ~0U});
    EXPECT_EQ(clamped.first[5], 1009U);
    EXPECT_EQ(clamped.first[6], 1006U);
    EXPECT_EQ(clamped.second[6], 0U);
}

TEST(Lanes, Votes) {
    Register odd, all, none;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        odd[lane] = lane % 2;
        all[lane] = 1;
        none[lane] = 0;
    }
    const uint32_t active = 0x00ff00ff;
    EXPECT_EQ(runWarp("vote.sync.ballot.b32", odd, {~0U}, active).first[0], 0x00aa00aaU);
    EXPECT_EQ(runWarp("vote.sync.ballot.b32", odd, {0x0f}, active).first[0], 0x0aU);
    EXPECT_EQ(runWarp("vote.sync.any.pred", odd, {~0U}).first[31], 1U);
    EXPECT_EQ(runWarp("vote.sync.any.pred", odd, {0x55555555}).first[0], 0U);
    EXPECT_EQ(runWarp("vote.sync.all.pred", odd, {0xaaaaaaaa}).first[1], 1U);
    EXPECT_EQ(runWarp("vote.sync.all.pred", odd, {~0U}).first[0], 0U);
    EXPECT_EQ(runWarp("vote.sync.uni.pred", odd, {~0U}).first[0], 0U);
    EXPECT_EQ(runWarp("vote.sync.uni.pred", none, {~0U}).first[0], 1U);
    EXPECT_EQ(runWarp("vote.sync.uni.pred", all, {~0U}).first[0], 1U);
}

TEST(Lanes, Matches) {
    Register thirds;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        thirds[lane] = (uint64_t{lane % 3} << 32) | 7;
    const Result wide = runWarp("match.any.sync.b64", thirds, {~0U});
    EXPECT_EQ(wide.first[0], 0x49249249U);
    EXPECT_EQ(wide.first[1], 0x92492492U);
    EXPECT_EQ(runWarp("match.any.sync.b32", thirds, {0xffff}, 0xffff).first[2], 0xffffU); // the low words are equal
    const Result same = runWarp("match.all.sync.b32", thirds, {~0U});
    EXPECT_EQ(same.first[5], ~0U);
    EXPECT_EQ(same.second[5], 1U);
    const Result different = runWarp("match.all.sync.b64", thirds, {~0U});
    EXPECT_EQ(different.first[5], 0U);
    EXPECT_EQ(different.second[5], 0U);
    EXPECT_EQ(runWarp("match.all.sync.b64", thirds, {0x49249249}, 0x49249249).first[0], 0x49249249U);
}

TEST(Lanes, Reductions) {
    Register values;
    std::mt19937 random(7);
    for (uint64_t& value : values)
        value = random();
    const uint32_t mask = 0x80f00f31;
    uint32_t sum = 0, low = ~0U, high = 0, both = ~0U, any = 0, odd = 0;
    int32_t lowest = INT32_MAX, highest = INT32_MIN;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        if ((mask >> lane & 1) != 0) {
            const auto value = static_cast<uint32_t>(values[lane]);
            sum += value;
            low = std::min(low, value);
            high = std::max(high, value);
            lowest = std::min(lowest, static_cast<int32_t>(value));
            highest = std::max(highest, static_cast<int32_t>(value));
            both &= value;
            any |= value;
            odd ^= value;
        }
    const auto reduced = [&](const char* form) { return runWarp(form, values, {mask}, mask).first[4]; };
    EXPECT_EQ(reduced("redux.sync.add.u32"), sum);
    EXPECT_EQ(reduced("redux.sync.add.s32"), sum);
    EXPECT_EQ(reduced("redux.sync.min.u32"), low);
    EXPECT_EQ(reduced("redux.sync.max.u32"), high);
    EXPECT_EQ(reduced("redux.sync.min.s32"), static_cast<uint32_t>(lowest));
    EXPECT_EQ(reduced("redux.sync.max.s32"), static_cast<uint32_t>(highest));
    EXPECT_EQ(reduced("redux.sync.and.b32"), both);
    EXPECT_EQ(reduced("redux.sync.or.b32"), any);
    EXPECT_EQ(reduced("redux.sync.xor.b32"), odd);

    Register floats;
    floats.fill(0x3f800000);
    floats[3] = 0xc0400000; // -3
    floats[9] = 0x7fc00000;
    EXPECT_EQ(runWarp("redux.sync.min.f32", floats, {~0U}).first[0], 0xc0400000U);
    EXPECT_EQ(runWarp("redux.sync.max.abs.f32", floats, {~0U}).first[0], 0x40400000U);
    EXPECT_EQ(runWarp("redux.sync.max.NaN.f32", floats, {~0U}).first[0], 0x7fffffffU);
}

TEST(Lanes, ElectionAndActiveLanes) {
    const Result elected = runWarp(
        "elect.sync",
        [] {
            Register members;
            members.fill(0xfff0);
            return members;
        }(),
        {}, 0xff00);
    EXPECT_EQ(elected.first[10], 8U);
    EXPECT_EQ(elected.second[8], 1U);
    EXPECT_EQ(elected.second[9], 0U);
    Alu alu;
    ASSERT_TRUE(find("activemask.b32", alu));
    Register result{};
    uint64_t* destination = result.data();
    alu.run(&destination, nullptr, 0x90, alu.data);
    EXPECT_EQ(result[4], 0x90U);
    EXPECT_EQ(result[5], 0U);
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
