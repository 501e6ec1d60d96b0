// Every subgroup operation, for every pattern of invocations that take part.
#include "harness.h"
#include "values.h"

#include <bit>
#include <functional>
#include <random>

#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {

namespace {

std::vector<uint32_t> patterns() {
    std::vector<uint32_t> result{~0u,        0x55555555, 0xaaaaaaaa, 0xffff,    0xffff0000,
                                 0x00ffff00, 0x80000001, 0x7fffffff, 0xfffffffe};
    for (uint32_t i = 0; i < 32; i += 7) {
        result.push_back(uint32_t{1} << i);
    }
    std::mt19937 random(7);
    for (uint32_t i = 0; i < 21; ++i) {
        result.push_back(i % 3 == 0 ? random() & random() : i % 3 == 1 ? random() : random() | random());
    }
    return result;
}

// A kernel in which the lanes of the last argument's bits call `operation` with what they find, and store the result.
template <typename T>
std::string kernel(const std::string& operation, const std::string& result, const std::string& operands,
                   const std::string& types) {
    const std::string type = llvmName<T>();
    const bool isBoolean = std::is_same_v<T, bool>;
    const std::string cell = isBoolean ? "i8" : type;
    std::string text = "define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %pattern, i32 %other) #0 {\n"
                       "  %id = call i64 @hy.local_linear_id()\n"
                       "  %lane = call i32 @hy.subgroup_local_id()\n"
                       "  %shifted = lshr i32 %pattern, %lane\n"
                       "  %on = trunc i32 %shifted to i1\n"
                       "  br i1 %on, label %then, label %end\n"
                       "then:\n"
                       "  %from = getelementptr " +
                       cell + ", ptr addrspace(1) %in, i64 %id\n  %cell = load " + cell + ", ptr addrspace(1) %from\n";
    text += isBoolean ? "  %v = trunc i8 %cell to i1\n" : "  %v = bitcast " + type + " %cell to " + type + "\n";
    text += "  %r = call " + result + " @hy.subgroup." + operation + "(" + operands + ")\n";
    if (result == "i1") {
        text += "  %s = zext i1 %r to i8\n  %to = getelementptr i8, ptr addrspace(1) %out, i64 %id\n"
                "  store i8 %s, ptr addrspace(1) %to\n";
    } else {
        text += "  %to = getelementptr " + result + ", ptr addrspace(1) %out, i64 %id\n  store " + result +
                " %r, ptr addrspace(1) %to\n";
    }
    text += "  br label %end\nend:\n  ret void\n}\n";
    return kirText(text, "declare " + result + " @hy.subgroup." + operation + "(" + types + ") #2\n");
}

template <typename T> std::vector<T> inputs(uint32_t seed) {
    std::mt19937 random(seed);
    std::vector<T> values(32);
    for (T& value : values) {
        if constexpr (std::is_floating_point_v<T>) {
            // Of very different sizes, so that the order shows.
            value = std::ldexp(T(1) + T(random() % 1000) / T(997), int(random() % 40) - 20) * (random() % 2 ? 1 : -1);
        } else {
            value = static_cast<T>(uint64_t{random()} << 32 | random());
        }
    }
    return values;
}

// Runs it for all patterns; `expected(values, pattern, lane)` says what a lane that takes part gets.
template <typename T, typename R>
void check(const std::string& operation, const std::string& result, const std::string& operands,
           const std::string& types, uint32_t sm,
           const std::function<R(const std::vector<T>&, uint32_t, uint32_t)>& expected, uint32_t other = 0) {
    const std::unique_ptr<WarpMachine> code =
        machine(kernel<T>(operation, result, operands, types), {.workgroupSize = {32, 1, 1}, .sm = sm});
    uint32_t seed = 1;
    for (const uint32_t pattern : patterns()) {
        std::vector<T> in = inputs<T>(seed);
        std::vector<uint8_t> bytes;
        if constexpr (std::is_same_v<T, bool>) {
            bytes.assign(in.begin(), in.end());
        }
        std::vector<R> out(32);
        void* from = bytes.empty() ? static_cast<void*>(in.data()) : bytes.data();
        ASSERT_NO_THROW(code->run(32, {uint64_t(from), reinterpret_cast<uint64_t>(out.data()), pattern, other}, seed++))
            << operation << " pattern " << std::hex << pattern;
        for (uint32_t lane = 0; lane < 32; ++lane) {
            if ((pattern >> lane & 1) != 0) {
                ASSERT_EQ(out[lane], expected(in, pattern, lane))
                    << operation << " lane " << lane << " pattern " << std::hex << pattern;
            }
        }
    }
}

template <typename T> void checkCombine(const std::string& combine, uint32_t sm) {
    const std::string type = llvmName<T>();
    const std::string suffix = combine + "." + typeName<T>();
    const auto fold = [combine](const std::vector<T>& in, uint32_t lanes, bool fromIdentity) {
        bool any = fromIdentity;
        T sum = fromIdentity ? identityOf<T>(combine) : T{};
        for (uint32_t i = 0; i < 32; ++i) {
            if ((lanes >> i & 1) != 0) {
                sum = any ? combined<T>(combine, sum, in[i]) : in[i];
                any = true;
            }
        }
        return sum;
    };
    check<T, T>("reduce." + suffix, type, type + " %v", type, sm,
                [&](const auto& in, uint32_t pattern, uint32_t) { return fold(in, pattern, false); });
    check<T, T>("inclusive." + suffix, type, type + " %v", type, sm,
                [&](const auto& in, uint32_t pattern, uint32_t lane) {
                    return fold(in, pattern & ((uint64_t{2} << lane) - 1), false);
                });
    check<T, T>("exclusive." + suffix, type, type + " %v", type, sm,
                [&](const auto& in, uint32_t pattern, uint32_t lane) {
                    return fold(in, pattern & ((uint64_t{1} << lane) - 1), true);
                });
    for (const uint32_t size : {1u, 2u, 4u, 8u, 16u, 32u}) {
        check<T, T>("clustered." + suffix, type, type + " %v, i32 " + std::to_string(size), type + ", i32", sm,
                    [&](const auto& in, uint32_t pattern, uint32_t lane) {
                        const auto cluster = ((uint64_t{1} << size) - 1) << (lane & ~(size - 1));
                        return fold(in, pattern & static_cast<uint32_t>(cluster), false);
                    });
    }
}

} // namespace

