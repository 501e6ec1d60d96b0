// Atomic operations, fences and barriers: the instruction for every order, scope and width.
#include "harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {
namespace {

using testing::HasSubstr;

struct Order {
    const char* kir;
    const char* load; // null: not for loads
    const char* store;
    const char* update;
    bool strong;
};
const Order kOrders[] = {{"monotonic", "relaxed", "relaxed", "relaxed", false},
                         {"acquire", "acquire", nullptr, "acquire", false},
                         {"release", nullptr, "release", "release", false},
                         {"acq_rel", nullptr, nullptr, "acq_rel", false},
                         {"seq_cst", "acquire", "release", "acq_rel", true}};
const std::pair<const char*, const char*> kScopes[] = {{"", "sys"},
                                                       {"syncscope(\"device\") ", "gpu"},
                                                       {"syncscope(\"workgroup\") ", "cta"},
                                                       {"syncscope(\"subgroup\") ", "cta"}};
const std::pair<int, const char*> kSpaces[] = {{1, "global"}, {3, "shared"}};

std::string atomicKernel(const std::string& body) {
    return kirModule("@word = internal addrspace(3) global i64 undef, align 8\n"
                     "define void @k(ptr addrspace(1) %p, ptr addrspace(1) %out) #0 {\n" +
                     body + "  ret void\n}\n");
}

std::string place(int space, const std::string& rest) {
    return "ptr addrspace(" + std::to_string(space) + (space == 1 ? ") %p" : ") @word") + rest;
}

} // namespace

TEST(NvptxMemory, EveryOrderScopeAndWidthHasItsForm) {
    for (const Order& order : kOrders) {
        for (const auto& [syncscope, scope] : kScopes) {
            for (const auto& [space, spaceName] : kSpaces) {
                for (const int bits : {8, 16, 32, 64}) {
                    const std::string type = "i" + std::to_string(bits);
                    const std::string about =
                        std::string(order.kir) + " " + scope + " " + spaceName + " " + std::to_string(bits);
                    const std::string end = std::string(".") + scope + "." + spaceName;
                    const std::string tail = " " + std::string(syncscope) + order.kir;
                    std::string body;
                    uint32_t operations = 0;
                    if (order.load != nullptr) {
                        body += "  %l = load atomic " + type + ", " +
                                place(space, tail + ", align " + std::to_string(bits / 8)) + "\n  store " + type +
                                " %l, ptr addrspace(1) %out\n";
                        ++operations;
                    }
                    if (order.store != nullptr) {
                        body += "  store atomic " + type + " 7, " +
                                place(space, tail + ", align " + std::to_string(bits / 8)) + "\n";
                        ++operations;
                    }
                    body += "  %u = atomicrmw umax " + place(space, ", " + type + " 3" + tail) + "\n  store " + type +
                            " %u, ptr addrspace(1) %out\n";
                    ++operations;
                    const Answer answer = fromKir(atomicKernel(body));
                    ASSERT_EQ(answer.refusal, "") << about;
                    if (order.load != nullptr) {
                        EXPECT_THAT(answer.ptx,
                                    HasSubstr(std::string("ld.") + order.load + end + ".b" + std::to_string(bits)))
                            << about;
                    }
                    if (order.store != nullptr) {
                        EXPECT_THAT(answer.ptx,
                                    HasSubstr(std::string("st.") + order.store + end + ".b" + std::to_string(bits)))
                            << about;
                    }
                    // Parts of a word go through their word.
                    EXPECT_THAT(answer.ptx, HasSubstr(std::string("atom.") + order.update + end +
                                                      (bits < 32 ? ".cas.b32" : ".max.u" + std::to_string(bits))))
                        << about;
                    // One strong fence an operation, of its scope, and none otherwise.
                    EXPECT_EQ(count(answer.ptx, "fence.sc." + std::string(scope) + ";"), order.strong ? operations : 0u)
                        << about << answer.ptx;
                }
            }
        }
    }
}

TEST(NvptxMemory, FloatsAddByTheirInstructionAndCompareByExchange) {
    const auto update = [](const std::string& what, const std::string& type, const std::string& value) {
        return atomicKernel("  %u = atomicrmw " + what + " ptr addrspace(1) %p, " + type + " " + value +
                            " syncscope(\"device\") monotonic\n  store " + type + " %u, ptr addrspace(1) %out\n");
    };
    EXPECT_THAT(fromKir(update("fadd", "float", "1.0")).ptx, HasSubstr("atom.relaxed.gpu.global.add.f32"));
    EXPECT_THAT(fromKir(update("fadd", "double", "1.0")).ptx, HasSubstr("atom.relaxed.gpu.global.add.f64"));
    for (const char* what : {"fmin", "fmax"}) {
        EXPECT_THAT(fromKir(update(what, "float", "1.0")).ptx, HasSubstr("atom.relaxed.gpu.global.cas.b32"));
        EXPECT_THAT(fromKir(update(what, "double", "1.0")).ptx, HasSubstr("atom.relaxed.gpu.global.cas.b64"));
    }
    EXPECT_THAT(fromKir(update("fadd", "half", "1.0")).ptx, HasSubstr("atom.relaxed.gpu.global.cas.b32"));
    EXPECT_THAT(fromKir(update("sub", "i32", "1")).ptx, HasSubstr("atom.relaxed.gpu.global.add.u32"));
}

