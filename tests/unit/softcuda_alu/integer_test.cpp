// Integer arithmetic against 128-bit integers.
#include "warp.h"

#include <functional>
#include <gtest/gtest.h>

namespace halyard::softcuda::ptx::testing {
namespace {

using Int = __int128;

uint64_t maskOf(int bits) {
    return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}
Int valueOf(uint64_t bits, int width, bool isSigned) {
    bits &= maskOf(width);
    return isSigned && (bits >> (width - 1) & 1) != 0 ? static_cast<Int>(bits) - (static_cast<Int>(1) << width)
                                                      : static_cast<Int>(bits);
}
std::vector<uint64_t> edges(int width) {
    std::vector<uint64_t> values;
    for (const uint64_t value :
         {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{7}, uint64_t{100}, uint64_t{1} << (width / 2),
          (uint64_t{1} << (width / 2)) - 1, uint64_t{1} << (width - 1), uint64_t{0x123456789abcdef1}}) {
        values.push_back(value & maskOf(width));
        values.push_back((0 - value) & maskOf(width));
        values.push_back(~value & maskOf(width));
    }
    return values;
}

Int floorShift(Int value, int bits) {
    return value >> bits;
}

struct Type {
    std::string name;
    int width;
    bool isSigned;
};
std::vector<Type> types(std::initializer_list<int> widths) {
    std::vector<Type> all;
    for (const int width : widths)
        for (const bool isSigned : {false, true})
            all.push_back({(isSigned ? "s" : "u") + std::to_string(width), width, isSigned});
    return all;
}

// Compares `form` on all triples of edges (c only where it is read) with `expected`, cut to the result's width.
void check(const std::string& form, const Type& type, int resultWidth, size_t sources, int cWidth,
           const std::function<Int(Int, Int, Int)>& expected) {
    const std::vector<uint64_t> values = edges(type.width);
    std::vector<std::vector<uint64_t>> tuples;
    for (const uint64_t a : values)
        for (const uint64_t b : sources > 1 ? values : std::vector<uint64_t>{0})
            for (const uint64_t c : sources > 2 ? edges(cWidth) : std::vector<uint64_t>{0}) {
                tuples.push_back({a, b, c});
                tuples.back().resize(sources);
            }
    const auto results = runAll(form, tuples);
    for (size_t i = 0; i < tuples.size(); ++i) {
        tuples[i].resize(3);
        const Int a = valueOf(tuples[i][0], type.width, type.isSigned);
        const Int b = valueOf(tuples[i][1], type.width, type.isSigned);
        const Int c = valueOf(tuples[i][2], cWidth, type.isSigned);
        ASSERT_EQ(results[i][0], static_cast<uint64_t>(expected(a, b, c)) & maskOf(resultWidth))
            << form << std::hex << " " << tuples[i][0] << " " << tuples[i][1] << " " << tuples[i][2];
    }
}

Int clamp32(Int value) {
    const Int low = INT32_MIN, high = INT32_MAX;
    return value < low ? low : value > high ? high : value;
}
Int relu(Int value) {
    return value < 0 ? 0 : value;
}

TEST(Integer, TwoOperands) {
    for (const Type& type : types({16, 32, 64})) {
        const int width = type.width;
        const auto binary = [&](const std::string& op, const std::function<Int(Int, Int)>& expected) {
            check(op + "." + type.name, type, width, 2, width, [&](Int a, Int b, Int) { return expected(a, b); });
        };
        binary("add", [](Int a, Int b) { return a + b; });
        binary("sub", [](Int a, Int b) { return a - b; });
        // The product of two unsigned 64-bit numbers fills all 128 bits: shifted as unsigned there.
        binary("mul.lo", [](Int a, Int b) {
            return static_cast<Int>(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b));
        });
        binary("mul.hi", [&](Int a, Int b) {
            const unsigned __int128 product = static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b);
            return static_cast<Int>(product >> width);
        });
        binary("min", [](Int a, Int b) { return a < b ? a : b; });
        binary("max", [](Int a, Int b) { return a > b ? a : b; });
        // By zero: all ones, and the dividend.
        binary("div", [](Int a, Int b) { return b == 0 ? Int{-1} : a / b; });
        binary("rem", [](Int a, Int b) { return b == 0 ? a : a % b; });
    }
}

TEST(Integer, ThreeOperands) {
    for (const Type& type : types({16, 32, 64})) {
        const int width = type.width;
        check("sad." + type.name, type, width, 3, width,
              [](Int a, Int b, Int c) { return c + (a < b ? b - a : a - b); });
        check("mad.lo." + type.name, type, width, 3, width, [](Int a, Int b, Int c) {
            return static_cast<Int>(static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b) +
                                    static_cast<unsigned __int128>(c));
        });
        check("mad.hi." + type.name, type, width, 3, width, [&](Int a, Int b, Int c) {
            const unsigned __int128 product = static_cast<unsigned __int128>(a) * static_cast<unsigned __int128>(b);
            return static_cast<Int>((product >> width) + static_cast<unsigned __int128>(c));
        });
    }
    for (const Type& type : types({16, 32})) {
        const int width = type.width;
        check("mul.wide." + type.name, type, 2 * width, 2, width, [](Int a, Int b, Int) { return a * b; });
        check("mad.wide." + type.name, type, 2 * width, 3, 2 * width, [](Int a, Int b, Int c) { return a * b + c; });
    }
}

