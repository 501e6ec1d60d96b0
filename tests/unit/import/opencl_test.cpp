// Kernels that clang wrote, at -O0 and -O2, against what the host computes.
#include "harness.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace halyard::jit::test {
namespace {

using testing::ElementsAre;

float bits(uint32_t word) {
    float result;
    std::memcpy(&result, &word, 4);
    return result;
}

int32_t word(float number) {
    int32_t result;
    std::memcpy(&result, &number, 4);
    return result;
}

class OpenCl : public testing::TestWithParam<int> {
protected:
    std::vector<uint32_t> load(const std::string& name) const {
        return readKernelFile(name + ".O" + std::to_string(GetParam()) + ".spv");
    }
    // clang-22 writes some modules that the packaged validator refuses (a null constant as a member index), so the
    // files of one test may have to go in unchecked.
    Program compile(const std::string& name, const std::string& kernel, bool validate = true) const {
        return Program(importKernel(load(name), kernel, {}, false, validate));
    }
};
INSTANTIATE_TEST_SUITE_P(Levels, OpenCl, testing::Values(0, 2));

TEST_P(OpenCl, SaxpyOverARange) {
    std::vector<float> x(12), y(12);
    std::iota(x.begin(), x.end(), 1.0f);
    std::iota(y.begin(), y.end(), 100.0f);
    float a = 2.5f;
    compile("arithmetic", "saxpy").run({y.data(), x.data(), &a}, {3, 1, 1}, {4, 1, 1});
    for (int i = 0; i < 12; ++i) {
        EXPECT_EQ(y[i], 2.5f * (i + 1) + 100 + i);
    }
}

TEST_P(OpenCl, IntegerOperations) {
    std::vector<int32_t> out(26);
    Program program = compile("arithmetic", "integers");
    for (auto [a, b, c] :
         {std::tuple{1234567, -89, 0xf0u}, {-7, 3, 5u}, {INT32_MIN, 7, 1u}, {INT32_MAX, 2, 0x80000000u}}) {
        program.run({out.data(), &a, &b, &c});
        const int64_t wideA = a, wideB = b;
        EXPECT_EQ(out[0], int32_t(wideA + wideB));
        EXPECT_EQ(out[1], int32_t(wideA - wideB));
        EXPECT_EQ(out[2], int32_t(wideA * wideB));
        EXPECT_EQ(out[3], a / b);
        EXPECT_EQ(out[4], a % b);
        EXPECT_EQ(out[5], int32_t(uint32_t(a) << (c & 31)));
        EXPECT_EQ(out[6], a >> 3);
        EXPECT_EQ(out[7], int32_t(uint32_t(a) >> 3));
        EXPECT_EQ(out[8], int32_t((uint32_t(a) << (b & 31)) | (uint64_t(uint32_t(a)) >> (32 - (b & 31)))));
        EXPECT_EQ(out[9], int32_t((wideA + wideB) >> 1));
        EXPECT_EQ(out[10], int32_t((wideA + wideB + 1) >> 1));
        EXPECT_EQ(out[11], int32_t((wideA * wideB) >> 32));
        EXPECT_EQ(out[12], __builtin_clz(c));
        EXPECT_EQ(out[13], __builtin_popcount(a));
        EXPECT_EQ(out[14], int32_t(std::abs(wideA - wideB)));
        EXPECT_EQ(out[15], int32_t(std::clamp<int64_t>(wideA * wideB + 7, INT32_MIN, INT32_MAX)));
        EXPECT_EQ(out[16], int32_t((b & c) | (a & ~c)));
        EXPECT_EQ(out[17], int32_t(std::clamp<int64_t>(wideA + INT32_MAX, INT32_MIN, INT32_MAX)));
        EXPECT_EQ(out[18], int32_t(std::clamp<int64_t>(wideA - INT32_MAX, INT32_MIN, INT32_MAX)));
        EXPECT_EQ(out[19], (a & 0xff) * (b & 0xff) + 3);
        EXPECT_EQ(out[20], int32_t((uint32_t(a) << 16) | (b & 0xffff)));
        EXPECT_EQ(out[21], std::clamp(a, -5, 5));
        EXPECT_EQ(uint32_t(out[22]), uint32_t(std::abs(wideA - wideB)));
        EXPECT_EQ(out[23], ~a ^ b);
        EXPECT_EQ(out[24], __builtin_ctz(c));
        EXPECT_EQ(uint32_t(out[25]), uint32_t((uint64_t(c) * 0x80000001u) >> 32));
    }
}

TEST_P(OpenCl, DivisionByZeroIsNoTrap) {
    std::vector<int32_t> out(26);
    int a = INT32_MIN, b = 0;
    uint32_t c = 0;
    Program program = compile("arithmetic", "integers");
    program.run({out.data(), &a, &b, &c});
    b = -1;
    program.run({out.data(), &a, &b, &c});
    EXPECT_EQ(out[4], 0);
}

TEST_P(OpenCl, VectorOperations) {
    alignas(16) float in[8] = {1, 2, 3, 4, 3, 0.5, 5, 7};
    alignas(16) float out[15][4] = {};
    float packed[9] = {0, 0, 0, 1, 2, 3, 0, 0, 0};
    compile("arithmetic", "vectors").run({out, in, packed});
    const float* a = in;
    const float* b = in + 4;
    const float dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3];
    EXPECT_THAT(out[0], ElementsAre(1 + 7, 2 + 5, 3.5f, 7));
    EXPECT_THAT(out[1], ElementsAre(-1, 3.5f, 1, 1));
    EXPECT_FLOAT_EQ(out[2][0], dot);
    EXPECT_FLOAT_EQ(out[2][1], std::sqrt(30.0f));
    EXPECT_FLOAT_EQ(out[2][2], std::sqrt(4 + 2.25f + 4 + 9));
    EXPECT_THAT(out[3], ElementsAre(2 * 5 - 3 * 0.5f, 3 * 3 - 1 * 5, 0.5f - 6, 1));
    EXPECT_FLOAT_EQ(out[4][3], 4 / std::sqrt(30.0f));
    EXPECT_THAT(out[5], ElementsAre(1, 2, 5, 7));
    EXPECT_THAT(out[6], ElementsAre(3, 2, 5, 7));
    EXPECT_THAT(out[7], ElementsAre(4, 3, 2, 1));
    EXPECT_THAT(packed, ElementsAre(0, 0, 0, 1, 2, 3, 3, 6, 9));
    EXPECT_THAT(out[8], ElementsAre(4, 2, 16, 29));
    EXPECT_THAT(out[9], ElementsAre(1.5f, 1.625f, 3.5f, 4.75f));
    EXPECT_THAT(out[10], ElementsAre(1, 2, 2, 2));
    EXPECT_THAT(out[11], ElementsAre(0.15625f, 0.5f, 0.84375f, 1));
    EXPECT_THAT(out[12], ElementsAre(1, 2, 3, 9));
    EXPECT_THAT(out[13], ElementsAre(0, -1, 0, -1)); // a[1] is 9 by then
    EXPECT_EQ(out[14][0], -1);
    EXPECT_FLOAT_EQ(out[14][1], 57.29578f);
    EXPECT_FLOAT_EQ(out[14][2], float(M_PI));
    EXPECT_EQ(out[14][3], 0);
}

