// What kernels compute.
#include "fixture.h"

#include "arrays_comp.spv.h"
#include "blocks_comp.spv.h"
#include "compute_cl.spv.h"

namespace halyard::interp::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr Size kOne{1, 1, 1};

TEST_F(InterpTest, RunsSaxpyOverSeveralWorkgroups) {
    std::vector<float> x(100), y(100);
    for (size_t i = 0; i < x.size(); ++i) {
        x[i] = static_cast<float>(i);
        y[i] = 1.0f;
    }
    const uint64_t in = buffer(x), out = buffer(y);
    EXPECT_EQ(run(compute_cl_spv, "saxpy", {in, out, 2.0f, uint32_t{100}}, {4, 1, 1}, {32, 1, 1}), "");
    const auto result = read<float>(out, 100);
    EXPECT_EQ(result[0], 1.0f);
    EXPECT_EQ(result[99], 199.0f);
}

TEST_F(InterpTest, FollowsPhisSwitchesAndLoopExits) {
    const uint64_t out = buffer(std::vector<uint64_t>(8));
    EXPECT_EQ(run(compute_cl_spv, "flow", {out, uint32_t{7}}, kOne, {8, 1, 1}), "");
    // Fibonacci numbers 0 1 1 2 3 5 8 8, the last cut by the second exit.
    EXPECT_THAT(read<uint64_t>(out, 8), ElementsAre(100, 1, 1, 11002, 10003, 5, 8, 8));
}

struct Record {
    char tag;
    int32_t value;
    int16_t pair[2];
    alignas(16) float v[4];
};

TEST_F(InterpTest, LaysStructuresOutAsOpenClDoes) {
    static_assert(sizeof(Record) == 32);
    std::vector<Record> records(2);
    for (int i = 0; i < 2; ++i)
        records[i] = {static_cast<char>(i + 1), 100 * i, {3, 4}, {5, 6, 7, 0}};
    const uint64_t in = buffer(records), out = allocate(sizeof(Record) * 2), sums = allocate(8);
    EXPECT_EQ(run(compute_cl_spv, "records", {in, out, sums}, kOne, {2, 1, 1}), "");
    EXPECT_THAT(read<int32_t>(sums, 2), ElementsAre(1 + 1 + 13 + 4 + 12, 2 + 101 + 3 + 14 + 12));
    const auto copied = read<Record>(out, 2);
    EXPECT_EQ(copied[1].value, 101);
    EXPECT_EQ(copied[1].v[2], 7.0f);
}

TEST_F(InterpTest, ReachesEveryKindOfMemoryThroughPointers) {
    std::vector<int32_t> data(8);
    for (int i = 0; i < 8; ++i)
        data[i] = i * 7;
    const uint64_t in = buffer(data), out = allocate(32);
    EXPECT_EQ(run(compute_cl_spv, "pointers", {in, uint64_t{32}, out, uint32_t{8}}, kOne, {8, 1, 1}), "");
    const int32_t table[] = {1, 20, 300, 4000};
    std::vector<int32_t> expected;
    for (int i = 0; i < 8; ++i)
        expected.push_back((i & 1 ? (i & 3) + 1 : data[7 - i]) + table[(7 - i) & 3] + data[7 - i] + 8);
    EXPECT_EQ(read<int32_t>(out, 8), expected);
}

TEST_F(InterpTest, PassesValuesOfEveryShape) {
    const Record record{1, 20, {0, 300}, {0, 4000, 0, 0}};
    const std::array<int32_t, 4> v{50000, 0, 0, 600000};
    const uint64_t out = allocate(4);
    EXPECT_EQ(run(compute_cl_spv, "by_value", {out, record, v, char{7}}, kOne, kOne), "");
    EXPECT_EQ(read<int32_t>(out, 1)[0], 1 + 20 + 300 + 4000 + 50000 + 600000 + 7);
}

TEST_F(InterpTest, Prints) {
    std::string text;
    settings.print = [&](std::string_view part) { text += part; };
    EXPECT_EQ(run(compute_cl_spv, "text", {int32_t{3}}, {2, 1, 1}, kOne), "");
    EXPECT_EQ(text, "item 3 of many: 0.500000,1.500000 x\nitem 3 of many: 0.500000,1.500000 x\n");
}

