// What a compiler for a device without it makes of other things, against plain C++.
#include "fixture.h"

#include "lowering_cl.spv.h"
#include "lowering_comp.spv.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using namespace halyard::conformance;

namespace {

constexpr uint32_t kGroup = 64, kGroups = 5, kAll = kGroup * kGroups;

class Lowering : public DeviceTest {
protected:
    void run(const char* kernel, std::initializer_list<const void*> args) {
        run(makeKernel(loadModule(lowering_cl_spv, lowering_cl_spv_size), kernel), kGroups, args);
    }
    void run(HyKernel made, uint32_t groups, std::initializer_list<const void*> args) {
        const std::vector<const void*> all(args);
        ASSERT_OK(hyLaunchKernel(stream, made, {groups, 1, 1}, {kGroup, 1, 1}, 0, all.data(),
                                 static_cast<uint32_t>(all.size())));
        synchronize();
    }
};

class WordContention : public Lowering {};
class ZeroSpecialValues : public Lowering {};
class Vectors : public Lowering {};

} // namespace

TEST_F(WordContention, BothSizesInOneWorkgroup) {
    if (!claims(HY_CAP_INT64_ATOMICS))
        GTEST_SKIP() << "no atomic operations on 64 bits";
    const HyDevicePtr small = upload(std::vector<uint32_t>(kGroups * 2)), wide = upload(std::vector<uint64_t>(kGroups));
    ASSERT_NO_FATAL_FAILURE(run("both_sizes", {&small, &wide}));
    uint32_t halves[2] = {0, 1};
    uint64_t whole = 5;
    for (uint32_t n = 0; n < kGroup; ++n) {
        halves[n & 1] += 0x80000001u + n;
        whole += 0x100000001u * uint64_t{n};
    }
    const std::vector<uint32_t> gotSmall = download<uint32_t>(small, kGroups * 2);
    const std::vector<uint64_t> gotWide = download<uint64_t>(wide, kGroups);
    for (uint32_t group = 0; group < kGroups; ++group) {
        // The maximum with 3 meets sums that are 0 or above 3, in any order, so it adds 3 to the sum or nothing.
        EXPECT_TRUE(gotSmall[group * 2] == halves[0] || gotSmall[group * 2] == halves[0] + 3) << gotSmall[group * 2];
        EXPECT_EQ(gotSmall[group * 2 + 1], halves[1]);
        EXPECT_EQ(gotWide[group], whole);
    }
}

TEST_F(WordContention, ThroughPointersToAnyMemory) {
    for (uint32_t second = 0; second < 3; ++second) {
        const uint32_t third = (second + 1) % 3;
        const HyDevicePtr sum = upload(std::vector<uint32_t>{1000}), groups = upload(std::vector<uint32_t>(kGroups));
        const HyDevicePtr own = upload(std::vector<uint32_t>(kAll));
        ASSERT_NO_FATAL_FAILURE(run("anywhere", {&sum, &groups, &own, &second, &third}));
        uint32_t all = 1000, shared = 0;
        std::vector<uint32_t> mine;
        for (uint32_t i = 0; i < kAll; ++i) {
            const uint32_t n = i % kGroup;
            shared += i < kGroup && n % 3 == second ? n + 1 : 0;
            all += n % 3 != second && n % 3 != third ? n + 1 : 0;
            mine.push_back(n % 3 == third ? 100 + n + 1 + 100 : 100);
        }
        EXPECT_EQ(download<uint32_t>(sum, 1)[0], all);
        EXPECT_EQ(download<uint32_t>(groups, kGroups), std::vector<uint32_t>(kGroups, shared));
        EXPECT_EQ(download<uint32_t>(own, kAll), mine);
    }
}

