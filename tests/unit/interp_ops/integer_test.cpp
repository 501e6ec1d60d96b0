// Integer operations against arithmetic on numbers without bounds.
#include "bench.h"

#include <functional>
#include <optional>

using namespace halyard::interp::test;
using halyard::interp::Cell;

namespace {

using Big = __int128;
using Expected = std::optional<Big>; // empty: undefined

struct Case {
    const char* opcode;
    bool isSigned;
    std::function<Expected(Big, Big)> expected;
};

constexpr int kWidths[] = {8, 16, 32, 64};

Big value(uint64_t bits, int width, bool isSigned) {
    const Big all = Big{1} << width;
    const Big positive = static_cast<Big>(bits) % all;
    return isSigned && positive >= all / 2 ? positive - all : positive;
}

uint64_t wrap(Big number, int width) {
    const Big all = Big{1} << width;
    return static_cast<uint64_t>(((number % all) + all) % all);
}

std::vector<uint64_t> samples(int width) {
    const uint64_t mask = width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
    std::vector<uint64_t> all;
    for (const uint64_t bits : {uint64_t{0}, uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{7}, uint64_t{0x5a}, mask,
                                mask - 1, mask >> 1, (mask >> 1) + 1, (mask >> 1) - 1, uint64_t{0x123456789abcdef0}})
        all.push_back(bits & mask);
    return all;
}

Expected divided(Big a, Big b, Big result) {
    (void)a;
    return b == 0 ? Expected{} : Expected{result};
}

const Case kBinary[] = {
    {"OpIAdd", false, [](Big a, Big b) { return a + b; }},
    {"OpISub", false, [](Big a, Big b) { return a - b; }},
    {"OpIMul", true, [](Big a, Big b) { return a * b; }},
    {"OpUDiv", false, [](Big a, Big b) { return divided(a, b, b == 0 ? 0 : a / b); }},
    {"OpUMod", false, [](Big a, Big b) { return divided(a, b, b == 0 ? 0 : a % b); }},
    {"OpBitwiseXor", false, [](Big a, Big b) { return a ^ b; }},
    {"OpBitwiseAnd", false, [](Big a, Big b) { return a & b; }},
    {"OpBitwiseOr", false, [](Big a, Big b) { return a | b; }},
    {"cl s_hadd", true, [](Big a, Big b) { return (a + b - (((a + b) % 2 + 2) % 2)) / 2; }},
    {"cl u_rhadd", false, [](Big a, Big b) { return (a + b + 1) / 2; }},
    {"cl s_max", true, [](Big a, Big b) { return a > b ? a : b; }},
    {"cl u_min", false, [](Big a, Big b) { return a < b ? a : b; }},
    {"cl s_abs_diff", true, [](Big a, Big b) { return a > b ? a - b : b - a; }},
    {"glsl SMin", true, [](Big a, Big b) { return a < b ? a : b; }},
    {"glsl UMax", false, [](Big a, Big b) { return a > b ? a : b; }},
};

} // namespace

TEST(InterpInteger, BinaryOperationsAtEveryWidth) {
    for (const Case& c : kBinary) {
        for (const int width : kWidths) {
            const std::string type = "u" + std::to_string(width);
            Bench bench(c.opcode, type, {type, type});
            for (const uint64_t a : samples(width)) {
                for (const uint64_t b : samples(width)) {
                    const Expected expected = c.expected(value(a, width, c.isSigned), value(b, width, c.isSigned));
                    const Cell cell = bench.scalar({a, b});
                    ASSERT_EQ(cell.undefined, !expected) << c.opcode << " " << width << " " << a << " " << b;
                    if (expected) {
                        ASSERT_EQ(cell.bits, wrap(*expected, width))
                            << c.opcode << " " << width << " " << a << " " << b;
                    }
                }
            }
        }
    }
}

