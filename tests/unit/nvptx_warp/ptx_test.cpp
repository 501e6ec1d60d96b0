// What the PTX of operations looks like, and that NVIDIA's assembler takes it.
#include "harness.h"

#include <gtest/gtest.h>

namespace halyard::jit::nvptx::test {

namespace {

const std::vector<std::string> kTypes{"i1", "i8", "i16", "i32", "i64", "half", "float", "double"};

std::string suffixOf(const std::string& type) {
    return type == "half" ? "f16" : type == "float" ? "f32" : type == "double" ? "f64" : type;
}

// Loads a value, calls, stores the result; under a condition that differs between invocations, or for all.
std::string kernel(const std::string& operation, const std::string& type, const std::string& more, bool divergent) {
    const bool isBoolean = type == "i1";
    const std::string cell = isBoolean ? "i8" : type;
    const std::string name = "@hy." + operation + "." + suffixOf(type);
    const std::string text =
        "define void @k(ptr addrspace(1) %in, ptr addrspace(1) %out, i32 %pattern) #0 {\n"
        "  %id = call i64 @hy.local_linear_id()\n"
        "  %from = getelementptr " +
        cell + ", ptr addrspace(1) %in, i64 %id\n  %cell = load " + cell + ", ptr addrspace(1) %from\n" +
        (isBoolean ? "  %v = trunc i8 %cell to i1\n"
                   : "  %v = select i1 true, " + type + " %cell, " + type + " %cell\n") +
        "  %lane = call i32 @hy.subgroup_local_id()\n  %shifted = lshr i32 %pattern, %lane\n"
        "  %bit = trunc i32 %shifted to i1\n  %on = or i1 %bit, " +
        (divergent ? "false" : "true") + "\n  br i1 " + (divergent ? "%on" : "true") +
        ", label %then, label %end\nthen:\n  %r = call " + type + " " + name + "(" + type + " %v" + more + ")\n" +
        (isBoolean ? "  %s = zext i1 %r to i8\n" : "  %s = select i1 true, " + type + " %r, " + type + " %r\n") +
        "  %to = getelementptr " + cell + ", ptr addrspace(1) %out, i64 %id\n  store " + cell +
        " %s, ptr addrspace(1) %to\n  br label %end\nend:\n  ret void\n}\n";
    return kirText(text, "declare " + type + " " + name + "(" + type + (more.empty() ? "" : ", i32") + ") #2\n");
}

} // namespace

TEST(NvptxPtx, FullWarpsNeedNoMasks) {
    const Lowering lowering{.workgroupSize = {64, 1, 1}};
    const std::string one = ptx(kernel("subgroup.reduce.iadd", "i32", "", false), lowering);
    EXPECT_EQ(count(one, "redux.sync.add.s32"), 1u);
    EXPECT_EQ(count(one, "vote"), 0u);
    EXPECT_EQ(count(one, "activemask"), 0u);
    const std::string old =
        ptx(kernel("subgroup.reduce.iadd", "i32", "", false), {.workgroupSize = {64, 1, 1}, .sm = 75});
    EXPECT_EQ(count(old, "shfl.sync.bfly.b32"), 5u);
    const std::string floats = ptx(kernel("subgroup.reduce.fadd", "float", "", false), lowering);
    EXPECT_EQ(count(floats, "shfl.sync.idx.b32"), 32u);
    EXPECT_EQ(count(floats, "add.rn.f32"), 31u);
    const std::string halves = ptx(kernel("subgroup.reduce.fadd", "half", "", false), lowering);
    EXPECT_EQ(count(halves, "add.rn.f16"), 31u);
}

TEST(NvptxPtx, LeaveToReassociateTakesFiveSteps) {
    std::string text = kernel("subgroup.reduce.fadd", "float", "", false);
    text.replace(text.find("call float @hy"), 4, "call reassoc");
    const std::string code = ptx(text, {.workgroupSize = {32, 1, 1}});
    EXPECT_EQ(count(code, "shfl.sync.bfly.b32"), 5u);
    EXPECT_EQ(count(code, "shfl.sync.idx"), 0u);
}

TEST(NvptxPtx, DivergentInvocationsVoteForTheirMask) {
    const std::string code = ptx(kernel("subgroup.reduce.iadd", "i32", "", true), {.workgroupSize = {32, 1, 1}});
    EXPECT_EQ(count(code, "vote.sync.ballot.b32"), 1u);
    EXPECT_EQ(count(code, "activemask"), 0u);
    EXPECT_EQ(count(code, "redux.sync.add.s32"), 1u);
}

TEST(NvptxPtx, TheAssemblerTakesEveryOperation) {
    if (!hasPtxas()) {
        GTEST_SKIP() << "no ptxas";
    }
    const std::vector<std::string> forms{"subgroup.reduce",    "subgroup.inclusive", "subgroup.exclusive",
                                         "subgroup.clustered", "workgroup.reduce",   "workgroup.exclusive"};
    uint32_t number = 0;
    for (const std::string& type : kTypes) {
        const bool isFloat = suffixOf(type)[0] == 'f';
        const std::vector<std::string> combines =
            isFloat ? std::vector<std::string>{"fadd", "fmul", "fmin", "fmax"}
                    : std::vector<std::string>{"iadd", "imul", "smin", "umax", "and", "xor"};
        for (const std::string& combine : combines) {
            // Each combination with one of the forms, sizes and processors, so that all pairs come up.
            const std::string& form = forms[number % forms.size()];
            const bool workgroup = form.starts_with("workgroup");
            const uint32_t sm = std::array<uint32_t, 4>{75, 80, 90, 100}[number / 2 % 4];
            const std::string more = form == "subgroup.clustered" ? ", i32 8" : "";
            const Lowering lowering{.workgroupSize = {number % 3 == 0 ? 0 : 48 * (number % 3), number % 3, number % 3},
                                    .sm = sm};
            const std::string text = kernel(form + "." + combine, type, more, !workgroup && number % 5 < 3);
            EXPECT_EQ(assemble(ptx(text, lowering), sm), "") << form << "." << combine << " " << type << " sm_" << sm;
            ++number;
        }
    }
}

TEST(NvptxPtx, TheAssemblerRefusesWhatIsNoPtx) {
    if (!hasPtxas()) {
        GTEST_SKIP() << "no ptxas";
    }
    EXPECT_NE(assemble(".version 7.0\n.target sm_80\n.address_size 64\nnonsense\n", 80), "");
}

} // namespace halyard::jit::nvptx::test
