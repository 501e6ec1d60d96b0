// Compute shaders that glslang wrote: explicit layouts, push constants, specialisation, built-in inputs.
#include "harness.h"

#include <cmath>
#include <cstring>

namespace halyard::jit::test {
namespace {

using testing::ElementsAre;

struct Item {
    float position[3];
    float weight;
    float turn[4];
    uint32_t kind[3];
    uint32_t pad;
};
static_assert(sizeof(Item) == 48);

struct Blocks {
    float out[20] = {};
    struct {
        uint32_t count = 2;
        uint32_t pad[3] = {};
        Item items[2] = {{{1, 2, 3}, 4, {1, 2, 3, 4}, {5, 6, 7}, 0}, {{10, 20, 30}, 40, {2, 3, 5, 7}, {8, 9, 11}, 0}};
    } items;
    struct {
        float columns[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
        float rows[12] = {2, 1, 0, -1, 3, 4, 5, -1, 1, 0, 6, -1};
        float scale[12] = {100, 0, 0, 0, 200, 0, 0, 0, 300, 0, 0, 0};
    } settings;
    float scalar[16] = {1, 2, 3, 4};
    struct {
        float offset[2] = {1.5, 2.25};
        uint32_t index = 1;
    } push;
    uint64_t outBytes = sizeof(out), itemBytes = sizeof(items);

