// Loops that invocations leave in different iterations, and steps in which only the first invocations take part: both
// are taken apart by passes of their own (common_iterations.h, row_guards.h, item_limit.h).
#include "host_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::jit::test {
namespace {

constexpr uint32_t kMask = 1023;
constexpr uint32_t kGroups = 3;

struct Range {
    uint32_t start, scale, end, step;
};

std::vector<uint32_t> numbers() {
    std::vector<uint32_t> values(kMask + 1);
    for (uint32_t i = 0; i <= kMask; ++i) {
        values[i] = i * 2654435761u >> 7;
    }
    return values;
}

// for (i = start + scale * id; i < end; i += step) { sum = sum * 3 + a[i & 1023]; }
struct LoopForm {
    const char* name;
    bool isSigned;
    bool rotated; // a guard, and the condition at the end of an iteration
    bool local;   // the local id, not the global one
};

std::string loopModule(const LoopForm& form) {
    const std::string less = form.isSigned ? "slt" : "ult";
    const std::string header = R"(
define void @k(ptr addrspace(1) noalias %a, ptr addrspace(1) noalias %out, i32 %start, i32 %scale, i32 %end, i32 %step) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %lid = call i64 @hy.local_id(i32 0)
  %id = trunc i64 )" + std::string(form.local ? "%lid" : "%gid") +
                               R"( to i32
  %four = icmp eq i32 %scale, 4
  br i1 %four, label %by4, label %by1
by4:
  %id4 = mul i32 %id, 4
  %first4 = add i32 %id4, %start
)";
    const auto body = [&](const std::string& n, const std::string& first, const std::string& from) {
        const std::string use = "  %sum3." + n + " = mul i32 %sum." + n + ", 3\n  %low." + n + " = and i32 %i." + n +
                                ", 1023\n  %index." + n + " = zext i32 %low." + n + " to i64\n  %p." + n +
                                " = getelementptr i32, ptr addrspace(1) %a, i64 %index." + n + "\n  %x." + n +
                                " = load i32, ptr addrspace(1) %p." + n + "\n  %next." + n + " = add i32 %sum3." + n +
                                ", %x." + n + "\n  %after." + n + " = add i32 %i." + n + ", %step\n";
        const std::string phis = "  %i." + n + " = phi i32 [ " + first + ", %" + from + " ], [ %after." + n +
                                 ", %body." + n + " ]\n  %sum." + n + " = phi i32 [ 7, %" + from + " ], [ %next." + n +
                                 ", %body." + n + " ]\n";
        if (form.rotated) {
            return "  %any." + n + " = icmp " + less + " i32 " + first + ", %end\n  br i1 %any." + n +
                   ", label %body." + n + ", label %done\nbody." + n + ":\n" + phis + use + "  %more." + n +
                   " = icmp " + less + " i32 %after." + n + ", %end\n  br i1 %more." + n + ", label %body." + n +
                   ", label %done\n";
        }
        return "  br label %head." + n + "\nhead." + n + ":\n" + phis + "  %more." + n + " = icmp " + less +
               " i32 %i." + n + ", %end\n  br i1 %more." + n + ", label %body." + n + ", label %done\nbody." + n +
               ":\n" + use + "  br label %head." + n + "\n";
    };
    const std::string result = form.rotated ? "[ 7, %by4 ], [ %next.a, %body.a ], [ 7, %by1 ], [ %next.b, %body.b ]"
                                            : "[ %sum.a, %head.a ], [ %sum.b, %head.b ]";
    return kirModule(header + body("a", "%first4", "by4") + "by1:\n  %first1 = add i32 %id, %start\n" +
                     body("b", "%first1", "by1") + "done:\n  %all = phi i32 " + result + R"(
  %to = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %all, ptr addrspace(1) %to
  ret void
})");
}

class HostLoops : public testing::TestWithParam<LoopForm> {};