TEST(NvptxMemory, AtomicsOfOddWidthsAreRefusedInWords) {
    const Answer answer = fromKir(atomicKernel("  %l = load atomic i128, ptr addrspace(1) %p monotonic, align 16\n"
                                               "  store i128 %l, ptr addrspace(1) %out\n"));
    EXPECT_EQ(answer.result, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(answer.refusal, HasSubstr("128 bits"));
}

TEST(NvptxMemory, AGenericPointerMayBePrivate) {
    // Known only at run time: both ways.
    const Answer any = fromKir(kirModule(R"(
define void @k(ptr addrspace(1) %p, ptr addrspace(1) %out) #0 {
  %g = load ptr, ptr addrspace(1) %p
  %u = atomicrmw add ptr %g, i32 5 monotonic
  %c = cmpxchg ptr %g, i32 %u, i32 9 acq_rel monotonic
  %v = extractvalue { i32, i1 } %c, 0
  store i32 %v, ptr addrspace(1) %out
  store atomic i32 1, ptr %g release, align 4
  ret void
})"));
    ASSERT_EQ(any.refusal, "");
    EXPECT_GE(count(any.ptx, "isspacep.local"), 1u) << any.ptx;
    EXPECT_EQ(count(any.ptx, "atom.relaxed.sys.add.u32"), 1u);
    EXPECT_EQ(count(any.ptx, "atom.acq_rel.sys.cas.b32"), 1u);
    EXPECT_EQ(count(any.ptx, "st.release.sys.b32"), 1u);
    EXPECT_GE(count(any.ptx, "\tst.b32"), 2u) << "the plain forms\n" << any.ptx;
    // Certainly private: plain accesses alone.
    const Answer own = fromKir(kirModule(R"(
define void @k(ptr addrspace(1) %p, ptr addrspace(1) %out, i32 %i) #0 {
  %a = alloca [300 x i32], align 4
  %at = getelementptr i32, ptr %a, i32 %i
  store volatile i32 3, ptr %at
  %u = atomicrmw add ptr %at, i32 5 seq_cst
  store i32 %u, ptr addrspace(1) %out
  ret void
})"));
    ASSERT_EQ(own.refusal, "");
    EXPECT_EQ(count(own.ptx, "atom."), 0u) << own.ptx;
    EXPECT_EQ(count(own.ptx, "isspacep"), 0u);
}

TEST(NvptxMemory, BarriersAndFences) {
    const auto synchronise = [](const std::string& call) {
        spv::KernelInfo info;
        info.usesGridBarrier = call.find("barrier(i32 1,") != std::string::npos;
        return fromKir(kirModule("define void @k(ptr addrspace(1) %p) #0 {\n  store i32 1, ptr addrspace(1) %p\n"
                                 "  call void @hy." +
                                 call + "\n  store i32 2, ptr addrspace(1) %p\n  ret void\n}\n"),
                       {}, info);
    };
    const Answer group = synchronise("barrier(i32 2, i32 2, i32 264)");
    EXPECT_EQ(count(group.ptx, "bar.sync \t0;") + count(group.ptx, "barrier.sync.aligned 0;") +
                  count(group.ptx, "bar.sync 0;") + count(group.ptx, "barrier.sync.aligned \t0;"),
              1u)
        << group.ptx;
    EXPECT_EQ(count(group.ptx, "fence."), 0u);
    EXPECT_EQ(count(synchronise("barrier(i32 2, i32 1, i32 520)").ptx, "fence.acq_rel.gpu;"), 2u);
    EXPECT_EQ(count(synchronise("fence(i32 1, i32 8)").ptx, "fence.acq_rel.gpu;"), 1u);
    EXPECT_EQ(count(synchronise("fence(i32 0, i32 16)").ptx, "fence.sc.sys;"), 1u);
    EXPECT_EQ(count(synchronise("fence(i32 2, i32 2)").ptx, "fence.acq_rel.cta;"), 1u);
    EXPECT_EQ(count(synchronise("fence(i32 1, i32 0)").ptx, "fence."), 0u);
    const Answer grid = synchronise("barrier(i32 1, i32 1, i32 520)");
    ASSERT_EQ(grid.refusal, "");
    EXPECT_THAT(firstLine(grid.ptx), HasSubstr("hidden=grid"));
    EXPECT_EQ(count(grid.ptx, "atom.acq_rel.gpu.global.add.u32"), 1u);
    EXPECT_EQ(count(grid.ptx, "ld.acquire.gpu.global.u32"), 1u);
    EXPECT_EQ(count(grid.ptx, "st.release.gpu.global.u32"), 1u);
    EXPECT_EQ(count(grid.ptx, ".sys"), 0u);
    const Answer far = synchronise("barrier(i32 1, i32 0, i32 520)");
    EXPECT_EQ(count(far.ptx, "fence.acq_rel.sys;"), 2u) << far.ptx;
}

} // namespace halyard::jit::nvptx::test