    std::vector<void*> arguments() { return {out, &items, &settings, scalar, &push, &outBytes, &itemBytes}; }
};

TEST(Glsl, BlockLayoutsMatricesAndPushConstants) {
    Blocks data;
    runKernel(readKernelFile("blocks.spv"), "main", data.arguments(), {1, 1, 1}, {4, 1, 1});
    const float* o = data.out;
    const float m[3][3] = {{2, 1, 0}, {3, 4, 5}, {1, 0, 6}}; // as stored: row-major
    EXPECT_EQ(o[0], 10 + 200 + 3000 + 40000);
    EXPECT_EQ(o[1], 2 * 1 + 5 * 2);
    EXPECT_EQ(o[2], 3 * 1 + 7 * 2);
    EXPECT_EQ(o[3], 11 + 6);
    EXPECT_EQ(o[4], 1 + 2 * 5 + 3 * 9 + 4 * 13);
    EXPECT_EQ(o[5], 4 + 2 * 8 + 3 * 12 + 4 * 16);
    EXPECT_EQ(o[6], 2 + 10);
    EXPECT_EQ(o[7], 3 + 40 + 500);
    EXPECT_EQ(o[8], 1 + 600);
    EXPECT_EQ(o[9], m[1][2] + 300);
    EXPECT_EQ(o[10], m[0][1] + m[1][1] + m[2][1]);
    EXPECT_EQ(o[11], 2 * 1000 + 20);
    EXPECT_EQ(o[12], 3.75f);
    EXPECT_EQ(o[13], 3 + 0.5f + 7);
    EXPECT_EQ(o[14], m[0][2]);
    float square = 0; // element in column 2, row 0 of rows * rows
    for (int i = 0; i < 3; ++i) {
        square += m[0][i] * m[i][2];
    }
    EXPECT_EQ(o[15], square);
    const float determinant = 2 * (4 * 6 - 5 * 0) - 1 * (3 * 6 - 5 * 1);
    EXPECT_EQ(o[16], determinant);
    EXPECT_FLOAT_EQ(o[17], (2 * 6 - 0 * 1) / determinant);
    EXPECT_EQ(o[18], 15);
    EXPECT_EQ(o[19], 1 * m[0][2] + 2 * m[1][2] + 3 * m[2][2]);
    // Scalar layout: vec3 at 0, float at 12, the row-major matrix from 16 with rows of 16 bytes.
    EXPECT_THAT(std::vector<float>(data.scalar, data.scalar + 4), ElementsAre(7, 8, 9, 4));
    EXPECT_EQ(data.scalar[4 + 3], 2);
    EXPECT_EQ(data.scalar[8 + 3], 4);
    EXPECT_EQ(data.scalar[12 + 3], 6);
    EXPECT_EQ(data.scalar[12], 4);
}

TEST(Glsl, SpecialisationConstants) {
    Blocks data;
    uint32_t factor;
    const float number = 0.25f;
    std::memcpy(&factor, &number, 4);
    runKernel(readKernelFile("blocks.spv"), "main", data.arguments(), {1, 1, 1}, {1, 1, 1},
              {{7, 4, 10}, {8, 4, factor}});
    EXPECT_EQ(data.out[13], 10 + 0.25f + 21);
}

float asFloat(uint32_t word) {
    float result;
    std::memcpy(&result, &word, 4);
    return result;
}

TEST(Glsl, FunctionsPrivateVariablesAndBuiltinFunctions) {
    uint32_t words[32] = {};
    words[5] = 0x20;
    words[24] = 9;
    words[25] = 1;
    words[29] = 2;
    float f[3] = {2.75f, 2.0f, 80.0f};
    uint64_t bytes = sizeof(words);
    runKernel(readKernelFile("functions.spv"), "main", {words, f, &bytes});
    EXPECT_EQ(asFloat(words[0]), 2 * 2.0f + 1);
    EXPECT_EQ(asFloat(words[1]), 2 * 3.0f + 2);
    EXPECT_EQ(asFloat(words[2]), 5.5f);
    EXPECT_EQ(words[3], 105u);
    EXPECT_EQ(words[4], 2u + 3 + 5 + 7 + 13);
    EXPECT_EQ(words[5], 0x10u);
    EXPECT_EQ(words[6], 1u);
    const uint64_t product = 0x12345678ull * 0x9abcdef0ull;
    EXPECT_EQ(words[7], uint32_t(product >> 32));
    EXPECT_EQ(words[8], uint32_t(product));
    EXPECT_EQ(words[9], 0xfffff05fu);
    EXPECT_EQ(words[10], 0x0fu);
    EXPECT_EQ(words[11], 0x1e6a2c48u);
    EXPECT_EQ(words[12], 23u + 100 * 20);
    EXPECT_EQ(words[13], 0xc0803e00u);
    EXPECT_EQ(asFloat(words[14]), -0.75f);
    EXPECT_EQ(words[15], 0xffff8000u);
    EXPECT_EQ(asFloat(words[16]), 0.75f);
    EXPECT_EQ(asFloat(words[17]), 0.5f);
    EXPECT_EQ(asFloat(words[18]), 1);
    EXPECT_EQ(asFloat(words[19]), 13);
    EXPECT_EQ(asFloat(words[20]), 1);
    EXPECT_EQ(asFloat(words[21]), 0.625f);
    EXPECT_EQ(words[22], 7u);
    EXPECT_EQ(asFloat(words[23]), 0.15625f);
    EXPECT_EQ(words[24], 10u);
    EXPECT_EQ(words[25], 55u);
    EXPECT_EQ(asFloat(words[26]), std::exp(2.0f) + 8);
    EXPECT_EQ(asFloat(words[27]), 0.25f);
    EXPECT_EQ(words[28], 1u);
    EXPECT_EQ(words[29], uint32_t(-3));
    EXPECT_EQ(words[30], uint32_t(-1));
    EXPECT_EQ(asFloat(words[31]), 8.25f);
}

TEST(Glsl, InvocationsAtomicsAndSubgroups) {
    std::vector<uint32_t> out(2 * 6 * 4 * 4);
    uint32_t counters[8] = {};
    // Workgroup size x comes from specialisation constant 1.
    runKernel(readKernelFile("invocation.spv"), "main", {out.data(), counters}, {2, 1, 1}, {3, 2, 1}, {{1, 4, 3}});
    for (uint32_t group = 0; group < 2; ++group) {
        for (uint32_t y = 0; y < 2; ++y) {
            for (uint32_t x = 0; x < 3; ++x) {
                const uint32_t local = x + 3 * y;
                const uint32_t* item = &out[(local + 6 * group) * 16];
                EXPECT_THAT(std::vector<uint32_t>(item, item + 16),
                            ElementsAre(x + 3 * group, y, 0, 3, x, y, 0, 2, local, 3, 1, 0, 1, 1, 8, 1));
            }
        }
    }
    EXPECT_THAT(std::vector<uint32_t>(counters, counters + 6), ElementsAre(24, 5, 9, 0x3f, uint32_t(-5), 4));
}

} // namespace
} // namespace halyard::jit::test