TEST(InterpInteger, SignedDivisionRoundsTowardsZeroAndItsOverflowIsUndefined) {
    for (const int width : kWidths) {
        const std::string type = "u" + std::to_string(width);
        Bench divide("OpSDiv", type, {type, type});
        Bench remainder("OpSRem", type, {type, type});
        Bench modulo("OpSMod", type, {type, type});
        const Big lowest = -(Big{1} << (width - 1));
        for (const uint64_t a : samples(width)) {
            for (const uint64_t b : samples(width)) {
                const Big x = value(a, width, true);
                const Big y = value(b, width, true);
                if (y == 0 || (x == lowest && y == -1)) {
                    EXPECT_TRUE(divide.scalar({a, b}).undefined);
                    EXPECT_TRUE(remainder.scalar({a, b}).undefined);
                    EXPECT_TRUE(modulo.scalar({a, b}).undefined);
                    continue;
                }
                // By the identity x = q y + r, with |r| < |y| and r's sign that of x (rem) or y (mod).
                const Big q = value(divide.scalar({a, b}).bits, width, true);
                const Big r = value(remainder.scalar({a, b}).bits, width, true);
                const Big m = value(modulo.scalar({a, b}).bits, width, true);
                EXPECT_TRUE(q * y + r == x);
                EXPECT_TRUE((r < 0 ? -r : r) < (y < 0 ? -y : y));
                EXPECT_TRUE(r == 0 || (r < 0) == (x < 0));
                EXPECT_TRUE(m == 0 || (m < 0) == (y < 0));
                EXPECT_TRUE((x - m) % y == 0 && (m < 0 ? -m : m) < (y < 0 ? -y : y));
            }
        }
    }
}

TEST(InterpInteger, ShiftsByTheWidthAreUndefined) {
    for (const int width : kWidths) {
        const std::string type = "u" + std::to_string(width);
        Bench left("OpShiftLeftLogical", type, {type, "u32"});
        Bench right("OpShiftRightLogical", type, {type, "u32"});
        Bench arithmetic("OpShiftRightArithmetic", type, {type, "u32"});
        for (const uint64_t a : samples(width)) {
            Big power = 1;
            for (uint64_t by = 0; by < static_cast<uint64_t>(width); ++by, power *= 2) {
                EXPECT_EQ(left.scalar({a, by}).bits, wrap(static_cast<Big>(a) * power, width));
                EXPECT_EQ(right.scalar({a, by}).bits, wrap(static_cast<Big>(a) / power, width));
                const Big x = value(a, width, true);
                const Big floored = x / power - (x % power != 0 && x < 0 ? 1 : 0);
                EXPECT_EQ(arithmetic.scalar({a, by}).bits, wrap(floored, width));
            }
            for (const uint64_t by : {static_cast<uint64_t>(width), uint64_t{255}, uint64_t{0xffffffff}}) {
                EXPECT_TRUE(left.scalar({a, by}).undefined);
                EXPECT_TRUE(right.scalar({a, by}).undefined);
                EXPECT_TRUE(arithmetic.scalar({a, by}).undefined);
            }
        }
    }
}

TEST(InterpInteger, BitFieldsBitByBit) {
    Bench insert("OpBitFieldInsert", "u32", {"u32", "u32", "u32", "u32"});
    Bench extractU("OpBitFieldUExtract", "u32", {"u32", "u32", "u32"});
    Bench extractS("OpBitFieldSExtract", "u32", {"u32", "u32", "u32"});
    const uint64_t base = 0x9abcdef0;
    const uint64_t with = 0x6f5e4d3c;
    for (uint64_t offset = 0; offset <= 33; ++offset) {
        for (uint64_t count = 0; count <= 33; ++count) {
            const Cell inserted = insert.scalar({base, with, offset, count});
            const Cell u = extractU.scalar({base, offset, count});
            const Cell s = extractS.scalar({base, offset, count});
            if (offset + count > 32) {
                EXPECT_TRUE(inserted.undefined && u.undefined && s.undefined);
                continue;
            }
            uint64_t expected = 0, field = 0;
            for (uint64_t bit = 0; bit < 32; ++bit) {
                const bool inside = bit >= offset && bit < offset + count;
                expected |= (inside ? with >> (bit - offset) & 1 : base >> bit & 1) << bit;
                if (inside)
                    field |= (base >> bit & 1) << (bit - offset);
            }
            EXPECT_EQ(inserted.bits, expected);
            EXPECT_EQ(u.bits, field);
            const bool negative = count != 0 && (field >> (count - 1) & 1) != 0;
            EXPECT_EQ(s.bits, wrap(static_cast<Big>(field) - (negative ? Big{1} << count : 0), 32));
        }
    }
    EXPECT_EQ(Bench("OpBitReverse", "u16", {"u16"}).scalar({0x1234}).bits, 0x2c48U);
    EXPECT_EQ(Bench("OpBitCount", "u32", {"u64"}).scalar({0xf0f0f0f0f0f0f0f1}).bits, 33U);
}