TEST(NvptxCollective, IntegersOf32BitsAddAndMultiply) {
    for (const uint32_t sm : {75u, 80u}) {
        checkCombine<uint32_t>("iadd", sm);
    }
    checkCombine<uint32_t>("imul", 80);
}

TEST(NvptxCollective, IntegersAreCompared) {
    checkCombine<int32_t>("smin", 80);
    checkCombine<int32_t>("smax", 75);
    checkCombine<uint32_t>("umin", 75);
    checkCombine<uint32_t>("umax", 80);
    checkCombine<int8_t>("smin", 80);
    checkCombine<uint16_t>("umax", 80);
}

TEST(NvptxCollective, IntegersOfOtherWidths) {
    checkCombine<uint64_t>("iadd", 80);
    checkCombine<uint8_t>("iadd", 80);
    checkCombine<uint16_t>("xor", 75);
    checkCombine<uint64_t>("and", 80);
}

TEST(NvptxCollective, FloatsAreAddedInTheOrderOfTheLanes) {
    checkCombine<float>("fadd", 80);
    checkCombine<double>("fadd", 80);
    checkCombine<float>("fmul", 80);
}

TEST(NvptxCollective, FloatsAreCompared) {
    checkCombine<float>("fmin", 80);
    checkCombine<double>("fmax", 80);
}

TEST(NvptxCollective, BooleansAreCombined) {
    for (const char* combine : {"and", "or", "xor"}) {
        const std::string suffix = std::string(combine) + ".i1";
        const auto fold = [combine](const std::vector<bool>& in, uint32_t lanes) -> uint8_t {
            bool sum = std::string(combine) == "and";
            for (uint32_t i = 0; i < 32; ++i) {
                const bool value = in[i];
                if ((lanes >> i & 1) != 0) {
                    sum = std::string(combine) == "and"  ? sum && value
                          : std::string(combine) == "or" ? sum || value
                                                         : sum != value;
                }
            }
            return sum;
        };
        const auto run = [&](const std::string& operation, const std::string& more, const std::string& types,
                             const std::function<uint32_t(uint32_t)>& lanes) {
            const std::unique_ptr<WarpMachine> code = machine(
                kernel<bool>(operation + suffix, "i1", "i1 %v" + more, "i1" + types), {.workgroupSize = {32, 1, 1}});
            std::mt19937 random(3);
            for (const uint32_t pattern : patterns()) {
                const uint32_t bits = random();
                std::vector<bool> in(32);
                std::vector<uint8_t> bytes(32), out(32);
                for (uint32_t i = 0; i < 32; ++i) {
                    in[i] = (bits >> i & 1) != 0;
                    bytes[i] = in[i];
                }
                code->run(32, {uint64_t(bytes.data()), uint64_t(out.data()), pattern});
                for (uint32_t i = 0; i < 32; ++i) {
                    if ((pattern >> i & 1) != 0) {
                        ASSERT_EQ(out[i], fold(in, pattern & lanes(i))) << operation << suffix << " lane " << i;
                    }
                }
            }
        };
        run("reduce.", "", "", [](uint32_t) { return ~0u; });
        run("inclusive.", "", "", [](uint32_t lane) { return uint32_t((uint64_t{2} << lane) - 1); });
        run("exclusive.", "", "", [](uint32_t lane) { return uint32_t((uint64_t{1} << lane) - 1); });
        run("clustered.", ", i32 8", ", i32", [](uint32_t lane) { return 0xffu << (lane & ~7u); });
    }
}

