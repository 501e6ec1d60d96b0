// Subgroups come together where the structure of the program says.
#include "fixture.h"

#include "groups_cl.spv.h"
#include "groups_comp.spv.h"

#include <bit>

namespace halyard::interp::test {
namespace {

class SubgroupTest : public InterpTest, public ::testing::WithParamInterface<uint32_t> {};

TEST_P(SubgroupTest, OperationsSeeTheLanesThatAreThere) {
    const uint32_t n = settings.subgroupSize = GetParam();
    const uint64_t out = allocate(14 * 32 * 4);
    ASSERT_EQ(run(groups_comp_spv, "main", {out}, {1, 1, 1}, {32, 1, 1}), "");
    const auto value = read<uint32_t>(out, 14 * 32);
    for (uint32_t i = 0; i < 32; ++i) {
        const uint32_t lane = i % n, first = i - lane;
        const auto row = [&](uint32_t r) { return value[r * 32 + i]; };
        uint32_t sum = 0, odd = 0;
        for (uint32_t k = 0; k < n; ++k) {
            sum += first + k;
            odd |= ((first + k) & 1) << k;
        }
        EXPECT_EQ(row(0), sum) << i;
        EXPECT_EQ(row(1), lane) << i;
        EXPECT_EQ(row(2), odd) << i;
        EXPECT_EQ(row(3), i ^ 1) << i;
        EXPECT_EQ(row(4), lane % 4 == 0 ? n / 4 : 100 + n - n / 4) << i;
        uint32_t total = 0;
        for (uint32_t k = 0; k <= lane; ++k)
            total += n - k;
        EXPECT_EQ(row(5), total) << i;
        EXPECT_EQ(row(6), 4u) << i; // the four lanes of one quad leave together
        EXPECT_EQ(row(7), (i & ~3u) * 4 + 6) << i;
        EXPECT_EQ(row(8), i ^ 3) << i;
        EXPECT_EQ(row(9), first) << i;
        EXPECT_EQ(row(10), lane) << i;
        EXPECT_EQ(row(11), 1u) << i;
        EXPECT_EQ(row(12), n * 100 + 32 / n * 10 + i / n) << i;
        EXPECT_EQ(row(13), lane + 1 < n ? i + 1 : 99) << i;
    }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SubgroupTest, ::testing::Values(4u, 8u, 16u, 32u));

TEST_F(InterpTest, AWorkgroupCopiesTogether) {
    std::vector<float> values(16);
    for (size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>(i);
    const uint64_t in = buffer(values), out = allocate(64);
    EXPECT_EQ(run(groups_cl_spv, "async", {in, uint64_t{32}, out}, {2, 1, 1}, {8, 1, 1}), "");
    const auto result = read<float>(out, 16);
    EXPECT_EQ(result[0], 7.0f);
    EXPECT_EQ(result[15], 8.0f);
    EXPECT_THAT(run(groups_cl_spv, "async", {in, uint64_t{28}, out}, {1, 1, 1}, {8, 1, 1}),
                ::testing::HasSubstr("past the end of the workgroup variable"));
}

TEST_F(InterpTest, AWorkgroupReducesTogether) {
    const uint64_t out = allocate(40 * 4);
    EXPECT_EQ(run(groups_cl_spv, "together", {out}, {1, 1, 1}, {40, 1, 1}), "");
    for (int i = 0; i < 40; ++i)
        EXPECT_EQ(read<int32_t>(out, 40)[i], 780 * 10000 + i * 100 + 3) << i;
    EXPECT_THAT(run(groups_cl_spv, "apart", {out}, {1, 1, 1}, {4, 1, 1}), ::testing::HasSubstr("divergent"));
}

} // namespace
} // namespace halyard::interp::test
