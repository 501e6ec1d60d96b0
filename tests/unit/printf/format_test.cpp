#include "printf/record.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstring>

namespace halyard::printf {
namespace {

Argument integer(uint64_t bits, uint32_t bytes = 4) {
    return {Argument::Kind::Integer, bytes, {bits}, ""};
}
Argument real(double value) {
    return {Argument::Kind::Float, 8, {std::bit_cast<uint64_t>(value)}, ""};
}
Argument text(std::string value) {
    return {Argument::Kind::Text, 8, {}, std::move(value)};
}
std::string format(std::string_view pattern, std::vector<Argument> arguments = {}) {
    return formatText(pattern, arguments);
}

TEST(Format, PlainTextAndPercent) {
    EXPECT_EQ(format(""), "");
    EXPECT_EQ(format("100%%\n"), "100%\n");
}

TEST(Format, IntegersOfEverySize) {
    EXPECT_EQ(format("%d %i", {integer(0xffffffff), integer(7)}), "-1 7");
    EXPECT_EQ(format("%u %x %X %o", {integer(0xffffffff), integer(0xbeef), integer(0xbeef), integer(8)}),
              "4294967295 beef BEEF 10");
    EXPECT_EQ(format("%ld %lu %ul", {integer(~0ull, 8), integer(~0ull, 8), integer(1ull << 40, 8)}),
              "-1 18446744073709551615 1099511627776");
    EXPECT_EQ(format("%hhd %hd", {integer(0x1ff), integer(0x18000)}), "-1 -32768");
    EXPECT_EQ(format("%d", {integer(0x80, 1)}), "-128");
    EXPECT_EQ(format("[%5d|%-5d|%05d|%+d|%.3d]", {integer(42), integer(42), integer(42), integer(42), integer(7)}),
              "[   42|42   |00042|+42|007]");
    EXPECT_EQ(format("%c%c", {integer('o'), integer('k')}), "ok");
}

TEST(Format, Floats) {
    EXPECT_EQ(format("%f %.2e %g %a", {real(1.5), real(12345.678), real(0.0001), real(1.0)}),
              "1.500000 1.23e+04 0.0001 0x1p+0");
    const Argument single{Argument::Kind::Float, 4, {std::bit_cast<uint32_t>(-2.25f)}, ""};
    const Argument half{Argument::Kind::Float, 2, {0x3e00}, ""}; // 1.5
    const Argument tiny{Argument::Kind::Float, 2, {0x8001}, ""}; // -2^-24
    const Argument infinite{Argument::Kind::Float, 2, {0x7c00}, ""};
    EXPECT_EQ(format("%g %g %g %g", {single, half, tiny, infinite}), "-2.25 1.5 -5.96046e-08 inf");
}

TEST(Format, Vectors) {
    const Argument floats{Argument::Kind::Float,
                          4,
                          {std::bit_cast<uint32_t>(1.f), std::bit_cast<uint32_t>(2.f), std::bit_cast<uint32_t>(3.f),
                           std::bit_cast<uint32_t>(4.f)},
                          ""};
    EXPECT_EQ(format("%v4hlf", {floats}), "1.000000,2.000000,3.000000,4.000000");
    EXPECT_EQ(format("%2.1v4f", {floats}), "1.0,2.0,3.0,4.0");
    const Argument bytes{Argument::Kind::Integer, 1, {0xff, 1}, ""};
    EXPECT_EQ(format("%v2hhd %v2hhx", {bytes, bytes}), "-1,1 ff,1");
}

TEST(Format, StringsAndPointers) {
    EXPECT_EQ(format("<%s> <%6s> <%.2s>", {text("abc"), text("abc"), text("abc")}), "<abc> <   abc> <ab>");
    EXPECT_EQ(format("%p", {{Argument::Kind::Pointer, 8, {0x1234}, ""}}), "0x1234");
}

TEST(Format, WhatDoesNotFitStandsForItself) {
    EXPECT_EQ(format("%d"), "%d");
    EXPECT_EQ(format("%d", {real(1)}), "%d");
    EXPECT_EQ(format("%f", {integer(1)}), "%f");
    EXPECT_EQ(format("%s", {integer(1)}), "%s");
    EXPECT_EQ(format("%v4d", {integer(1)}), "%v4d");
    EXPECT_EQ(format("%v5d %", {integer(1)}), "%v5d %");
    EXPECT_EQ(format("%n %q", {integer(1)}), "%n %q");
    EXPECT_EQ(format("%99999999999d", {integer(1)}).size(), 4096u);
}

std::vector<uint8_t> entry(uint32_t kind, uint16_t bytes, uint16_t count, std::vector<uint64_t> words) {
    std::vector<uint8_t> record(8 + words.size() * 8);
    std::memcpy(record.data(), &kind, 4);
    std::memcpy(record.data() + 4, &bytes, 2);
    std::memcpy(record.data() + 6, &count, 2);
    std::memcpy(record.data() + 8, words.data(), words.size() * 8);
    return record;
}

TEST(Record, ReadsWhatCompiledCodeLeaves) {
    std::vector<uint8_t> record = entry(0, 4, 3, {0x0000000200000001, 3});
    for (const uint8_t byte : entry(3, 8, 1, {99}))
        record.push_back(byte);
    const auto textAt = [](uint64_t address) { return "at " + std::to_string(address); };
    EXPECT_EQ(formatText("%v3d %s", readRecord(record, textAt)), "1,2,3 at 99");
}

TEST(Record, StopsAtDamage) {
    const auto textAt = [](uint64_t) { return std::string(); };
    std::vector<uint8_t> record = entry(0, 4, 1, {1});
    const std::vector<uint8_t> bad = entry(0, 4, 60000, {1});
    record.insert(record.end(), bad.begin(), bad.end());
    EXPECT_EQ(readRecord(record, textAt).size(), 1u);
    EXPECT_TRUE(readRecord(entry(9, 4, 1, {1}), textAt).empty());
    EXPECT_TRUE(readRecord(entry(0, 3, 1, {1}), textAt).empty());
    EXPECT_TRUE(readRecord(std::vector<uint8_t>(7), textAt).empty());
}

} // namespace
} // namespace halyard::printf
