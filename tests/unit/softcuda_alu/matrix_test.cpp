// Products of matrices: the fragments are filled through wmmaFragment(), or as the PTX ISA lays mma.sync out, and the
// result is compared with a plain product.
#include "warp.h"

#include <bit>
#include <functional>
#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::testing {
namespace {

// Small whole numbers, which every type has exactly and whose sums no rounding touches.
int numberAt(uint32_t row, uint32_t column, bool isSigned) {
    const int value = static_cast<int>((row * 7 + column * 3) % 4);
    return isSigned && (row + column) % 3 == 0 ? -value : value;
}
uint64_t bitsOf(const std::string& type, int value) {
    const auto single = std::bit_cast<uint32_t>(static_cast<float>(value));
    if (type == "f32" || type == "tf32")
        return single;
    if (type == "bf16")
        return single >> 16;
    if (type == "f64")
        return std::bit_cast<uint64_t>(static_cast<double>(value));
    if (type == "f16") // exact for whole numbers of up to 11 bits
        return value == 0 ? 0 : (single >> 16 & 0x8000) | ((single >> 13 & 0x3ffff) - (112U << 10));
    const uint64_t mask = type == "s32" ? 0xffffffff : type[1] == '8' ? 0xff : 0xf;
    return static_cast<uint64_t>(static_cast<int64_t>(value)) & mask;
}
uint32_t widthOf(const std::string& type) {
    return type == "f64" ? 64 : type == "f16" || type == "bf16" ? 16 : type[1] == '8' ? 8 : type[1] == '4' ? 4 : 32;
}

using Layout = std::function<FragmentElement(uint32_t lane, uint32_t element)>;
using Registers = std::vector<Register>;

Registers fill(const std::string& type, uint32_t elements, const Layout& layout,
               const std::function<int(uint32_t, uint32_t)>& value) {
    const uint32_t width = widthOf(type), pack = width >= 32 ? 1 : 32 / width;
    Registers registers(elements / pack);
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        for (uint32_t i = 0; i < elements; ++i) {
            const FragmentElement at = layout(lane, i);
            registers[i / pack][lane] |= bitsOf(type, value(at.row, at.column)) << (i % pack * width);
        }
    return registers;
}

struct Problem {
    std::string form, a, b, c, d;
    uint32_t m, n, k;
};

void check(const Problem& problem, const Layout& layoutA, const Layout& layoutB, const Layout& layoutC,
           const Layout& layoutD, uint32_t elementsA, uint32_t elementsB) {
    const auto isSigned = [](const std::string& type) { return type[0] != 'u'; };
    const auto valueA = [&](uint32_t r, uint32_t c) { return numberAt(r, c, isSigned(problem.a)); };
    const auto valueB = [&](uint32_t r, uint32_t c) { return numberAt(c + 1, r, isSigned(problem.b)); };
    const auto valueC = [](uint32_t r, uint32_t c) { return numberAt(r + 2, c, true); };
    const auto product = [&](uint32_t r, uint32_t c) {
        int sum = valueC(r, c);
        for (uint32_t i = 0; i < problem.k; ++i)
            sum += valueA(r, i) * valueB(i, c);
        return sum;
    };
    const uint32_t elementsC = problem.m * problem.n / kWarp;
    Registers in = fill(problem.a, elementsA, layoutA, valueA);
    for (const Registers& more :
         {fill(problem.b, elementsB, layoutB, valueB), fill(problem.c, elementsC, layoutC, valueC)})
        in.insert(in.end(), more.begin(), more.end());
    const Registers expected = fill(problem.d, elementsC, layoutD, product);
    Alu alu;
    ASSERT_TRUE(find(problem.form, alu)) << problem.form;
    ASSERT_EQ(alu.sources, in.size()) << problem.form;
    ASSERT_EQ(alu.destinations, expected.size()) << problem.form;
    Registers out(expected.size());
    std::vector<const uint64_t*> sources;
    std::vector<uint64_t*> destinations;
    for (const Register& source : in)
        sources.push_back(source.data());
    for (Register& destination : out)
        destinations.push_back(destination.data());
    alu.run(destinations.data(), sources.data(), ~0U, alu.data);
    ASSERT_EQ(out, expected) << problem.form;
}

const FragmentElement* fragment(const std::string& what, const std::string& shape, const std::string& type,
                                uint32_t lane, uint32_t* count) {
    uint32_t bits = 0;
    const std::vector<std::string> modifiers = {
        what == "d" ? "store" : "load", what, "sync", "aligned", "row", shape, "global", type};
    const FragmentElement* const found = wmmaFragment(modifiers, lane, count, &bits);
    EXPECT_EQ(bits, widthOf(type));
    return found;
}

void checkWmma(const Problem& problem) {
    const std::string shape =
        "m" + std::to_string(problem.m) + "n" + std::to_string(problem.n) + "k" + std::to_string(problem.k);
    uint32_t countA = 0, countB = 0, countC = 0;
    const auto layout = [&](const char* what, const std::string& type) {
        return [=](uint32_t lane, uint32_t element) {
            uint32_t count = 0;
            return fragment(what, shape, type, lane, &count)[element];
        };
    };
    ASSERT_NE(fragment("a", shape, problem.a, 0, &countA), nullptr);
    ASSERT_NE(fragment("b", shape, problem.b, 31, &countB), nullptr);
    ASSERT_NE(fragment("c", shape, problem.c, 0, &countC), nullptr);
    EXPECT_EQ(countC, problem.m * problem.n / kWarp);
    check(problem, layout("a", problem.a), layout("b", problem.b), layout("c", problem.c), layout("d", problem.d),
          countA, countB);
}

TEST(Matrix, WmmaWithItsFragments) {
    const uint32_t shapes[][2] = {{16, 16}, {32, 8}, {8, 32}};
    for (const auto& [m, n] : shapes) {
        const std::string shape = "m" + std::to_string(m) + "n" + std::to_string(n) + "k16";
        for (const char* const layout : {"row.row", "row.col", "col.row", "col.col"}) {
            const std::string prefix = std::string("wmma.mma.sync.aligned.") + layout + "." + shape;
            for (const char* const c : {"f16", "f32"})
                for (const char* const d : {"f16", "f32"})
                    checkWmma({prefix + "." + d + "." + c, "f16", "f16", c, d, m, n, 16});
            checkWmma({prefix + ".f32.bf16.bf16.f32", "bf16", "bf16", "f32", "f32", m, n, 16});
            checkWmma({prefix + ".s32.s8.s8.s32", "s8", "s8", "s32", "s32", m, n, 16});
            checkWmma({prefix + ".s32.u8.u8.s32.satfinite", "u8", "u8", "s32", "s32", m, n, 16});
        }
    }
    checkWmma({"wmma.mma.sync.aligned.row.col.m16n16k8.f32.tf32.tf32.f32", "tf32", "tf32", "f32", "f32", 16, 16, 8});
    checkWmma({"wmma.mma.sync.aligned.row.col.m8n8k4.f64.f64.f64.f64", "f64", "f64", "f64", "f64", 8, 8, 4});
}

FragmentElement at(uint32_t row, uint32_t column) {
    return {static_cast<uint16_t>(row), static_cast<uint16_t>(column)};
}
FragmentElement accumulator(uint32_t lane, uint32_t i) {
    return at(lane / 4 + (i < 2 ? 0 : 8), lane % 4 * 2 + i % 2);
}

// The tables of the PTX ISA, one by one.
TEST(Matrix, MmaOf16Bits) {
    const auto a16 = [](uint32_t lane, uint32_t i) {
        const bool upper = i < 2 || (i >= 4 && i < 6);
        return at(lane / 4 + (upper ? 0 : 8), lane % 4 * 2 + i % 2 + (i >= 4 ? 8 : 0));
    };
    const auto b16 = [](uint32_t lane, uint32_t i) { return at(lane % 4 * 2 + i % 2 + (i >= 2 ? 8 : 0), lane / 4); };
    const auto a8 = [](uint32_t lane, uint32_t i) { return at(lane / 4 + (i < 2 ? 0 : 8), lane % 4 * 2 + i % 2); };
    const auto b8 = [](uint32_t lane, uint32_t i) { return at(lane % 4 * 2 + i, lane / 4); };
    const std::string k16 = "mma.sync.aligned.m16n8k16.row.col.", k8 = "mma.sync.aligned.m16n8k8.row.col.";
    for (const char* const c : {"f16", "f32"}) {
        const std::string types = std::string(c) + ".f16.f16." + c;
        check({k16 + types, "f16", "f16", c, c, 16, 8, 16}, a16, b16, accumulator, accumulator, 8, 4);
        check({k8 + types, "f16", "f16", c, c, 16, 8, 8}, a8, b8, accumulator, accumulator, 4, 2);
    }
    check({k16 + "f32.bf16.bf16.f32", "bf16", "bf16", "f32", "f32", 16, 8, 16}, a16, b16, accumulator, accumulator, 8,
          4);
    check({k8 + "f32.bf16.bf16.f32", "bf16", "bf16", "f32", "f32", 16, 8, 8}, a8, b8, accumulator, accumulator, 4, 2);
}

TEST(Matrix, MmaOf32And64Bits) {
    const auto a = [](uint32_t lane, uint32_t i) { return at(lane / 4 + i % 2 * 8, lane % 4 + i / 2 * 4); };
    const auto b = [](uint32_t lane, uint32_t i) { return at(lane % 4 + i * 4, lane / 4); };
    for (const uint32_t k : {4U, 8U})
        check({"mma.sync.aligned.m16n8k" + std::to_string(k) + ".row.col.f32.tf32.tf32.f32", "tf32", "tf32", "f32",
               "f32", 16, 8, k},
              a, b, accumulator, accumulator, k / 2, k / 4);
    for (const uint32_t k : {4U, 8U, 16U})
        check({"mma.sync.aligned.m16n8k" + std::to_string(k) + ".row.col.f64.f64.f64.f64", "f64", "f64", "f64", "f64",
               16, 8, k},
              a, b, accumulator, accumulator, k / 2, k / 4);
    check(
        {"mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64", "f64", "f64", "f64", "f64", 8, 8, 4},
        [](uint32_t lane, uint32_t) { return at(lane / 4, lane % 4); }, b, accumulator, accumulator, 1, 1);
}

TEST(Matrix, MmaOfIntegers) {
    for (const uint32_t bits : {8U, 4U})
        for (const char signA : {'s', 'u'})
            for (const char signB : {'s', 'u'}) {
                const uint32_t pack = 32 / bits;
                const std::string typeA = signA + std::to_string(bits), typeB = signB + std::to_string(bits);
                const std::string types = ".row.col.s32." + typeA + "." + typeB + ".s32";
                const auto b = [&](uint32_t lane, uint32_t i) {
                    return at(lane % 4 * pack + i % pack + i / pack * 4 * pack, lane / 4);
                };
                const auto small = [&](uint32_t lane, uint32_t i) { return at(lane / 4, lane % 4 * pack + i); };
                const auto large = [&](uint32_t lane, uint32_t i) {
                    return at(lane / 4 + i / pack % 2 * 8, lane % 4 * pack + i % pack + (i >= 2 * pack ? 4 * pack : 0));
                };
                const uint32_t k = 4 * pack;
                const auto name = [&](uint32_t m, uint32_t depth) {
                    return "mma.sync.aligned.m" + std::to_string(m) + "n8k" + std::to_string(depth) + types;
                };
                check({name(8, k), typeA, typeB, "s32", "s32", 8, 8, k}, small, b, accumulator, accumulator, pack,
                      pack);
                check({name(16, k), typeA, typeB, "s32", "s32", 16, 8, k}, large, b, accumulator, accumulator, 2 * pack,
                      pack);
                check({name(16, 2 * k), typeA, typeB, "s32", "s32", 16, 8, 2 * k}, large, b, accumulator, accumulator,
                      4 * pack, 2 * pack);
            }
}

TEST(Matrix, SumsWrapOrSaturate) {
    // All of A and B are the largest bytes: each sum is 16 * 255 * 255 above the accumulator.
    std::vector<uint64_t> tuple = {0xffffffff, 0xffffffff, 0x7fffffff, 0};
    const std::vector<std::vector<uint64_t>> warp(kWarp, tuple);
    const uint32_t sum = 16 * 255 * 255;
    EXPECT_EQ(runAll("mma.sync.aligned.m8n8k16.row.col.s32.u8.u8.s32", warp)[3],
              (std::vector<uint64_t>{0x7fffffffU + sum, sum}));
    EXPECT_EQ(runAll("mma.sync.aligned.m8n8k16.row.col.satfinite.s32.u8.u8.s32", warp)[3],
              (std::vector<uint64_t>{0x7fffffff, sum}));
}

// Rounded once: 2048 + 16 * (1/8) in f16 is 2050, where adding one after the other would stay at 2048.
TEST(Matrix, TheSumIsRoundedOnce) {
    const uint64_t one = 0x3c003c00, eighth = 0x30003000, big = 0x68006800;
    const std::vector<std::vector<uint64_t>> warp(kWarp, {one, one, one, one, eighth, eighth, big, big});
    EXPECT_EQ(runAll("mma.sync.aligned.m16n8k16.row.col.f16.f16.f16.f16", warp)[0],
              (std::vector<uint64_t>{0x68016801, 0x68016801}));
}

TEST(Matrix, UnknownFragmentsAreRefused) {
    uint32_t count = 0, bits = 0;
    const auto known = [&](const std::vector<std::string>& modifiers, uint32_t lane = 0) {
        return wmmaFragment(modifiers, lane, &count, &bits) != nullptr;
    };
    EXPECT_TRUE(known({"load", "a", "sync", "aligned", "row", "m16n16k16", "f16"}));
    EXPECT_EQ(count, 16U);
    EXPECT_TRUE(known({"load", "a", "sync", "aligned", "col", "m16n16k16", "shared", "f16"}));
    EXPECT_TRUE(known({"store", "d", "sync", "aligned", "row", "m8n32k16", "global", "f32"}));
    EXPECT_FALSE(known({"load", "a", "sync", "aligned", "row", "m16n16k16", "global", "f32"}));
    EXPECT_FALSE(known({"load", "c", "sync", "aligned", "row", "m16n16k16", "global", "bf16"}));
    EXPECT_FALSE(known({"load", "d", "sync", "aligned", "row", "m16n16k16", "global", "f32"}));
    EXPECT_FALSE(known({"store", "a", "sync", "aligned", "row", "m16n16k16", "global", "f16"}));
    EXPECT_FALSE(known({"load", "a", "sync", "aligned", "diagonal", "m16n16k16", "global", "f16"}));
    EXPECT_FALSE(known({"load", "a", "sync", "aligned", "row", "m16n16k32", "global", "f16"}));
    EXPECT_FALSE(known({"load", "a", "sync", "aligned", "row", "m16n16k16", "local", "f16"}));
    EXPECT_FALSE(known({"load", "a", "sync", "aligned", "row", "m16n16k16", "global", "f16"}, 32));
    EXPECT_FALSE(known({}));
}

TEST(Matrix, LoadedRowsAndTransposition) {
    uint32_t count = 0, bits = 0;
    const std::vector<std::string> plain = {"sync", "aligned", "m8n8", "x4", "shared", "b16"};
    const FragmentElement* found = wmmaFragment(plain, 13, &count, &bits);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(count, 8U);
    EXPECT_EQ(bits, 16U);
    EXPECT_EQ(found[5].row, 2 * 8 + 3);
    EXPECT_EQ(found[5].column, 3);
    const std::vector<std::string> swapped = {"sync", "aligned", "m8n8", "x1", "trans", "shared", "b16"};
    found = wmmaFragment(swapped, 13, &count, &bits);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(count, 2U);
    EXPECT_EQ(found[1].row, 3);
    EXPECT_EQ(found[1].column, 3);

    std::vector<std::vector<uint64_t>> rows;
    for (uint64_t lane = 0; lane < kWarp; ++lane)
        rows.push_back({(lane / 4 * 8 + lane % 4 * 2) | (lane / 4 * 8 + lane % 4 * 2 + 1) << 16});
    const auto columns = runAll("movmatrix.sync.aligned.m8n8.trans.b16", rows);
    for (uint64_t lane = 0; lane < kWarp; ++lane) {
        const uint64_t row = lane % 4 * 2, column = lane / 4;
        EXPECT_EQ(columns[lane][0], (row * 8 + column) | ((row + 1) * 8 + column) << 16);
    }
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