TEST_P(OpenCl, Mathematics) {
    float out[20], x = 1.75f, y = -6.625f;
    compile("arithmetic", "mathematics").run({out, &x, &y});
    int exponent;
    const float mantissa = std::frexp(y, &exponent);
    EXPECT_EQ(out[0], std::exp(x));
    EXPECT_EQ(out[1], std::sin(x));
    EXPECT_EQ(out[2], std::pow(x, y));
    EXPECT_EQ(out[3], std::sqrt(x));
    EXPECT_EQ(out[4], x);
    EXPECT_EQ(out[5], 1);
    EXPECT_EQ(out[6], -7);
    EXPECT_EQ(out[7], std::fmod(y, x));
    EXPECT_EQ(out[8], mantissa);
    EXPECT_EQ(out[9], exponent);
    EXPECT_EQ(out[10], -0.625f);
    EXPECT_EQ(out[11], -6);
    EXPECT_EQ(out[12], std::sin(x));
    EXPECT_EQ(out[13], std::cos(x));
    EXPECT_EQ(out[14], std::pow(x, 3.0f));
    EXPECT_EQ(out[15], x);
    EXPECT_EQ(out[16], 3);
    EXPECT_EQ(out[17], 0); // inf - (-inf)
    EXPECT_EQ(out[18], x);
    EXPECT_EQ(out[19], std::atan2(y, x));
}