TEST_F(InterpTest, AtomicsLoseNothing) {
    const uint64_t i = buffer(std::vector<int32_t>{0, 0, 100, 0, 0, 0});
    const uint64_t u = buffer(std::vector<uint32_t>{0, 0, 0, ~0u});
    EXPECT_EQ(run(compute_cl_spv, "atomics", {i, u}, {2, 1, 1}, {8, 1, 1}), "");
    EXPECT_THAT(read<int32_t>(i, 6), ElementsAre(48, -32, 100, 16, -16, 80));
    EXPECT_THAT(read<uint32_t>(u, 4), ElementsAre(120, 0xffff, 0, 0xffff0000));
}

TEST_F(InterpTest, ObeysTheLayoutOfBlocks) {
    // std140: a row-major mat3 in three vec4 rows, a mat3x2 in three vec4 columns, floats 16 bytes apart.
    std::vector<float> source(36);
    for (int r = 0; r < 3; ++r)
        for (int c = 0; c < 3; ++c)
            source[r * 4 + c] = static_cast<float>(r * 3 + c);
    for (int c = 0; c < 3; ++c)
        for (int r = 0; r < 2; ++r)
            source[12 + c * 4 + r] = static_cast<float>(c + r);
    for (int k = 0; k < 3; ++k)
        source[24 + k * 4] = static_cast<float>(k + 1);
    const uint64_t in = buffer(source), out = allocate(4 + 7 * 4);
    struct {
        float offset[3] = {1, 2, 3};
        float scale = 2;
    } push;
    EXPECT_EQ(run(blocks_comp_spv, "main", {in, out, push}, kOne, {4, 1, 1}), "");
    EXPECT_EQ(read<uint32_t>(out, 1)[0], 7u);
    for (int i = 0; i < 4; ++i) {
        const float e[3] = {3.0f - i, 4.0f - i, 5.0f - i};
        float v[3];
        for (int r = 0; r < 3; ++r)
            v[r] = r * 3 * e[0] + (r * 3 + 1) * e[1] + (r * 3 + 2) * e[2] + push.offset[r];
        const float wx = 0 * 1 + 1 * 2 + 2 * 3, wy = 1 * 1 + 2 * 2 + 3 * 3;
        // Column 1, row 2 of the matrix.
        const float expected = (v[0] + v[1] * 10 + v[2] * 100 + 7 + wx + wy) * 2;
        EXPECT_EQ(read<float>(out + 4, 4)[i], expected) << i;
    }
}

TEST_F(InterpTest, SelectsBuffersOfAnArray) {
    std::vector<Argument> arguments{buffer(std::vector<uint32_t>{2, 0, 0, 0, 0})};
    for (uint32_t k = 0; k < 3; ++k)
        arguments.push_back(buffer(std::vector<uint32_t>{k + 1, 10 * k, 10 * k + 1, 10 * k + 2, 10 * k + 3}));
    EXPECT_EQ(run(arrays_comp_spv, "main", arguments, kOne, {4, 1, 1}), "");
    uint64_t out = 0;
    std::memcpy(&out, arguments[0].bytes().data(), sizeof out);
    EXPECT_THAT(read<uint32_t>(out + 4, 4), ElementsAre(44, 46, 48, 50));
    const uint32_t none = 3;
    ASSERT_TRUE(memory.write(out, &none, sizeof none));
    EXPECT_THAT(run(arrays_comp_spv, "main", arguments, kOne, {4, 1, 1}), HasSubstr("buffer 3 of an array of 3"));
}

TEST_F(InterpTest, RefusesLaunchesThatDoNotFit) {
    const uint64_t in = buffer(std::vector<float>(36)), out = allocate(32);
    const std::array<float, 4> push{};
    EXPECT_THAT(run(blocks_comp_spv, "main", {in, out, push}, kOne, {5, 1, 1}), HasSubstr("requires workgroups of 4"));
    EXPECT_EQ(code, HY_ERROR_INVALID_LAUNCH_SIZE);
}

} // namespace
} // namespace halyard::interp::test
