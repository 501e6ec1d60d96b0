// Conversions, comparisons and integer functions against the same in C++, and what atomic operations leave.
#include "fixture.h"

#include "atomics_comp.spv.h"
#include "conversions_cl.spv.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace halyard::conformance;

namespace {

using Conversions = DeviceTest;

TEST_F(Conversions, AgreeWithTheHost) {
    constexpr uint32_t kCount = 512, kResults = 16;
    std::mt19937 random(23);
    std::vector<int32_t> ints;
    std::vector<float> floats;
    std::vector<int8_t> chars;
    for (uint32_t i = 0; i < 2 * kCount; ++i) {
        ints.push_back(static_cast<int32_t>(random()) >> (random() % 31));
        floats.push_back(static_cast<float>(static_cast<int32_t>(random())) / 1000);
        chars.push_back(static_cast<int8_t>(random()));
    }
    floats[7] = std::numeric_limits<float>::quiet_NaN(); // the second of its pair: the first is converted
    ints[0] = ints[1] = std::numeric_limits<int32_t>::max();
    ints[2] = ints[3] = std::numeric_limits<int32_t>::min();
    ints[4] = 0;
    const HyDevicePtr v = upload(ints), f = upload(floats), c = upload(chars);
    const HyDevicePtr out = upload(std::vector<int32_t>(kResults * kCount, 0x5a5a5a5a));
    const HyKernel kernel = makeKernel(loadModule(conversions_cl_spv, conversions_cl_spv_size), "conversions");
    const void* args[] = {&out, &v, &f, &c, &c};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kCount / 16, 1, 1}, {16, 1, 1}, 0, args, 5));
    const std::vector<int32_t> found = download<int32_t>(out, kResults * kCount);
    for (uint32_t i = 0; i < kCount; ++i) {
        const int32_t a = ints[2 * i], b = ints[2 * i + 1];
        const auto ua = static_cast<uint32_t>(a), ub = static_cast<uint32_t>(b);
        const float x = floats[2 * i], y = floats[2 * i + 1];
        const int64_t sum = int64_t{a} + b;
        const int32_t expected[kResults] = {
            static_cast<int32_t>(x),
            std::bit_cast<int32_t>(static_cast<float>(a)),
            std::bit_cast<int32_t>(static_cast<float>(ua)),
            chars[i],
            static_cast<uint8_t>(chars[i]),
            x < y,
            !(x >= y),
            std::bit_cast<int32_t>(std::fmin(x, y)),
            std::bit_cast<int32_t>(std::fmax(x, y)),
            std::max(a, b),
            static_cast<int32_t>(std::max(ua, ub)),
            static_cast<int32_t>((int64_t{a} * b) >> 32),
            static_cast<int32_t>(std::clamp<int64_t>(sum, INT32_MIN, INT32_MAX)),
            std::countl_zero(ua),
            std::popcount(ua),
            static_cast<int32_t>(std::rotl(ua, b & 31)),
        };
        for (uint32_t j = 0; j < kResults; ++j)
            ASSERT_EQ(found[kResults * i + j], expected[j])
                << "result " << j << " of " << a << ", " << b << ", " << x << ", " << y;
    }
}

using Atomics = DeviceTest;

TEST_F(Atomics, AComparisonThatFailsChangesNothing) {
    const HyKernel kernel = makeKernel(loadModule(conversions_cl_spv, conversions_cl_spv_size), "compare");
    const HyDevicePtr cell = upload(std::vector<int32_t>{5});
    const HyDevicePtr seen = upload(std::vector<int32_t>{0});
    for (const int32_t comparand : {6, 5}) {
        const int32_t value = 9;
        const void* args[] = {&cell, &seen, &comparand, &value};
        ASSERT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 4));
        EXPECT_EQ(download<int32_t>(seen, 1)[0], 5);
        EXPECT_EQ(download<int32_t>(cell, 1)[0], comparand == 5 ? 9 : 5);
    }
}

TEST_F(Atomics, LeaveWhatAllOfThemMake) {
    constexpr uint32_t kGroups = 40, kSize = 64, kCount = kGroups * kSize;
    std::mt19937 random(29);
    std::vector<int32_t> values(kCount);
    for (int32_t& value : values)
        value = static_cast<int32_t>(random());
    std::vector<int32_t> expected = {0, 0, 0, 1000, -1, 0, 77, 0};
    const HyDevicePtr cells = upload(expected);
    for (const int32_t value : values) {
        expected[0] = std::max(expected[0], value);
        expected[1] = std::min(expected[1], value);
        expected[2] = static_cast<int32_t>(std::max(static_cast<uint32_t>(expected[2]), static_cast<uint32_t>(value)));
        expected[3] = static_cast<int32_t>(static_cast<uint32_t>(expected[3]) - static_cast<uint32_t>(value));
        expected[4] &= value | 0x0f;
        expected[5] |= value & 0xff00;
        expected[6] ^= value;
        expected[7] += 1;
    }
    const HyDevicePtr in = upload(values);
    const HyKernel kernel = makeKernel(loadModule(conversions_cl_spv, conversions_cl_spv_size), "atomics");
    const void* args[] = {&cells, &in};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kGroups, 1, 1}, {kSize, 1, 1}, 0, args, 2));
    EXPECT_EQ(download<int32_t>(cells, 8), expected);
}

TEST_F(Atomics, ExtremesKnowTheSign) {
    constexpr uint32_t kGroups = 20, kSize = 64;
    std::mt19937 random(31);
    std::vector<int32_t> values(kGroups * kSize);
    std::vector<uint32_t> bits;
    for (int32_t& value : values) {
        value = static_cast<int32_t>(random());
        bits.push_back(static_cast<uint32_t>(value));
    }
    const HyDevicePtr signeds = upload(std::vector<int32_t>{0, 0});
    const HyDevicePtr unsigneds = upload(std::vector<uint32_t>{0, UINT32_MAX});
    const HyDevicePtr in = upload(values);
    const HyKernel kernel = makeKernel(loadModule(atomics_comp_spv, atomics_comp_spv_size), "main");
    const void* args[] = {&signeds, &unsigneds, &in};
    ASSERT_OK(hyLaunchKernel(stream, kernel, {kGroups, 1, 1}, {kSize, 1, 1}, 0, args, 3));
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    const auto [least, most] = std::minmax_element(bits.begin(), bits.end());
    EXPECT_EQ(download<int32_t>(signeds, 2), (std::vector<int32_t>{*high, *low}));
    EXPECT_EQ(download<uint32_t>(unsigneds, 2), (std::vector<uint32_t>{*most, *least}));
}

} // namespace