TEST_F(ZeroSpecialValues, ArithmeticWithAZero) {
    std::vector<float> in = {0.0F,
                             -0.0F,
                             1.0F,
                             -1.0F,
                             std::numeric_limits<float>::denorm_min(),
                             INFINITY,
                             -INFINITY,
                             std::nanf(""),
                             std::numeric_limits<float>::max(),
                             -3.5F};
    for (uint32_t i = 0; in.size() < kAll; ++i)
        in.push_back((i % 2 != 0 ? -1.0F : 1.0F) * static_cast<float>(i) / 3);
    const HyDevicePtr source = upload(in), out = upload(std::vector<float>(kAll * 5));
    ASSERT_NO_FATAL_FAILURE(run("with_zero", {&source, &out}));
    const std::vector<float> got = download<float>(out, kAll * 5);
    for (uint32_t i = 0; i < kAll; ++i) {
        const volatile float x = in[i], zero = 0.0F, negative = -0.0F;
        const float wanted[] = {x * zero, x + zero, zero / x, x - x, negative * x};
        for (uint32_t k = 0; k < 5; ++k) {
            const float mine = got[i * 5 + k];
            EXPECT_TRUE((std::isnan(mine) && std::isnan(wanted[k])) ||
                        std::bit_cast<uint32_t>(mine) == std::bit_cast<uint32_t>(wanted[k]))
                << "expression " << k << " of " << in[i] << ": " << mine << ", not " << wanted[k];
        }
    }
}

TEST_F(Vectors, OfEightAndSixteenInEveryForm) {
    std::array<uint8_t, 16> bytes{};
    std::array<int16_t, 8> shorts{};
    for (uint32_t i = 0; i < 16; ++i)
        bytes[i] = static_cast<uint8_t>(i * 37 + 7);
    for (uint32_t i = 0; i < 8; ++i)
        shorts[i] = static_cast<int16_t>(static_cast<int>(i) * 4001 - 12000);
    std::vector<int32_t> in(kAll * 16);
    for (size_t i = 0; i < in.size(); ++i)
        in[i] = i % 11 == 0 ? 7 : static_cast<int32_t>(i * 2654435761u >> 21) - 1000;
    const HyDevicePtr source = upload(in), out = upload(std::vector<uint64_t>(kAll * 8));
    ASSERT_NO_FATAL_FAILURE(run("vectors", {bytes.data(), shorts.data(), &source, &out}));
    const std::vector<uint64_t> got = download<uint64_t>(out, kAll * 8);
    for (uint32_t i = 0; i < kAll; ++i) {
        std::array<int32_t, 16> many{};
        std::memcpy(many.data(), &in[i * 16], sizeof many);
        const uint32_t at = i & 15;
        many[at] = bytes[at];
        many[(at * 7 + 3) & 15] += shorts[at & 7];
        std::array<int32_t, 8> sum{};
        uint64_t sevens = 0;
        for (uint32_t k = 0; k < 8; ++k) {
            sum[k] = many[k] + many[k + 8];
            sevens += (many[k] == 7 ? 1 : 0) + (many[k + 8] == 7 ? 1 : 0);
        }
        const std::array<int32_t, 4> chosen{sum[0], sum[3], sum[5], sum[7]};
        std::array<uint8_t, 16> reversed{};
        std::memcpy(reversed.data(), chosen.data(), sizeof reversed);
        std::reverse(reversed.begin(), reversed.end());
        uint64_t halves[2], low = 0;
        std::memcpy(halves, reversed.data(), sizeof halves);
        std::memcpy(&low, bytes.data(), sizeof low);
        const uint64_t result = (halves[0] ^ halves[1] ^ (low >> (i & 31))) + sevens;
        std::array<int32_t, 8> stored{};
        std::memcpy(stored.data(), &got[i * 8], sizeof stored);
        EXPECT_EQ(stored, sum) << i;
        EXPECT_EQ(got[i * 8 + 4], result) << i;
        EXPECT_EQ(got[i * 8 + 5], static_cast<uint64_t>(static_cast<int64_t>(many[(at + 1) & 15]))) << i;
    }
}

TEST_F(Vectors, SumsInMoreBitsThanTheNumbers) {
    const HyDevicePtr out = upload(std::vector<uint64_t>(kGroup));
    ASSERT_NO_FATAL_FAILURE(run(makeKernel(loadModule(lowering_comp_spv, lowering_comp_spv_size), "main"), 1, {&out}));
    const std::vector<uint64_t> got = download<uint64_t>(out, kGroup);
    for (uint64_t id = 0; id < kGroup; ++id) {
        const uint64_t start = 0x9e3779b97f4a7c15u * id * 37;
        uint64_t squares = 0;
        uint32_t small = 0;
        for (uint64_t i = 0; i < id * 37; ++i) {
            squares += (i + start) * (i + start) + 3 * i;
            small += static_cast<uint32_t>(i) * static_cast<uint32_t>(i + start);
        }
        EXPECT_EQ(got[id], squares ^ (uint64_t{small} << 32)) << id;
    }
}