TEST_P(OpenCl, LoopsBreakContinueAndCalls) {
    int32_t out[2], n = 57;
    compile("control", "loops").run({out, &n});
    int sum = 0, calls = 0;
    for (int i = 0; i < n; ++i) {
        if (i % 7 == 3) {
            continue;
        }
        for (int j = i; j > 0; j /= 2) {
            sum += j ^ i;
            if (sum > 100000) {
                break;
            }
        }
        ++calls;
        sum += i % 3 == 0 ? i / 3 : i * 2 + 1;
    }
    for (int k = n; k > 0; k -= 3) {
        sum -= k;
    }
    EXPECT_THAT(out, ElementsAre(sum, calls));
}

TEST_P(OpenCl, SwitchWithFallThroughAndWideSelector) {
    int32_t in[] = {0, 1, -5, 1000000, 51, 4};
    int64_t out[6];
    compile("control", "choose").run({out, in}, {6, 1, 1});
    EXPECT_THAT(out, ElementsAre(10, 1025, 5, -1, 100, 2200));
}

TEST_P(OpenCl, WorkItemFunctions) {
    std::vector<uint64_t> out(2 * 3 * 4 * 2 * 8);
    compile("control", "positions").run({out.data()}, {2, 1, 2}, {2, 3, 2});
    // Group (1, 0, 1), local (1, 2, 0): global (3, 2, 2) of (4, 3, 4).
    const uint64_t* item = &out[(3 + 4 * (2 + 3 * 2)) * 8];
    EXPECT_EQ(item[0], 3u | 2u << 8 | 2u << 16);
    EXPECT_EQ(item[1], 1u | 2u << 8);
    EXPECT_EQ(item[2], 1u | 1u << 16);
    EXPECT_EQ(item[3], 4u | 3u << 8 | 4u << 16);
    EXPECT_EQ(item[4], 2u | 3u << 8 | 2u << 16);
    EXPECT_EQ(item[5], 2u | 1u << 8 | 2u << 16);
    EXPECT_EQ(item[6], 5u);
    EXPECT_EQ(item[7], 3u);
}

TEST_P(OpenCl, WorkgroupMemoryAndBarriers) {
    int32_t out[4], scratch[4];
    Import import = importKernel(load("control"), "synchronise");
    ASSERT_TRUE(import.module) << import.error.message;
    const std::string text = print(*import.module);
    EXPECT_THAT(text, testing::HasSubstr("addrspace(3) global"));
    EXPECT_THAT(text, testing::HasSubstr("call void @hy.barrier(i32 2, i32 2,"));
    EXPECT_TRUE(import.module->getFunction("synchronise")->isConvergent());
    EXPECT_TRUE(import.module->getFunction("synchronise")->hasFnAttribute("hy.kernel"));
    Program(std::move(import)).run({out, scratch}, {1, 1, 1}, {4, 1, 1});
    EXPECT_THAT(out, ElementsAre(0, 5, 10, 15));
}

struct Inner {
    char tag;
    double weight;
};
struct Record {
    char c;
    int32_t i;
    alignas(16) float v[4];
    int16_t s[3];
    Inner inner[2];
    uint8_t flag;
};
static_assert(sizeof(Record) == 80);