TEST(InterpInteger, CarriesBorrowsAndWideProducts) {
    Bench add("OpIAddCarry", "pair32", {"u32", "u32"});
    Bench sub("OpISubBorrow", "pair32", {"u32", "u32"});
    Bench mul("OpUMulExtended", "pair64", {"u64", "u64"});
    Bench smul("OpSMulExtended", "pair32", {"u32", "u32"});
    Bench bytes("OpSMulExtended", "pair8x4", {"u8x4", "u8x4"});
    for (const uint64_t a : samples(32)) {
        for (const uint64_t b : samples(32)) {
            const Big sum = static_cast<Big>(a) + static_cast<Big>(b);
            EXPECT_EQ(add.bits({{a}, {b}}), (std::vector<uint64_t>{wrap(sum, 32), static_cast<uint64_t>(sum >> 32)}));
            const Big difference = static_cast<Big>(a) - static_cast<Big>(b);
            EXPECT_EQ(sub.bits({{a}, {b}}), (std::vector<uint64_t>{wrap(difference, 32), difference < 0 ? 1U : 0U}));
            const Big product = value(a, 32, true) * value(b, 32, true);
            EXPECT_EQ(smul.bits({{a}, {b}}), (std::vector<uint64_t>{wrap(product, 32), wrap(product >> 32, 32)}));
        }
    }
    EXPECT_EQ(mul.bits({{~uint64_t{0}}, {~uint64_t{0}}}), (std::vector<uint64_t>{1, ~uint64_t{1}}));
    EXPECT_EQ(bytes.bits({{0x80, 0xff, 2, 0x7f}, {0x80, 0xff, 0xff, 0x7f}}),
              (std::vector<uint64_t>{0x00, 0x01, 0xfe, 0x01, 0x40, 0x00, 0xff, 0x3f}));
}

TEST(InterpInteger, SaturationAndHighHalves) {
    for (const int width : kWidths) {
        const std::string type = "u" + std::to_string(width);
        Bench addS("cl s_add_sat", type, {type, type});
        Bench subU("cl u_sub_sat", type, {type, type});
        Bench hiS("cl s_mul_hi", type, {type, type});
        Bench madS("cl s_mad_sat", type, {type, type, type});
        Bench madU("cl u_mad_sat", type, {type, type, type});
        const Big high = (Big{1} << (width - 1)) - 1;
        const Big low = -high - 1;
        const auto clamp = [](Big x, Big a, Big b) { return x < a ? a : x > b ? b : x; };
        for (const uint64_t a : samples(width)) {
            for (const uint64_t b : samples(width)) {
                const Big x = value(a, width, true);
                const Big y = value(b, width, true);
                EXPECT_EQ(addS.scalar({a, b}).bits, wrap(clamp(x + y, low, high), width));
                EXPECT_EQ(subU.scalar({a, b}).bits, a < b ? 0 : a - b);
                EXPECT_EQ(hiS.scalar({a, b}).bits, wrap((x * y) >> width, width));
                EXPECT_EQ(madS.scalar({a, b, 5}).bits, wrap(clamp(x * y + 5, low, high), width));
                if (width < 64) {
                    EXPECT_EQ(
                        madU.scalar({a, b, 5}).bits,
                        wrap(clamp(static_cast<Big>(a) * static_cast<Big>(b) + 5, 0, (Big{1} << width) - 1), width));
                }
            }
        }
    }
    EXPECT_EQ(Bench("cl u_mad_sat", "u64", {"u64", "u64", "u64"}).scalar({~0ULL, ~0ULL, ~0ULL}).bits, ~0ULL);
    EXPECT_EQ(Bench("cl u_mul_hi", "u64", {"u64", "u64"}).scalar({~0ULL, ~0ULL}).bits, ~1ULL);
    EXPECT_EQ(Bench("cl rotate", "u8", {"u8", "u8"}).scalar({0x81, 9}).bits, 0x03U);
    EXPECT_EQ(Bench("cl clz", "u16", {"u16"}).scalar({0x00ff}).bits, 8U);
    EXPECT_EQ(Bench("cl clz", "u64", {"u64"}).scalar({0}).bits, 64U);
    EXPECT_EQ(Bench("cl ctz", "u8", {"u8"}).scalar({0}).bits, 8U);
    EXPECT_EQ(Bench("cl u_upsample", "u16", {"u8", "u8"}).scalar({0xff, 0x01}).bits, 0xff01U);
    EXPECT_EQ(Bench("cl s_mul24", "u32", {"u32", "u32"}).scalar({0xffffffff, 0x7fffff}).bits, 0xff800001U);
    EXPECT_TRUE(Bench("cl s_mul24", "u32", {"u32", "u32"}).scalar({0x800000, 1}).undefined);
}

