// Every instruction that the support tables call supported has a case in the matrix, or a reason why not.
#include "matrix/families.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace halyard::spirvtest {
namespace {

// In every module or every kernel of the matrix, or without an effect on results.
const std::set<std::string> kEverywhere = {
    "OpSourceContinued",
    "OpSource",
    "OpSourceExtension",
    "OpName",
    "OpMemberName",
    "OpString",
    "OpLine",
    "OpNoLine",
    "OpExtension",
    "OpExtInstImport",
    "OpExtInst",
    "OpMemoryModel",
    "OpEntryPoint",
    "OpExecutionMode",
    "OpExecutionModeId",
    "OpCapability",
    "OpTypeVoid",
    "OpTypeBool",
    "OpTypeInt",
    "OpTypeFloat",
    "OpTypeVector",
    "OpTypeMatrix",
    "OpTypeArray",
    "OpTypeRuntimeArray",
    "OpTypeStruct",
    "OpTypePointer",
    "OpTypeFunction",
    "OpTypeEvent",
    "OpTypeForwardPointer",
    "OpConstantTrue",
    "OpConstantFalse",
    "OpConstant",
    "OpConstantComposite",
    "OpConstantNull",
    "OpSpecConstantTrue",
    "OpSpecConstantFalse",
    "OpSpecConstant",
    "OpSpecConstantComposite",
    "OpSpecConstantOp",
    "OpFunction",
    "OpFunctionParameter",
    "OpFunctionEnd",
    "OpStore",
    "OpDecorate",
    "OpMemberDecorate",
    "OpDecorationGroup",
    "OpGroupDecorate",
    "OpGroupMemberDecorate",
    "OpDecorateId",
    "OpDecorateString",
    "OpMemberDecorateString",
    "OpModuleProcessed",
    "OpSelectionMerge",
    "OpLabel",
    "OpReturn",
    "OpReturnValue",
    "OpGroupWaitEvents",
    "OpInBoundsAccessChain",
};

// Supported and without a case: each with a reason.
const std::set<std::string> kWithout = {
#include "uncovered.inc"
};

TEST(MatrixCoverage, EverySupportedInstructionHasACase) {
    std::set<std::string> covered;
    for (const Family& family : families()) {
        for (const Case& item : family.cases()) {
            covered.insert(item.instruction);
        }
    }
    const auto check = [&](const std::string& instruction) {
        const bool known = covered.count(instruction) != 0 || kEverywhere.count(instruction) != 0;
        if (kWithout.count(instruction) != 0) {
            EXPECT_FALSE(known) << instruction << " has a case: take it out of uncovered.inc";
        } else {
            EXPECT_TRUE(known) << instruction << " has no case";
        }
    };
#define No 0
#define Yes 1
#define HY_SPV_OP(name, number, hasType, hasResult, family, support)                                                   \
    if (support != 0) {                                                                                                \
        check("Op" #name);                                                                                             \
    }
#include "spv/opcodes.inc"
#undef HY_SPV_OP
#define HY_SPV_OPENCL(name, number, support)                                                                           \
    if (support != 0) {                                                                                                \
        check("OpenCL.std " #name);                                                                                    \
    }
#include "spv/opencl_std.inc"
#undef HY_SPV_OPENCL
#define HY_SPV_GLSL(name, number, support)                                                                             \
    if (support != 0) {                                                                                                \
        check("GLSL.std.450 " #name);                                                                                  \
    }
#include "spv/glsl_std_450.inc"
#undef HY_SPV_GLSL
#undef Yes
#undef No
}

} // namespace
} // namespace halyard::spirvtest