TEST(NvptxCollective, ElectAndBallotAndVotes) {
    check<uint32_t, uint8_t>("elect", "i1", "", "", 80, [](const auto&, uint32_t pattern, uint32_t lane) -> uint8_t {
        return lane == static_cast<uint32_t>(std::countr_zero(pattern));
    });
    const std::string text = R"(
define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %pattern, i32 %other) #0 {
  %id = call i64 @hy.local_linear_id()
  %lane = call i32 @hy.subgroup_local_id()
  %a = lshr i32 %pattern, %lane
  %on = trunc i32 %a to i1
  %b = lshr i32 %other, %lane
  %vote = trunc i32 %b to i1
  br i1 %on, label %then, label %end
then:
  %ballot = call <4 x i32> @hy.subgroup.ballot(i1 %vote)
  %all = call i1 @hy.subgroup.all(i1 %vote)
  %any = call i1 @hy.subgroup.any(i1 %vote)
  %same = call i1 @hy.subgroup.all_equal.i1(i1 %vote)
  %x = zext i1 %all to i32
  %y = zext i1 %any to i32
  %z = zext i1 %same to i32
  %e0 = insertelement <4 x i32> %ballot, i32 %x, i32 1
  %e1 = insertelement <4 x i32> %e0, i32 %y, i32 2
  %e2 = insertelement <4 x i32> %e1, i32 %z, i32 3
  %to = getelementptr <4 x i32>, ptr addrspace(1) %out, i64 %id
  store <4 x i32> %e2, ptr addrspace(1) %to
  br label %end
end:
  ret void
}
)";
    const auto code = machine(kirText(text, "declare <4 x i32> @hy.subgroup.ballot(i1) #2\n"
                                            "declare i1 @hy.subgroup.all(i1) #2\ndeclare i1 @hy.subgroup.any(i1) #2\n"
                                            "declare i1 @hy.subgroup.all_equal.i1(i1) #2\n"),
                              {.workgroupSize = {32, 1, 1}});
    std::mt19937 random(11);
    for (const uint32_t pattern : patterns()) {
        for (const uint32_t votes : {0u, ~0u, pattern, ~pattern, uint32_t(random())}) {
            std::vector<uint32_t> memory(32 * 4 + 4);
            uint32_t* out = memory.data();
            while (reinterpret_cast<uintptr_t>(out) % 16 != 0) {
                ++out;
            }
            code->run(32, {0, uint64_t(out), pattern, votes});
            for (uint32_t lane = 0; lane < 32; ++lane) {
                if ((pattern >> lane & 1) != 0) {
                    const uint32_t yes = votes & pattern;
                    EXPECT_EQ(out[lane * 4], yes);
                    EXPECT_EQ(out[lane * 4 + 1], yes == pattern);
                    EXPECT_EQ(out[lane * 4 + 2], yes != 0);
                    EXPECT_EQ(out[lane * 4 + 3], yes == 0 || yes == pattern);
                }
            }
        }
    }
}

