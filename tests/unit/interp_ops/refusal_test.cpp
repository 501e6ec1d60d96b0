// Operands of wrong shapes are errors with words, whatever a module says; other instructions are left to the engine.
#include "bench.h"

using namespace halyard::interp::test;

namespace {

struct Wrong {
    const char* instruction;
    const char* result;
    std::vector<std::string> operands;
    const char* tail;
};

const Wrong kWrong[] = {
    {"OpIAdd", "u32", {"u32", "u64"}, ""},
    {"OpIAdd", "u32", {"u32", "u32x2"}, ""},
    {"OpIAdd", "f32", {"f32", "f32"}, ""},
    {"OpIAdd", "struct", {"struct", "struct"}, ""},
    {"OpFAdd", "f32", {"f32", "f64"}, ""},
    {"OpFAdd", "m2", {"m2", "m2"}, ""},
    {"OpIAddCarry", "pair32", {"u64", "u64"}, ""},
    {"OpIAddCarry", "u32", {"u32", "u32"}, ""},
    {"OpUMulExtended", "struct", {"u32", "u32"}, ""},
    {"OpSelect", "u32x2", {"bool4", "u32x2", "u32x2"}, ""},
    {"OpSelect", "u32", {"u32", "u32", "u32"}, ""},
    {"OpULessThan", "bool2", {"u32", "u32"}, ""},
    {"OpFOrdLessThan", "bool", {"f32", "f16"}, ""},
    {"OpBitcast", "u32", {"u64"}, ""},
    {"OpBitcast", "u32", {"bool"}, ""},
    {"OpCompositeExtract", "u32", {"u32x2"}, "2"},
    {"OpCompositeExtract", "u32", {"u32"}, "0"},
    {"OpCompositeExtract", "u32", {"struct"}, "1 0"},
    {"OpCompositeInsert", "u32x2", {"f32", "u32x2"}, "0"},
    {"OpCompositeConstruct", "u32x4", {"u32x2", "u32"}, ""},
    {"OpCompositeConstruct", "u32x2", {"f32", "f32"}, ""},
    {"OpCompositeConstruct", "struct", {"u32", "f32x2"}, ""},
    {"OpCompositeConstruct", "u32", {"u32"}, ""},
    {"OpVectorShuffle", "u32x2", {"u32x2", "u32x2"}, "4 0"},
    {"OpVectorShuffle", "u32x2", {"u32x2", "u32x2"}, "0"},
    {"OpVectorExtractDynamic", "u32", {"u32", "u32"}, ""},
    {"OpMatrixTimesVector", "f32x2", {"m23", "f32x2"}, ""},
    {"OpMatrixTimesMatrix", "m2", {"m23", "m23"}, ""},
    {"OpTranspose", "m2", {"m23"}, ""},
    {"OpDot", "f32", {"f32x2", "f32x3"}, ""},
    {"OpDot", "f32x2", {"f32x2", "f32x2"}, ""},
    {"OpSDotKHR", "u32", {"u64", "u64"}, "PackedVectorFormat4x8BitKHR"},
    {"OpSDotKHR", "u32", {"u32", "u32"}, ""},
    {"OpSDotAccSatKHR", "u32", {"u8x4", "u8x4", "u64"}, ""},
    {"OpAny", "bool", {"u32x2"}, ""},
    {"OpConvertUToPtr", "u64", {"u64"}, ""},
    {"OpConvertFToS", "u32", {"u32"}, ""},
    {"OpQuantizeToF16", "f64", {"f64"}, ""},
    {"cl vloadn", "u16x4", {"u64", "ptr16"}, "3"},
    {"cl vload_halfn", "u32x2", {"u64", "ptr16"}, "2"},
    {"cl shuffle", "u32x4", {"u32x2", "u32x2"}, ""},
    {"cl cross", "f32x2", {"f32x2", "f32x2"}, ""},
    {"cl u_upsample", "u32", {"u8", "u8"}, ""},
    {"cl fma", "f32", {"f32", "f32", "f64"}, ""},
    {"cl nan", "f64", {"u32"}, ""},
    {"cl normalize", "m2", {"m2"}, ""},
    {"glsl Determinant", "f32", {"m23"}, ""},
    {"glsl PackHalf2x16", "u32", {"f32x4"}, ""},
    {"glsl ModfStruct", "pair32", {"f32"}, ""},
    {"glsl Frexp", "f32", {"f32", "ptr32"}, ""},
    {"glsl Refract", "f32x2", {"f32x2", "f32x2", "f32x2"}, ""},
};

} // namespace

TEST(InterpRefusal, OperandsOfWrongShapes) {
    for (const Wrong& wrong : kWrong) {
        Bench bench(wrong.instruction, wrong.result, wrong.operands, wrong.tail);
        ASSERT_FALSE(bench.bound()) << wrong.instruction << " " << wrong.result;
        EXPECT_EQ(bench.bound().error().code, HY_ERROR_INVALID_MODULE) << wrong.instruction;
        const std::string opcode = wrong.instruction[0] == 'O' ? wrong.instruction : "OpExtInst";
        const std::string known = opcode.substr(0, opcode.find("KHR"));
        EXPECT_NE(bench.bound().error().message.find(known), std::string::npos) << bench.bound().error().message;
    }
}

TEST(InterpRefusal, WhatNobodyComputesIsNamed) {
    Bench bench("glsl InterpolateAtCentroid", "f32", {"ptr32"});
    ASSERT_FALSE(bench.bound());
    EXPECT_EQ(bench.bound().error().code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_NE(bench.bound().error().message.find("InterpolateAtCentroid"), std::string::npos);
}

TEST(InterpRefusal, OtherInstructionsAreLeftAlone) {
    Bench bench("OpLoad", "f32", {"ptr32"});
    ASSERT_TRUE(bench.bound());
    EXPECT_FALSE(bench.bound()->handled);
}
