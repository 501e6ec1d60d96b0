// Variables at program scope: what they become in KIR, and what is refused. tests/conformance runs them.
#include "harness.h"

namespace halyard::jit::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// A kernel that loads from %v, and from %w where `also` has it.
Import importWith(const std::string& declarations, const std::string& storage = "CrossWorkgroup") {
    return importKernel(assemble(R"(
    OpCapability Addresses
    OpCapability Kernel
    OpCapability Linkage
    OpCapability Int64
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %kernel "k"
    )" +
                                 (declarations.find("Import") != std::string::npos
                                      ? std::string("OpDecorate %v LinkageAttributes \"elsewhere\" Import\n")
                                      : std::string()) +
                                 R"(
    %void = OpTypeVoid
    %int = OpTypeInt 32 0
    %proc = OpTypeFunction %void
    %five = OpConstant %int 5
    %big = OpConstant %int 0x08000000
    %row = OpTypeArray %int %big
    %pint = OpTypePointer )" + storage +
                                 R"( %int
    %prow = OpTypePointer )" + storage +
                                 R"( %row
    %ppint = OpTypePointer )" + storage +
                                 " %pint\n" + declarations + R"(
    %kernel = OpFunction %void None %proc
    %a = OpLabel
    %b = OpLoad %pint %v Aligned 8
    %c = OpLoad %int %b Aligned 4
    OpStore %b %c Aligned 4
    OpReturn
    OpFunctionEnd)"),
                        "k", {}, false, false);
}

// One block holds all, in the module's order, whichever of them the kernel uses.
TEST(ProgramScope, IsOneBlockLaidOutForTheWholeModule) {
    const Import import = importWith(R"(
    %first = OpVariable %pint CrossWorkgroup %five
    %v = OpVariable %ppint CrossWorkgroup %last
    %last = OpVariable %pint CrossWorkgroup %five)");
    ASSERT_TRUE(import.module) << import.error.message;
    EXPECT_THAT(print(*import.module),
                HasSubstr("@hy.program_data = addrspace(1) global <{ i32, [4 x i8], ptr addrspace(1), i32 }> <{ i32 5, "
                          "[4 x i8] zeroinitializer, ptr addrspace(1) getelementptr inbounds (i8, ptr addrspace(1) "
                          "@hy.program_data, i64 16), i32 5 }>, align 16"));
}

TEST(ProgramScope, AVariableMayHoldItsOwnAddress) {
    const Import import = importWith("%v = OpVariable %ppint CrossWorkgroup %v");
    ASSERT_TRUE(import.module) << import.error.message;
    EXPECT_THAT(print(*import.module),
                HasSubstr("global <{ ptr addrspace(1) }> <{ ptr addrspace(1) @hy.program_data }>"));
}

TEST(ProgramScope, AConstantThatHoldsItsOwnAddressIsRefused) {
    const Import import = importWith("%v = OpVariable %ppint UniformConstant %v", "UniformConstant");
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(import.error.message, HasSubstr("nest too deeply"));
}

TEST(ProgramScope, AVariableOfAnotherModuleIsRefused) {
    const Import import = importWith("%v = OpVariable %ppint CrossWorkgroup ; Import");
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(import.error.message, HasSubstr("another module defines"));
    EXPECT_THAT(import.error.hint, HasSubstr("spirv-link"));
}

TEST(ProgramScope, MoreThanAnObjectCanHoldIsRefused) {
    const std::string row = "= OpVariable %prow CrossWorkgroup\n"; // 512 MiB
    EXPECT_TRUE(importWith("%x " + row + "%v = OpVariable %ppint CrossWorkgroup").module);
    const Import import = importWith("%x " + row + "%y " + row + "%v = OpVariable %ppint CrossWorkgroup");
    EXPECT_FALSE(import.module);
    EXPECT_EQ(import.error.code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(import.error.message, HasSubstr("1 GiB"));
}

TEST(ProgramScope, IsAbsentFromKernelsThatUseNone) {
    const Import import = importKernel(assemble(R"(
    OpCapability Addresses
    OpCapability Kernel
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %kernel "k"
    %void = OpTypeVoid
    %int = OpTypeInt 32 0
    %proc = OpTypeFunction %void
    %pint = OpTypePointer CrossWorkgroup %int
    %v = OpVariable %pint CrossWorkgroup
    %kernel = OpFunction %void None %proc
    %a = OpLabel
    OpReturn
    OpFunctionEnd)"),
                                       "k");
    ASSERT_TRUE(import.module) << import.error.message;
    EXPECT_THAT(print(*import.module), Not(HasSubstr("hy.program_data")));
}

} // namespace
} // namespace halyard::jit::test