TEST(InterpInteger, DotProducts) {
    Bench packed("OpSDotKHR", "u32", {"u32", "u32"}, "PackedVectorFormat4x8BitKHR");
    // (-1)(2) + 3*(-4) + 127*127 + (-128)(-128)
    EXPECT_EQ(packed.scalar({0x807f03ff, 0x807ffc02}).bits, wrap(-2 - 12 + 16129 + 16384, 32));
    Bench mixed("OpSUDotKHR", "u32", {"u8x4", "u8x4"});
    EXPECT_EQ(mixed.bits({{0xff, 1, 0, 0}, {0xff, 1, 0, 0}})[0], wrap(-255 + 1, 32));
    Bench narrow("OpUDotKHR", "u8", {"u8x4", "u8x4"});
    EXPECT_EQ(narrow.bits({{200, 200, 200, 200}, {2, 2, 2, 2}})[0], wrap(1600, 8));
    Bench saturated("OpSDotAccSatKHR", "u32", {"u32", "u32", "u32"}, "PackedVectorFormat4x8BitKHR");
    EXPECT_EQ(saturated.scalar({0x7f7f7f7f, 0x7f7f7f7f, 0x7fffffff}).bits, 0x7fffffffU);
    EXPECT_EQ(saturated.scalar({0x80808080, 0x7f7f7f7f, 0x80000000}).bits, 0x80000000U);
    EXPECT_EQ(saturated.scalar({0x01010101, 0x01010101, 5}).bits, 9U);
}

TEST(InterpInteger, BitNumbersOfGlsl) {
    Bench lowest("glsl FindILsb", "u32", {"u32"});
    Bench highest("glsl FindUMsb", "u32", {"u32"});
    Bench highestSigned("glsl FindSMsb", "u32", {"u32"});
    EXPECT_EQ(lowest.scalar({0}).bits, 0xffffffffU);
    EXPECT_EQ(highest.scalar({0}).bits, 0xffffffffU);
    EXPECT_EQ(highestSigned.scalar({0}).bits, 0xffffffffU);
    EXPECT_EQ(highestSigned.scalar({0xffffffff}).bits, 0xffffffffU);
    EXPECT_EQ(highestSigned.scalar({0xfffffffe}).bits, 0U);
    EXPECT_EQ(highestSigned.scalar({0x80000000}).bits, 30U);
    for (uint64_t bit = 0; bit < 32; ++bit) {
        EXPECT_EQ(lowest.scalar({0xffffffff & (0xffffffff << bit)}).bits, bit);
        EXPECT_EQ(highest.scalar({uint64_t{1} << bit | 1}).bits, bit);
    }
}

TEST(InterpInteger, UndefinedOperandsGoThrough) {
    const Cell undefined{0, true};
    Bench add("OpIAdd", "u32x2", {"u32x2", "u32x2"});
    const auto sum = add.run({{undefined, {1, false}}, {{2, false}, {3, false}}});
    EXPECT_TRUE(sum[0].undefined);
    EXPECT_FALSE(sum[1].undefined);
    EXPECT_EQ(sum[1].bits, 4U);
    Bench both("OpBitwiseAnd", "u32", {"u32", "u32"});
    EXPECT_FALSE(both.run({{undefined}, {{0, false}}})[0].undefined);
    EXPECT_TRUE(both.run({{undefined}, {{1, false}}})[0].undefined);
    Bench logical("OpLogicalOr", "bool", {"bool", "bool"});
    EXPECT_EQ(logical.run({{undefined}, {{1, false}}})[0].bits, 1U);
    EXPECT_TRUE(logical.run({{undefined}, {{0, false}}})[0].undefined);
    Bench select("OpSelect", "u32", {"bool", "u32", "u32"});
    EXPECT_FALSE(select.run({{{0, false}}, {undefined}, {{7, false}}})[0].undefined);
    EXPECT_TRUE(select.run({{undefined}, {{1, false}}, {{1, false}}})[0].undefined);
}