TEST_P(OpenCl, StructuresByValueAndByPointer) {
    Record in[2] = {{'a', 10, {1, 2, 3}, {4, 5, 6}, {{'x', 1}, {'y', 2}}, 1},
                    {'b', 20, {7, 8, 9}, {10, 11, 12}, {{'z', 3}, {'w', 4.25}}, 0}};
    Record given = {'g', 30, {0.5, 0.25, 0.125}, {13, 14, 15}, {{'q', 5}, {'r', 6}}, 1};
    Record out[2] = {};
    compile("memory", "records", false).run({out, in, &given});
    EXPECT_EQ(out[0].i, 30);
    EXPECT_EQ(out[0].inner[0].weight, 3);
    EXPECT_EQ(out[0].inner[1].weight, 8.5);
    EXPECT_EQ(out[0].inner[1].tag, 'w');
    EXPECT_THAT(out[0].s, ElementsAre(10, 11, 14));
    EXPECT_EQ(out[0].v[2], 3.125f);
    EXPECT_EQ(out[0].flag, 1);
    EXPECT_EQ(out[0].c, 'z');
    EXPECT_EQ(out[1].c, 'z');
    EXPECT_EQ(given.c, 'g') << "a kernel that writes its parameter must write a copy";
    EXPECT_EQ(out[1].i, 30);
    EXPECT_EQ(out[1].inner[0].tag, 'b');
    EXPECT_EQ(out[1].inner[0].weight, 2.5);
    EXPECT_EQ(out[1].inner[1].weight, 6);
}

TEST_P(OpenCl, PackedStructures) {
    struct __attribute__((packed)) Tight {
        char c;
        int32_t i;
        int16_t s;
    };
    Tight data[3] = {{'a', 1000, 1}, {'b', 2000, 2}, {'c', 3000, -3}};
    int32_t n = 3;
    compile("memory", "packing", false).run({data, &n});
    EXPECT_EQ(data[1].i, 2002);
    EXPECT_EQ(data[2].i, 2997);
    EXPECT_EQ(data[2].c, 2);
    EXPECT_EQ(data[2].s, -3);
}

TEST_P(OpenCl, PointerArithmeticWithNegativeIndices) {
    int32_t out[7];
    int32_t memory[8] = {100, 200, 300, 400, 0x01020304, 600, 700, 800};
    compile("memory", "pointers", false).run({out, memory + 4});
    const int table[8] = {3, 1, 4, 1, 5, 9, 2, 6};
    EXPECT_EQ(out[0], memory[4] + table[4] + memory[1] + table[1]);
    EXPECT_THAT(std::vector<int>(out + 1, out + 7), ElementsAre(100, 3, 400, 1, 3, 4));
}

TEST_P(OpenCl, GenericPointers) {
    int32_t out[2], in[4] = {10, 20, 30, 40};
    compile("memory", "generic_pointers", false).run({out, in});
    EXPECT_THAT(out, ElementsAre(10010, 11));
}

TEST_P(OpenCl, Atomics) {
    int32_t a[9] = {10, 11, 12, 13, 4, 5, 6, 7, 8};
    uint32_t u[1] = {5};
    int32_t out[13];
    compile("memory", "atomics", false).run({a, u, out});
    EXPECT_THAT(out, ElementsAre(10, 15, 11, 12, 13, 4, 5, 6, 5, 7, 4, 0x104, 77));
    EXPECT_THAT(a, ElementsAre(13, 77, 13, 12, 44, 5, -8, 0x105, 123));
    EXPECT_EQ(u[0], 0x80000000u);
}