TEST_P(HostLoops, EachInvocationMakesItsIterations) {
    const LoopForm form = GetParam();
    const std::vector<uint32_t> a = numbers();
    for (const uint32_t size : {16u, 64u, 256u}) {
        std::vector<uint32_t> out(size_t{kGroups} * size);
        std::vector<Arg> args{Arg::buffer(a.data()), Arg::buffer(out.data()), Arg::value(0u),
                              Arg::value(0u),        Arg::value(0u),          Arg::value(0u)};
        const std::string kir = loopModule(form);
        const spv::Result<std::string> artifact = compileKir(kir, args, {size, 1, 1});
        ASSERT_TRUE(artifact) << artifact.error().message;
        const HostKernel kernel(*artifact);
        std::vector<Range> ranges;
        for (const uint32_t end : {0u, 1u, 15u, 16u, 17u, size - 1, size, size + 1, 3 * size, 3 * size + 5, 5000u}) {
            ranges.push_back({0, 1, end, size});
            ranges.push_back({0, 4, end, 4 * size});
            ranges.push_back({5, 1, end, 100});
        }
        if (form.isSigned) {
            ranges.push_back({0u - 1000, 1, 50, size});
            ranges.push_back({0u - 10, 4, 0u - 5, 64});
            ranges.push_back({0, 1, 0u - 3, 64});               // none
            ranges.push_back({0x7ffff000, 1, 0x7ffffe00, 512}); // near the end of all numbers
            ranges.push_back({0x80000000, 1, 0x80000100, 64});  // and near their start: end - reach is below it
        } else {
            ranges.push_back({0xfffff000, 1, 0xfffffe00, 512});
            ranges.push_back({0xffffff80, 1, 1000, size}); // the first indices of some wrap around
        }
        for (const Range& range : ranges) {
            args[2] = Arg::value(range.start);
            args[3] = Arg::value(range.scale);
            args[4] = Arg::value(range.end);
            args[5] = Arg::value(range.step);
            kernel.run({kGroups, 1, 1}, {size, 1, 1}, args);
            for (uint32_t item = 0; item < out.size(); ++item) {
                uint32_t sum = 7;
                const uint32_t id = form.local ? item % size : item;
                for (uint32_t i = range.start + range.scale * id;
                     form.isSigned ? static_cast<int32_t>(i) < static_cast<int32_t>(range.end) : i < range.end;
                     i += range.step) {
                    sum = sum * 3 + a[i & kMask];
                }
                ASSERT_EQ(out[item], sum) << "item " << item << " of groups of " << size << ", from " << range.start
                                          << " to " << range.end << " by " << range.step << ", scale " << range.scale;
            }
        }
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, HostLoops,
    testing::Values(LoopForm{"unsigned_top", false, false, false}, LoopForm{"unsigned_rotated", false, true, false},
                    LoopForm{"signed_top", true, false, false}, LoopForm{"signed_rotated", true, true, false},
                    LoopForm{"local_top", false, false, true}, LoopForm{"local_rotated", false, true, true}),
    [](const auto& info) { return std::string(info.param.name); });

// A loop over more than one dimension, and one whose bound is an invocation's own: neither may be split.
TEST(HostLoop, BoundsOfItsOwn) {
    const std::string kir = kirModule(R"(
define void @k(ptr addrspace(1) noalias %a, ptr addrspace(1) noalias %out) #0 {
entry:
  %gid = call i64 @hy.global_id(i32 0)
  %id = trunc i64 %gid to i32
  %odd = and i32 %id, 7
  %bound = mul i32 %odd, 50
  br label %head
head:
  %i = phi i32 [ %id, %entry ], [ %after, %body ]
  %sum = phi i32 [ 0, %entry ], [ %next, %body ]
  %more = icmp ult i32 %i, %bound
  br i1 %more, label %body, label %done
body:
  %low = and i32 %i, 1023
  %index = zext i32 %low to i64
  %p = getelementptr i32, ptr addrspace(1) %a, i64 %index
  %x = load i32, ptr addrspace(1) %p
  %next = add i32 %sum, %x
  %after = add i32 %i, 16
  br label %head
done:
  %to = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %sum, ptr addrspace(1) %to
  ret void
})");
    const std::vector<uint32_t> a = numbers();
    std::vector<uint32_t> out(size_t{kGroups} * 64);
    compileAndRun(kir, {kGroups, 1, 1}, {64, 1, 1}, {Arg::buffer(a.data()), Arg::buffer(out.data())}, true);
    for (uint32_t item = 0; item < out.size(); ++item) {
        uint32_t sum = 0;
        for (uint32_t i = item; i < (item & 7) * 50; i += 16) {
            sum += a[i & kMask];
        }
        EXPECT_EQ(out[item], sum) << item;
    }
}

