// Bits: the PTX ISA's pseudo-code, bit by bit.
#include "warp.h"

#include <algorithm>
#include <array>
#include <gtest/gtest.h>
#include <random>

namespace halyard::softcuda::ptx::testing {
namespace {

bool bit(uint64_t value, int index) {
    return (value >> index & 1) != 0;
}
uint64_t maskOf(int width) {
    return width == 64 ? ~uint64_t{0} : (uint64_t{1} << width) - 1;
}

constexpr uint64_t kValues[] = {0,
                                1,
                                0x80000000,
                                0xffffffff,
                                0x12345678,
                                0xf0e1d2c3b4a59687,
                                ~uint64_t{0},
                                uint64_t{1} << 63,
                                0x7fffffffffffffff,
                                0xfffffffffffffffe};
constexpr uint32_t kAmounts[] = {0, 1, 5, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 255, 256, 0x80000000, 0xffffffff};

TEST(Bits, Shifts) {
    for (const int width : {16, 32, 64})
        for (const uint64_t value : kValues)
            for (const uint32_t amount : kAmounts) {
                const uint64_t a = value & maskOf(width);
                const bool all = amount >= static_cast<uint32_t>(width);
                const std::string w = std::to_string(width);
                const uint64_t sign = bit(a, width - 1) ? maskOf(width) : 0;
                EXPECT_EQ(run("shl.b" + w, {a, amount}), all ? 0 : (a << amount) & maskOf(width));
                EXPECT_EQ(run("shr.u" + w, {a, amount}), all ? 0 : a >> amount);
                EXPECT_EQ(run("shr.b" + w, {a, amount}), all ? 0 : a >> amount);
                EXPECT_EQ(run("shr.s" + w, {a, amount}),
                          all ? sign
                              : ((a >> amount) | (amount == 0 ? 0 : sign << (static_cast<uint32_t>(width) - amount))) &
                                    maskOf(width));
            }
    for (const uint32_t amount : kAmounts) {
        const uint64_t a = 0x12345678, b = 0x9abcdef0, both = b << 32 | a;
        const uint32_t clamp = std::min(amount, 32U), wrap = amount & 31;
        EXPECT_EQ(run("shf.l.clamp.b32", {a, b, amount}), both << clamp >> 32);
        EXPECT_EQ(run("shf.l.wrap.b32", {a, b, amount}), both << wrap >> 32);
        EXPECT_EQ(run("shf.r.clamp.b32", {a, b, amount}), both >> clamp & 0xffffffff);
        EXPECT_EQ(run("shf.r.wrap.b32", {a, b, amount}), both >> wrap & 0xffffffff);
    }
}

TEST(Bits, Fields) {
    for (const int width : {32, 64})
        for (const bool isSigned : {false, true})
            for (const uint64_t value : kValues)
                for (const uint32_t position : kAmounts)
                    for (const uint32_t length : kAmounts) {
                        const uint64_t a = value & maskOf(width);
                        const int top = width - 1, pos = position & 0xff, len = length & 0xff;
                        const bool fill = isSigned && len != 0 && bit(a, std::min(pos + len - 1, top));
                        uint64_t extracted = 0, inserted = 0x0123456789abcdef & maskOf(width);
                        const uint64_t base = inserted;
                        for (int i = 0; i <= top; ++i)
                            if (i < len && pos + i <= top ? bit(a, pos + i) : fill)
                                extracted |= uint64_t{1} << i;
                        for (int i = 0; i < len && pos + i <= top; ++i)
                            inserted =
                                (inserted & ~(uint64_t{1} << (pos + i))) | (bit(a, i) ? uint64_t{1} << (pos + i) : 0);
                        const std::string w = std::to_string(width);
                        ASSERT_EQ(run((isSigned ? "bfe.s" : "bfe.u") + w, {a, position, length}), extracted)
                            << std::hex << a << " " << position << " " << length;
                        ASSERT_EQ(run("bfi.b" + w, {a, base, position, length}), inserted);
                    }
}

TEST(Bits, CountingAndFinding) {
    for (const int width : {32, 64})
        for (const uint64_t value : kValues) {
            const uint64_t a = value & maskOf(width);
            const std::string w = std::to_string(width);
            uint64_t ones = 0, reversed = 0, top = 0xffffffff, topSigned = 0xffffffff;
            for (int i = 0; i < width; ++i) {
                ones += bit(a, i);
                reversed |= bit(a, i) ? uint64_t{1} << (width - 1 - i) : 0;
                if (bit(a, i))
                    top = static_cast<uint64_t>(i);
                if (bit(a, i) != bit(a, width - 1))
                    topSigned = static_cast<uint64_t>(i);
            }
            // Of a number that is not negative, bfind looks for ones all the same.
            const auto last = static_cast<uint64_t>(width - 1);
            const auto shift = [&](uint64_t found) { return found == 0xffffffff ? found : last - found; };
            EXPECT_EQ(run("popc.b" + w, {a}), ones);
            EXPECT_EQ(run("clz.b" + w, {a}), a == 0 ? static_cast<uint64_t>(width) : last - top);
            EXPECT_EQ(run("brev.b" + w, {a}), reversed);
            EXPECT_EQ(run("bfind.u" + w, {a}), top);
            EXPECT_EQ(run("bfind.s" + w, {a}), topSigned);
            EXPECT_EQ(run("bfind.shiftamt.u" + w, {a}), shift(top));
            EXPECT_EQ(run("bfind.shiftamt.s" + w, {a}), shift(topSigned));
            EXPECT_EQ(run("cnot.b" + w, {a}), a == 0 ? 1U : 0U);
            EXPECT_EQ(run("not.b" + w, {a}), ~a & maskOf(width));
        }
    EXPECT_EQ(run("fns.b32", {0b101101, 0, 1}), 0U);
    EXPECT_EQ(run("fns.b32", {0b101101, 0, 3}), 3U);
    EXPECT_EQ(run("fns.b32", {0b101101, 5, 0xfffffffe}), 3U); // the second downwards
    EXPECT_EQ(run("fns.b32", {0b101101, 1, 0}), 0xffffffffU);
    EXPECT_EQ(run("fns.b32", {0b101101, 0, 5}), 0xffffffffU);
}

TEST(Bits, ExtensionAndMasks) {
    EXPECT_EQ(run("szext.wrap.s32", {0x000000ff, 8}), 0xffffffffU);
    EXPECT_EQ(run("szext.wrap.u32", {0xffffffff, 8}), 0xffU);
    EXPECT_EQ(run("szext.wrap.s32", {0x1234, 32}), 0U);
    EXPECT_EQ(run("szext.clamp.s32", {0x1234, 32}), 0x1234U);
    EXPECT_EQ(run("szext.clamp.u32", {0xffffffff, 0}), 0U);
    EXPECT_EQ(run("bmsk.clamp.b32", {4, 8}), 0xff0U);
    EXPECT_EQ(run("bmsk.clamp.b32", {28, 8}), 0xf0000000U);
    EXPECT_EQ(run("bmsk.clamp.b32", {32, 8}), 0U);
    EXPECT_EQ(run("bmsk.clamp.b32", {0, 40}), 0xffffffffU);
    EXPECT_EQ(run("bmsk.wrap.b32", {33, 34}), 0x6U);
    EXPECT_EQ(run("bmsk.wrap.b32", {5, 0}), 0U);
}

TEST(Bits, Permutations) {
    const uint64_t a = 0x83828180, b = 0x07060504;
    EXPECT_EQ(run("prmt.b32", {a, b, 0x7510}), 0x07058180U);
    EXPECT_EQ(run("prmt.b32", {a, b, 0xf8a3}), 0x00ffff83U); // signs of bytes 7, 0, 2
    // Bytes named 7 to 0 as the ISA's table lists them.
    const std::pair<const char*, std::array<uint64_t, 4>> modes[] = {
        {"f4e", {0x83828180, 0x04838281, 0x05048382, 0x06050483}},
        {"b4e", {0x05060780, 0x06078081, 0x07808182, 0x80818283}},
        {"rc8", {0x80808080, 0x81818181, 0x82828282, 0x83838383}},
        {"ecl", {0x83828180, 0x83828181, 0x83828282, 0x83838383}},
        {"ecr", {0x80808080, 0x81818180, 0x82828180, 0x83828180}},
        {"rc16", {0x81808180, 0x83828382, 0x81808180, 0x83828382}}};
    for (const auto& [mode, expected] : modes)
        for (uint64_t c = 0; c < 4; ++c)
            EXPECT_EQ(run(std::string("prmt.b32.") + mode, {a, b, c + 0x100}), expected[c]) << mode << c;
}

TEST(Bits, LogicOfThree) {
    std::mt19937_64 random(5);
    for (uint64_t table = 0; table < 256; ++table) {
        const uint64_t a = random() & 0xffffffff, b = random() & 0xffffffff, c = random() & 0xffffffff;
        uint64_t expected = 0;
        for (int i = 0; i < 32; ++i)
            if (bit(table, (bit(a, i) ? 4 : 0) + (bit(b, i) ? 2 : 0) + (bit(c, i) ? 1 : 0)))
                expected |= uint64_t{1} << i;
        ASSERT_EQ(run("lop3.b32", {a, b, c, table}), expected);
        ASSERT_EQ(runAll("lop3.or.b32", {{a, b, c, table, 0}})[0], (std::vector<uint64_t>{expected, expected != 0}));
        ASSERT_EQ(runAll("lop3.and.b32", {{a, b, c, table, 0}})[0], (std::vector<uint64_t>{expected, 0}));
    }
    // 0xf0, 0xcc and 0xaa are a, b and c.
    EXPECT_EQ(run("lop3.b32", {0x1234, 0x5678, 0x9abc, 0xf0 & 0xcc}), 0x1234U & 0x5678U);
    EXPECT_EQ(run("and.pred", {1, 0}), 0U);
    EXPECT_EQ(run("not.pred", {1}), 0U);
    EXPECT_EQ(run("xor.b16", {0xffff, 0x0f0f}), 0xf0f0U);
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