template <typename T> void checkMoves() {
    const std::string type = llvmName<T>();
    const auto moves = [&](const std::string& name, const std::function<uint32_t(uint32_t, uint32_t)>& from) {
        for (const uint32_t other : {0u, 1u, 3u, 16u, 31u}) {
            const auto code =
                machine(kernel<T>(name + "." + typeName<T>(), type, type + " %v, i32 %other", type + ", i32"),
                        {.workgroupSize = {32, 1, 1}});
            std::vector<T> in = inputs<T>(5), out(32);
            for (const uint32_t pattern : patterns()) {
                code->run(32, {uint64_t(in.data()), uint64_t(out.data()), pattern, other});
                for (uint32_t lane = 0; lane < 32; ++lane) {
                    const uint32_t source = from(lane, other);
                    if ((pattern >> lane & 1) != 0 && source < 32 && (pattern >> source & 1) != 0) {
                        ASSERT_EQ(out[lane], in[source]) << name << " " << other << " lane " << lane;
                    }
                }
            }
        }
    };
    moves("broadcast", [](uint32_t, uint32_t other) { return other; });
    moves("shuffle", [](uint32_t, uint32_t other) { return other; });
    moves("shuffle_xor", [](uint32_t lane, uint32_t other) { return lane ^ other; });
    moves("shuffle_up", [](uint32_t lane, uint32_t other) { return lane - other; });
    moves("shuffle_down", [](uint32_t lane, uint32_t other) { return lane + other; });
    check<T, T>("broadcast_first." + typeName<T>(), type, type + " %v", type, 80,
                [](const auto& in, uint32_t pattern, uint32_t) { return in[std::countr_zero(pattern)]; });
}

TEST(NvptxCollective, ValuesOfAllWidthsMove) {
    checkMoves<uint8_t>();
    checkMoves<uint16_t>();
    checkMoves<uint32_t>();
    checkMoves<uint64_t>();
    checkMoves<double>();
}

TEST(NvptxCollective, AllEqual) {
    const auto code =
        machine(kernel<double>("all_equal.f64", "i1", "double %v", "double"), {.workgroupSize = {32, 1, 1}});
    for (const uint32_t pattern : patterns()) {
        for (uint32_t odd = 0; odd < 33; ++odd) {
            std::vector<double> in(32, 2.5);
            if (odd < 32) {
                in[odd] = 2.75;
            }
            std::vector<uint8_t> out(32, 2);
            code->run(32, {uint64_t(in.data()), uint64_t(out.data()), pattern});
            const bool differs = odd < 32 && (pattern >> odd & 1) != 0 && std::popcount(pattern) > 1;
            EXPECT_EQ(out[std::countr_zero(pattern)], !differs) << odd << " " << std::hex << pattern;
        }
    }
}

TEST(NvptxCollective, PartialLastSubgroup) {
    const std::string text = R"(
define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %pattern, i32 %other) #0 {
  %id = call i64 @hy.local_linear_id()
  %from = getelementptr float, ptr addrspace(1) %in, i64 %id
  %v = load float, ptr addrspace(1) %from
  %sum = call float @hy.subgroup.reduce.fadd.f32(float %v)
  %bits = fptoui float %v to i32
  %total = call i32 @hy.subgroup.reduce.imul.i32(i32 %bits)
  %scan = call i32 @hy.subgroup.inclusive.iadd.i32(i32 %bits)
  %f = uitofp i32 %total to float
  %g = uitofp i32 %scan to float
  %h = fadd float %f, %g
  %i = fadd float %h, %sum
  %to = getelementptr float, ptr addrspace(1) %out, i64 %id
  store float %i, ptr addrspace(1) %to
  ret void
}
)";
    const std::string kir = kirText(text, "declare float @hy.subgroup.reduce.fadd.f32(float) #2\n"
                                          "declare i32 @hy.subgroup.reduce.imul.i32(i32) #2\n"
                                          "declare i32 @hy.subgroup.inclusive.iadd.i32(i32) #2\n");
    for (const uint32_t known : {0u, 1u}) {
        for (const uint32_t items : {1u, 7u, 31u, 32u, 33u, 63u, 70u}) {
            const auto code = machine(kir, {.workgroupSize = {known * items, known, known}});
            std::vector<float> in(items), out(items);
            for (uint32_t i = 0; i < items; ++i) {
                in[i] = float(i % 3 + 1);
            }
            code->run(items, {uint64_t(in.data()), uint64_t(out.data())});
            for (uint32_t i = 0; i < items; ++i) {
                float sum = 0;
                uint32_t product = 1, scan = 0;
                for (uint32_t j = i / 32 * 32; j < std::min(i / 32 * 32 + 32, items); ++j) {
                    sum += in[j];
                    product *= static_cast<uint32_t>(in[j]);
                    scan += j <= i ? static_cast<uint32_t>(in[j]) : 0;
                }
                ASSERT_EQ(out[i], float(product) + float(scan) + sum) << items << " " << i;
            }
        }
    }
}

TEST(NvptxCollective, UnknownOperationsAreRefusedByName) {
    try {
        machine(kernel<uint32_t>("rotate_by_magic.i32", "i32", "i32 %v", "i32"), {});
        FAIL() << "accepted";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("hy.subgroup.rotate_by_magic.i32"), std::string::npos) << error.what();
    }
}

} // namespace halyard::jit::nvptx::test