TEST_P(OpenCl, HalfLoadsAndStores) {
    alignas(16) uint16_t h[16] = {0x3c00, 0x4000, 0x4200, 0x4400, 0x3800, 0x3800, 0xb800, 0x4900};
    float f[4] = {0, 1.0f + 0x1p-12f, -1.0f - 0x1p-12f, 0};
    compile("memory", "halves", false).run({h, f});
    EXPECT_EQ(f[0], 2.0f);
    EXPECT_THAT(std::vector<uint16_t>(h + 8, h + 12), ElementsAre(0x3c00, 0x3c00, 0xbc00, 0x4d00));
    EXPECT_EQ(h[12], 0x3c00); // towards zero
    EXPECT_EQ(h[13], 0x3c01); // up
    EXPECT_EQ(h[14], 0xbc01); // down
    EXPECT_EQ(h[15], 0xbc00); // nearest
    EXPECT_EQ(f[3], 0.5f - 0.5f + 10.0f - 5.0f);
}

TEST_P(OpenCl, Conversions) {
    float f[4] = {2.5f, -3.5f, 300.0f, std::numeric_limits<float>::infinity()};
    int32_t i[4] = {16777217, 16777219, -5, 0x12345};
    double d[1] = {1.0 + 0x1p-30};
    int32_t out[24];
    compile("numbers", "convert").run({out, f, i, d});
    EXPECT_THAT(std::vector<int32_t>(out, out + 8), ElementsAre(2, 2, 3, -4, 255, 127, INT32_MAX, 0));
    EXPECT_EQ(out[8], word(16777216.0f));
    EXPECT_EQ(out[9], word(16777218.0f));
    EXPECT_EQ(out[10], word(16777218.0f));
    EXPECT_EQ(out[11], word(16777216.0f));
    EXPECT_EQ(out[12], word(1.0f));
    EXPECT_EQ(out[13], word(std::nextafter(1.0f, 2.0f)));
    EXPECT_EQ(out[14], word(1.0f));
    EXPECT_THAT(std::vector<int32_t>(out + 15, out + 20), ElementsAre(0, 127, 32767, 0x45, 0x45));
    EXPECT_EQ(out[20], word(1.0f));
    EXPECT_EQ(bits(out[21]), 0x1p64f);
    const int64_t product = int64_t(i[0]) * 1000003;
    EXPECT_LE(bits(out[22]), double(product));
    EXPECT_GT(std::nextafter(bits(out[22]), INFINITY), double(product));
    EXPECT_EQ(out[23], int32_t(0x2345 | 1 << 16));
}

TEST_P(OpenCl, WideIntegersAndDoubles) {
    int64_t out[10], a = -0x123456789abcdefll, b = 977;
    double x = 12345.678;
    compile("numbers", "wide").run({out, &a, &b, &x});
    EXPECT_EQ(out[0], a * b);
    EXPECT_EQ(out[1], int64_t((__int128(a) * b) >> 64));
    EXPECT_EQ(out[2], a / b);
    const double square = x * x, converted = double(a);
    EXPECT_EQ(std::memcmp(&out[3], &square, 8), 0);
    EXPECT_EQ(out[4], 12345);
    EXPECT_EQ(std::memcmp(&out[5], &converted, 8), 0);
    EXPECT_EQ(out[6], 0);
    EXPECT_EQ(out[7], int64_t(uint64_t(a) << 13 | uint64_t(a) >> 51));
    EXPECT_EQ(out[8], INT64_MIN);
    EXPECT_EQ(out[9], 3);
}

TEST_P(OpenCl, NarrowIntegers) {
    int8_t c[3] = {-100};
    int16_t s[3] = {-3000};
    uint8_t v[4][4] = {{1, 60, 100, 200}};
    compile("numbers", "small").run({c, s, v});
    EXPECT_EQ(c[1], int8_t(-300));
    EXPECT_EQ(c[2], -50);
    EXPECT_EQ(s[1], 428);
    EXPECT_EQ(s[2], int16_t(-24000));
    EXPECT_THAT(v[1], ElementsAre(202, 220, uint8_t(260), uint8_t(401)));
    EXPECT_THAT(v[2], ElementsAre(201, 255, 255, 255));
    EXPECT_THAT(v[3], ElementsAre(1, 202, 201, 1));
}

} // namespace
} // namespace halyard::jit::test
