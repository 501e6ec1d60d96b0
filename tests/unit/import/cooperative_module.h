// A module with cooperative matrices for a test, which the assembler does not know.
#pragma once

#include <string>

namespace halyard::jit::test {

// `body` is what main does with the pointer %p to the floats (CrossWorkgroup in a Kernel module of any workgroup size)
// and the matrix types %a, %b, %c (16 x 8, 8 x 16, 16 x 16 floats), %i (16 x 16 integers). In it an instruction that is
// younger than the assembler stands as its first word, behind an OpNop, which would else take it for operands.
inline std::string cooperativeModule(const std::string& body, const std::string& types = "") {
    return R"(
    OpCapability Kernel
    OpCapability Addresses
    OpCapability Int64
    OpMemoryModel Physical64 OpenCL
    OpEntryPoint Kernel %main "main"
    %void = OpTypeVoid
    %uint = OpTypeInt 32 0
    %float = OpTypeFloat 32
    %ptr = OpTypePointer CrossWorkgroup %float
    %proc = OpTypeFunction %void %ptr
    %u0 = OpConstant %uint 0
    %u1 = OpConstant %uint 1
    %u2 = OpConstant %uint 2
    %u3 = OpConstant %uint 3
    %u8 = OpConstant %uint 8
    %u16 = OpConstant %uint 16
    %u5000 = OpConstant %uint 5000
    %f2 = OpConstant %float 2
    OpNoLine
    !0x00071168 %a %float %u3 %u16 %u8 %u0
    OpNoLine
    !0x00071168 %b %float %u3 %u8 %u16 %u1
    OpNoLine
    !0x00071168 %c %float %u3 %u16 %u16 %u2
    OpNoLine
    !0x00071168 %i %uint %u3 %u16 %u16 %u2
    )" + types +
           R"(
    %main = OpFunction %void None %proc
    %p = OpFunctionParameter %ptr
    %entry = OpLabel
    )" + body +
           R"(
    OpReturn
    OpFunctionEnd)";
}

// Loads all three, multiplies, doubles and stores.
inline constexpr const char* kProductBody = R"(
    OpNop
    !0x00061169 %a %va %p %u0 %u8
    OpNop
    !0x00061169 %b %vb %p %u1 %u8
    OpNop
    !0x00061169 %c %vc %p %u0 %u16
    OpNop
    !0x0006116B %c %vd %va %vb %vc
    %ve = OpMatrixTimesScalar %c %vd %f2
    OpNop
    !0x0005116A %p %ve %u0 %u16
)";

} // namespace halyard::jit::test