TEST(Integer, SaturationAndSigns) {
    const Type s32{"s32", 32, true};
    check("add.sat.s32", s32, 32, 2, 32, [](Int a, Int b, Int) { return clamp32(a + b); });
    check("sub.sat.s32", s32, 32, 2, 32, [](Int a, Int b, Int) { return clamp32(a - b); });
    check("mad.hi.sat.s32", s32, 32, 3, 32, [](Int a, Int b, Int c) { return clamp32(floorShift(a * b, 32) + c); });
    check("min.relu.s32", s32, 32, 2, 32, [](Int a, Int b, Int) { return relu(a < b ? a : b); });
    check("max.relu.s32", s32, 32, 2, 32, [](Int a, Int b, Int) { return relu(a > b ? a : b); });
    for (const Type& type : types({16, 32, 64}))
        if (type.isSigned) {
            check("neg." + type.name, type, type.width, 1, 32, [](Int a, Int, Int) { return -a; });
            check("abs." + type.name, type, type.width, 1, 32, [](Int a, Int, Int) { return a < 0 ? -a : a; });
        }
}

TEST(Integer, TwentyFourBits) {
    for (const Type& type : types({32})) {
        const auto low = [&](Int a) { return valueOf(static_cast<uint64_t>(a), 24, type.isSigned); };
        check("mul24.lo." + type.name, type, 32, 2, 32, [&](Int a, Int b, Int) { return low(a) * low(b); });
        check("mul24.hi." + type.name, type, 32, 2, 32, [&](Int a, Int b, Int) { return low(a) * low(b) >> 16; });
        check("mad24.lo." + type.name, type, 32, 3, 32, [&](Int a, Int b, Int c) { return low(a) * low(b) + c; });
        check("mad24.hi." + type.name, type, 32, 3, 32,
              [&](Int a, Int b, Int c) { return (low(a) * low(b) >> 16) + c; });
    }
}

// Sums and products of 128 bits out of chains, against the host's 128 bits.
TEST(Integer, CarryChains) {
    const std::vector<uint64_t> values = edges(64);
    for (const uint64_t low : values)
        for (const uint64_t high : values) {
            const uint64_t otherLow = high ^ 0x5555, otherHigh = low + 3;
            const auto wide = [](uint64_t l, uint64_t h) { return static_cast<unsigned __int128>(h) << 64 | l; };
            const unsigned __int128 sum = wide(low, high) + wide(otherLow, otherHigh);
            const auto first = runAll("add.cc.u64", {{low, otherLow}})[0];
            ASSERT_EQ(first[0], static_cast<uint64_t>(sum));
            const auto second = runAll("addc.cc.u64", {{high, otherHigh, first[1]}})[0];
            ASSERT_EQ(second[0], static_cast<uint64_t>(sum >> 64));
            ASSERT_EQ(second[1], sum < wide(low, high) ? 1U : 0U);
            ASSERT_EQ(run("addc.s64", {high, otherHigh, first[1]}), static_cast<uint64_t>(sum >> 64));

            const unsigned __int128 difference = wide(low, high) - wide(otherLow, otherHigh);
            const auto third = runAll("sub.cc.u64", {{low, otherLow}})[0];
            ASSERT_EQ(third[0], static_cast<uint64_t>(difference));
            const auto fourth = runAll("subc.cc.s64", {{high, otherHigh, third[1]}})[0];
            ASSERT_EQ(fourth[0], static_cast<uint64_t>(difference >> 64));
            ASSERT_EQ(fourth[1], wide(low, high) < wide(otherLow, otherHigh) ? 1U : 0U);

            const unsigned __int128 product = static_cast<unsigned __int128>(low) * high;
            const unsigned __int128 total = product + wide(otherLow, otherHigh);
            const auto fifth = runAll("mad.lo.cc.u64", {{low, high, otherLow}})[0];
            ASSERT_EQ(fifth[0], static_cast<uint64_t>(total));
            const auto sixth = runAll("madc.hi.cc.u64", {{low, high, otherHigh, fifth[1]}})[0];
            ASSERT_EQ(sixth[0], static_cast<uint64_t>(total >> 64));
            ASSERT_EQ(sixth[1], total < product ? 1U : 0U);
        }
    EXPECT_EQ(runAll("add.cc.u32", {{0xffffffff, 1}})[0], (std::vector<uint64_t>{0, 1}));
    EXPECT_EQ(runAll("sub.cc.s32", {{0, 1}})[0], (std::vector<uint64_t>{0xffffffff, 1}));
    Alu alu;
    ASSERT_TRUE(find("madc.hi.cc.u32", alu));
    EXPECT_TRUE(alu.readsCarry && alu.writesCarry);
    ASSERT_TRUE(find("add.u32", alu));
    EXPECT_FALSE(alu.readsCarry || alu.writesCarry);
}

TEST(Integer, PairsAndDotProducts) {
    EXPECT_EQ(run("add.u16x2", {0xffff0001, 0x00010002}), 0x00000003U);
    EXPECT_EQ(run("min.s16x2", {0x80000001, 0x7fffffff}), 0x8000ffffU);
    EXPECT_EQ(run("max.u16x2", {0x80000001, 0x7fffffff}), 0x8000ffffU);
    EXPECT_EQ(run("min.relu.s16x2", {0x80000005, 0x7fff0003}), 0x00000003U);
    EXPECT_EQ(run("dp4a.s32.s32", {0xff02807f, 0x0102ff01, 10}), 10U - 1 + 4 + 128 + 127);
    EXPECT_EQ(run("dp4a.u32.u32", {0xffffffff, 0xffffffff, 1}), 4U * 255 * 255 + 1);
    EXPECT_EQ(run("dp4a.u32.s32", {0xff000000, 0xff000000, 0}), static_cast<uint32_t>(-255));
    EXPECT_EQ(run("dp2a.lo.s32.s32", {0xffff0003, 0x7f7f0204, 0}), 3U * 4 - 2);
    EXPECT_EQ(run("dp2a.hi.u32.s32", {0xffff0003, 0xff02ffff, 0}), static_cast<uint32_t>(3 * 2 - 65535));
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