// `id predicate n` decides who takes part in a step between two barriers, `else` what the others do.
struct Step {
    const char* predicate;
    int32_t bound;
    bool some; // those have something to do
    bool others;
};

bool takesPart(uint32_t id, const Step& step) {
    const auto bound = static_cast<uint32_t>(step.bound);
    const std::string_view predicate = step.predicate;
    return predicate == "ult"   ? id < bound
           : predicate == "ule" ? id <= bound
           : predicate == "ugt" ? id > bound
           : predicate == "uge" ? id >= bound
           : predicate == "slt" ? static_cast<int32_t>(id) < step.bound
           : predicate == "eq"  ? id == bound
                                : id != bound;
}

TEST(HostLoop, OnlySomeTakePartInAStep) {
    std::vector<Step> steps;
    for (const auto& [some, others] : {std::pair(true, false), {true, true}, {false, true}}) {
        for (const char* predicate : {"ult", "ule", "ugt", "uge", "slt", "eq", "ne"}) {
            for (const int32_t bound : {0, 1, 16, 100, 300}) {
                steps.push_back({predicate, bound, some, others});
            }
        }
    }
    for (const uint32_t size : {64u, 256u}) {
        std::string text = R"(
@l = internal addrspace(3) global [256 x i32] undef
define void @k(ptr addrspace(1) noalias %out) #0 {
  %lid = call i64 @hy.local_id(i32 0)
  %gid = call i64 @hy.global_id(i32 0)
  %id = trunc i64 %lid to i32
  %mirror = xor i64 %lid, 5
  %own = getelementptr [256 x i32], ptr addrspace(3) @l, i64 0, i64 %lid
  %far = getelementptr [256 x i32], ptr addrspace(3) @l, i64 0, i64 %mirror
  store i32 %id, ptr addrspace(3) %own
  call void @hy.barrier(i32 2, i32 2, i32 264)
  br label %s0
)";
        for (size_t i = 0; i < steps.size(); ++i) {
            const std::string n = std::to_string(i);
            const std::string next = std::to_string(i + 1);
            text += "s" + n + ":\n  %seen" + n + " = load i32, ptr addrspace(3) %far\n" +
                    "  call void @hy.barrier(i32 2, i32 2, i32 264)\n  %c" + n + " = icmp " + steps[i].predicate +
                    " i32 %id, " + std::to_string(steps[i].bound) + "\n  br i1 %c" + n + ", label %some" + n +
                    ", label %rest" + n + "\nsome" + n + ":\n  %times" + n + " = mul i32 %seen" + n + ", 3\n  %new" +
                    n + " = add i32 %times" + n + ", " + next + "\n" +
                    (steps[i].some ? "  store i32 %new" + n + ", ptr addrspace(3) %own\n" : "") + "  br label %met" +
                    n + "\nrest" + n + ":\n" +
                    (steps[i].others ? "  store i32 %seen" + n + ", ptr addrspace(3) %own\n" : "") + "  br label %met" +
                    n + "\nmet" + n + ":\n  call void @hy.barrier(i32 2, i32 2, i32 264)\n  br label %s" + next + "\n";
        }
        text += "s" + std::to_string(steps.size()) + R"(:
  %last = load i32, ptr addrspace(3) %own
  %to = getelementptr i32, ptr addrspace(1) %out, i64 %gid
  store i32 %last, ptr addrspace(1) %to
  ret void
})";
        std::vector<uint32_t> out(size);
        compileAndRun(kirModule(text), {1, 1, 1}, {size, 1, 1}, {Arg::buffer(out.data())}, true);
        std::vector<uint32_t> expected(size);
        for (uint32_t id = 0; id < size; ++id) {
            expected[id] = id;
        }
        for (size_t i = 0; i < steps.size(); ++i) {
            const std::vector<uint32_t> before = expected;
            for (uint32_t id = 0; id < size; ++id) {
                const uint32_t seen = before[id ^ 5];
                if (takesPart(id, steps[i])) {
                    expected[id] = steps[i].some ? seen * 3 + static_cast<uint32_t>(i) + 1 : expected[id];
                } else if (steps[i].others) {
                    expected[id] = seen;
                }
            }
        }
        EXPECT_EQ(out, expected) << size;
    }
}

} // namespace
} // namespace halyard::jit::test
