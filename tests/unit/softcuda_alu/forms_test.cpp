// Which instructions there are, and what holds for all of them.
#include "alu_table.h"
#include "warp.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace halyard::softcuda::ptx::testing {
namespace {

TEST(Forms, EachIsListedOnce) {
    EXPECT_EQ(aluTable().duplicates(), 0U);
    EXPECT_GT(aluTable().forms().size(), 2000U);
}

TEST(Forms, UnknownModifiersAreRefused) {
    Alu alu;
    EXPECT_TRUE(find("fma.rn.f32", alu));
    EXPECT_TRUE(findAlu("fma", std::vector<std::string>{"rn", "f32"}, alu));
    for (const char* form : {"",
                             "fma",
                             "fma.f32",
                             "fma.rn",
                             "fma.rn.rn.f32",
                             "fma.rn.f32.rn",
                             "fma.rn.ftz.ftz.f32",
                             "fma.rn.f16x3",
                             "fma.rn.f32.",
                             "fma..rn.f32",
                             "add.sat.u32",
                             "add.ftz.f64",
                             "add.b32",
                             "mul.s32",
                             "mul.wide.s64",
                             "cvt.f32.f64",
                             "cvt.s32.f32",
                             "cvt.rn.s32.f32",
                             "cvt.sat.u32.u16",
                             "div.f32",
                             "shl.s32",
                             "neg.u32",
                             "setp.lo.s32",
                             "setp.lt.b32",
                             "setp.lt.nand.f32",
                             "selp.f16",
                             "shfl.idx.b32",
                             "vote.all.pred",
                             "min.relu.f32",
                             "prmt.b32.xyz",
                             "lop3.xor.b32",
                             "bfe.b32",
                             "popc.u32",
                             "ex2.f32",
                             "tanh.approx.ftz.f32",
                             "ld.global.u32",
                             "bra",
                             "atom.global.add.u32"})
        EXPECT_FALSE(find(form, alu)) << form;
    // What LLVM writes.
    EXPECT_TRUE(find("add.rn.sat.ftz.f32", alu));
    EXPECT_TRUE(find("cvt.rn.satfinite.relu.bf16x2.f32", alu));
    EXPECT_FALSE(find("add.rn.sat.sat.f32", alu));
    EXPECT_FALSE(find("add.ftz.rn.f32", alu));
    // A modifier is one word.
    EXPECT_FALSE(findAlu("fma", std::vector<std::string>{"rn.f32"}, alu));
    EXPECT_FALSE(findAlu("fma.rn", std::vector<std::string>{"f32"}, alu));
}

struct Registers {
    std::vector<Register> values;
    explicit Registers(size_t count) : values(count) {}
    template <class Pointer> std::vector<Pointer> pointers() {
        std::vector<Pointer> all;
        for (Register& value : values)
            all.push_back(value.data());
        return all;
    }
};

// Small and large numbers, and nothing in the high bits of what may be 32 bits wide half of the time.
void fill(Registers& registers, std::mt19937_64& random) {
    for (Register& value : registers.values)
        for (uint64_t& lane : value)
            switch (random() % 4) {
            case 0:
                lane = random();
                break;
            case 1:
                lane = random() & 0xffffffff;
                break;
            case 2:
                lane = random() % 40;
                break;
            default:
                lane = random() & 0x7fffffff'ffffffff;
            }
}

Alu formNamed(const std::string& name) {
    Alu alu;
    EXPECT_TRUE(find(name, alu)) << name;
    return alu;
}

TEST(Forms, OnlyTheActiveLanesAreWritten) {
    std::mt19937_64 random(1);
    for (const std::string& name : aluTable().forms()) {
        const Alu alu = formNamed(name);
        Registers in(alu.sources), out(alu.destinations);
        fill(in, random);
        fill(out, random);
        const std::vector<Register> before = out.values;
        const auto mask = static_cast<uint32_t>(random());
        alu.run(out.pointers<uint64_t*>().data(), in.pointers<const uint64_t*>().data(), mask, alu.data);
        for (size_t destination = 0; destination < out.values.size(); ++destination)
            for (uint32_t lane = 0; lane < kWarp; ++lane)
                if ((mask >> lane & 1) == 0) {
                    ASSERT_EQ(out.values[destination][lane], before[destination][lane]) << name << " lane " << lane;
                }
    }
}

TEST(Forms, ADestinationMayBeASource) {
    std::mt19937_64 random(2);
    for (const std::string& name : aluTable().forms()) {
        const Alu alu = formNamed(name);
        for (size_t shared = 0; shared < alu.sources; ++shared) {
            Registers in(alu.sources), apart(alu.destinations), same(alu.destinations);
            fill(in, random);
            const auto mask = static_cast<uint32_t>(random()) | 1;
            apart.values[0] = in.values[shared];
            alu.run(apart.pointers<uint64_t*>().data(), in.pointers<const uint64_t*>().data(), mask, alu.data);
            std::vector<uint64_t*> destinations = same.pointers<uint64_t*>();
            destinations[0] = in.values[shared].data();
            alu.run(destinations.data(), in.pointers<const uint64_t*>().data(), mask, alu.data);
            ASSERT_EQ(in.values[shared], apart.values[0]) << name << " destination 0 is source " << shared;
            for (size_t destination = 1; destination < apart.values.size(); ++destination)
                ASSERT_EQ(same.values[destination], apart.values[destination])
                    << name << " destination " << destination;
        }
    }
}

TEST(Forms, ADestinationMayBeLeftOut) {
    std::mt19937_64 random(3);
    for (const std::string& name : aluTable().forms()) {
        const Alu alu = formNamed(name);
        Registers in(alu.sources), all(alu.destinations), some(alu.destinations);
        fill(in, random);
        alu.run(all.pointers<uint64_t*>().data(), in.pointers<const uint64_t*>().data(), ~0U, alu.data);
        for (size_t left = 0; left < alu.destinations; ++left) {
            std::vector<uint64_t*> destinations = some.pointers<uint64_t*>();
            destinations[left] = nullptr;
            alu.run(destinations.data(), in.pointers<const uint64_t*>().data(), ~0U, alu.data);
            for (size_t other = 0; other < alu.destinations; ++other)
                if (other != left) {
                    ASSERT_EQ(some.values[other], all.values[other]) << name;
                }
        }
    }
}

TEST(Forms, SourcesMayHaveAnythingAboveTheirWidth) {
    std::mt19937_64 random(4);
    // The type that the sources have, or the last, where it is 32 bits wide.
    for (const std::string& name : aluTable().forms()) {
        if (!name.ends_with("32") || name.find("64") != std::string::npos || name.find("wide") != std::string::npos)
            continue;
        const Alu alu = formNamed(name);
        Registers in(alu.sources), clean(alu.destinations), dirty(alu.destinations);
        fill(in, random);
        for (Register& value : in.values)
            for (uint64_t& lane : value)
                lane &= 0xffffffff;
        alu.run(clean.pointers<uint64_t*>().data(), in.pointers<const uint64_t*>().data(), ~0U, alu.data);
        for (Register& value : in.values)
            for (uint64_t& lane : value)
                lane |= random() << 32;
        alu.run(dirty.pointers<uint64_t*>().data(), in.pointers<const uint64_t*>().data(), ~0U, alu.data);
        ASSERT_EQ(clean.values, dirty.values) << name;
        for (const Register& value : clean.values)
            for (const uint64_t lane : value)
                ASSERT_EQ(lane >> 32, 0U) << name;
    }
}

} // namespace
} // namespace halyard::softcuda::ptx::testing
