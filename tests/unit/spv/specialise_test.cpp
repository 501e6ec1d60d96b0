#include "modules.h"

#include "spv/constants.h"
#include "spv/scalar_ops.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::spv::test {
namespace {

using testing::HasSubstr;
using Op = ::spv::Op;

Words specialised(const Module& module, std::vector<SpecValue> values = {}) {
    Result<Words> words = specialise(module, values);
    if (!words) {
        ADD_FAILURE() << words.error().message;
        return {};
    }
    const Status status = validate(bytes(*words));
    EXPECT_TRUE(status) << status.error().message;
    return *words;
}

// The scalars of the constant `id`, in order; `module` has plain constants only.
std::vector<uint64_t> scalars(const Module& module, Id id) {
    const Instruction* definition = module.definition(id);
    if (definition != nullptr && definition->op() == Op::OpConstantComposite) {
        std::vector<uint64_t> all;
        for (uint32_t i = 0; i < definition->operandCount(); ++i) {
            for (uint64_t value : scalars(module, definition->operand(i)))
                all.push_back(value);
        }
        return all;
    }
    const std::optional<uint64_t> value = ConstantFolder(module).scalar(id);
    EXPECT_TRUE(value) << (definition != nullptr ? module.describe(*definition) : "no definition");
    return {value.value_or(~0ull)};
}

const char* const kTypes = R"(
    %half = OpTypeFloat 16
    %double = OpTypeFloat 64
    %char = OpTypeInt 8 1
    %uchar = OpTypeInt 8 0
    %short = OpTypeInt 16 1
    %ushort = OpTypeInt 16 0
    %long = OpTypeInt 64 1
    %ulong = OpTypeInt 64 0
    %v2float = OpTypeVector %float 2
    %v2bool = OpTypeVector %bool 2
    %v2int = OpTypeVector %int 2
    %v4ushort = OpTypeVector %ushort 4
    %m7 = OpConstant %int -7
    %p2 = OpConstant %int 2
    %m2 = OpConstant %int -2
    %min = OpConstant %int -2147483648
    %m1 = OpConstant %int -1
    %i0 = OpConstant %int 0
    %u40 = OpConstant %uint 40
    %umax = OpConstant %uint 0xffffffff
    %c200 = OpConstant %uchar 200
    %cm56 = OpConstant %char -56
    %big = OpConstant %ulong 0x123456789abcdef0
    %f1_5 = OpConstant %float 1.5
    %fm2 = OpConstant %float -2
    %d1e300 = OpConstant %double 1e300
    %pair = OpConstantComposite %v2uint %u3 %u4
    %other = OpConstantComposite %v2uint %u1 %u2
    %u2pair = OpConstantComposite %v2uint %u3 %u3
    %flags = OpConstantComposite %v2bool %true %false
    %nothing = OpConstantNull %v2uint
)";

// Folds one operation whose result is %r and gives its scalars.
std::vector<uint64_t> folded(const std::string& operation) {
    SCOPED_TRACE(operation);
    // Kernel-only operations are folded too, so this module is not for the validator.
    const Module module = parsed(computeModule(std::string(kTypes) + "%r = " + operation, "", "OpName %r \"r\""));
    Result<Words> words = specialise(module, {});
    if (!words) {
        ADD_FAILURE() << words.error().message;
        return {};
    }
    const Module after = parsed(*words);
    for (const Instruction& instruction : after.instructions()) {
        EXPECT_NE(instruction.op(), Op::OpSpecConstantOp) << operation;
        if (instruction.result != 0 && after.name(instruction.result) == "r")
            return scalars(after, instruction.result);
    }
    ADD_FAILURE() << "no result";
    return {};
}

uint64_t one(const std::string& operation) {
    const std::vector<uint64_t> all = folded("OpSpecConstantOp " + operation);
    EXPECT_EQ(all.size(), 1u) << operation;
    return all.empty() ? ~0ull : all[0];
}

using Many = std::vector<uint64_t>;

Many many(const std::string& operation) {
    return folded("OpSpecConstantOp " + operation);
}

uint64_t u32(int64_t value) {
    return static_cast<uint32_t>(value);
}

uint64_t f32(float value) {
    return std::bit_cast<uint32_t>(value);
}

TEST(Fold, Integers) {
    EXPECT_EQ(one("%uint IAdd %umax %u2"), 1u);
    EXPECT_EQ(one("%int ISub %p2 %m7"), 9u);
    EXPECT_EQ(one("%int IMul %m7 %p2"), u32(-14));
    EXPECT_EQ(one("%int SNegate %m7"), 7u);
    EXPECT_EQ(one("%uint Not %u0"), 0xffffffffu);
    EXPECT_EQ(one("%uint BitwiseOr %u1 %u4"), 5u);
    EXPECT_EQ(one("%uint BitwiseXor %u3 %u1"), 2u);
    EXPECT_EQ(one("%uint BitwiseAnd %u3 %u2"), 2u);
    EXPECT_EQ(one("%ulong IAdd %big %big"), 0x2468acf13579bde0u);
}

TEST(Fold, Division) {
    EXPECT_EQ(one("%int SDiv %m7 %p2"), u32(-3));
    EXPECT_EQ(one("%int SRem %m7 %p2"), u32(-1));
    EXPECT_EQ(one("%int SMod %m7 %p2"), 1u);
    EXPECT_EQ(one("%int SMod %m7 %m2"), u32(-1));
    EXPECT_EQ(one("%uint UDiv %umax %u2"), 0x7fffffffu);
    EXPECT_EQ(one("%uint UMod %umax %u4"), 3u);
    // Undefined, but no trap.
    EXPECT_EQ(one("%uint UDiv %u1 %u0"), 0u);
    EXPECT_EQ(one("%uint UMod %u1 %u0"), 0u);
    EXPECT_EQ(one("%int SDiv %m7 %i0"), 0u);
    EXPECT_EQ(one("%int SRem %m7 %i0"), 0u);
    EXPECT_EQ(one("%int SDiv %min %m1"), u32(std::numeric_limits<int32_t>::min()));
    EXPECT_EQ(one("%int SRem %min %m1"), 0u);
    EXPECT_EQ(one("%int SMod %min %m1"), 0u);
}

TEST(Fold, Shifts) {
    EXPECT_EQ(one("%uint ShiftLeftLogical %u3 %u4"), 48u);
    EXPECT_EQ(one("%int ShiftRightArithmetic %m7 %u1"), u32(-4));
    EXPECT_EQ(one("%int ShiftRightLogical %m7 %u1"), u32(-7) >> 1);
    EXPECT_EQ(one("%uint ShiftLeftLogical %u3 %u40"), 0u);
    EXPECT_EQ(one("%char ShiftRightArithmetic %cm56 %u2"), static_cast<uint8_t>(-14));
}

TEST(Fold, ComparisonsAndLogic) {
    EXPECT_EQ(one("%bool IEqual %u1 %u1"), 1u);
    EXPECT_EQ(one("%bool INotEqual %u1 %u1"), 0u);
    EXPECT_EQ(one("%bool UGreaterThan %umax %u1"), 1u);
    EXPECT_EQ(one("%bool SGreaterThan %umax %u1"), 0u);
    EXPECT_EQ(one("%bool ULessThan %umax %u1"), 0u);
    EXPECT_EQ(one("%bool SLessThan %m7 %p2"), 1u);
    EXPECT_EQ(one("%bool UGreaterThanEqual %u1 %u1"), 1u);
    EXPECT_EQ(one("%bool SGreaterThanEqual %m7 %p2"), 0u);
    EXPECT_EQ(one("%bool ULessThanEqual %u2 %u1"), 0u);
    EXPECT_EQ(one("%bool SLessThanEqual %m7 %m7"), 1u);
    EXPECT_EQ(one("%bool LogicalAnd %true %false"), 0u);
    EXPECT_EQ(one("%bool LogicalOr %true %false"), 1u);
    EXPECT_EQ(one("%bool LogicalNot %true"), 0u);
    EXPECT_EQ(one("%bool LogicalEqual %true %false"), 0u);
    EXPECT_EQ(one("%bool LogicalNotEqual %true %false"), 1u);
    EXPECT_EQ(one("%uint Select %true %u3 %u4"), 3u);
    EXPECT_EQ(many("%v2uint Select %flags %pair %other"), (Many{3, 2}));
    EXPECT_EQ(many("%v2uint Select %false %pair %other"), (Many{1, 2}));
}

TEST(Fold, IntegerConversions) {
    EXPECT_EQ(one("%uint UConvert %c200"), 200u);
    EXPECT_EQ(one("%uint SConvert %c200"), u32(-56));
    EXPECT_EQ(one("%long SConvert %cm56"), static_cast<uint64_t>(-56));
    EXPECT_EQ(one("%ushort UConvert %big"), 0xdef0u);
    EXPECT_EQ(one("%char SConvert %u40"), 40u);
}

TEST(Fold, Floats) {
    EXPECT_EQ(one("%float FAdd %f1_5 %fm2"), f32(-0.5F));
    EXPECT_EQ(one("%float FSub %f1_5 %fm2"), f32(3.5F));
    EXPECT_EQ(one("%float FMul %f1_5 %fm2"), f32(-3));
    EXPECT_EQ(one("%float FDiv %f1_5 %fm2"), f32(-0.75F));
    EXPECT_EQ(one("%float FNegate %fm2"), f32(2));
    EXPECT_EQ(one("%float FRem %f1_5 %fm2"), f32(1.5F));
    EXPECT_EQ(one("%float FMod %f1_5 %fm2"), f32(-0.5F));
    EXPECT_EQ(one("%float ConvertSToF %m7"), f32(-7));
    EXPECT_EQ(one("%float ConvertUToF %umax"), f32(4294967295.0F));
    EXPECT_EQ(one("%int ConvertFToS %fm2"), u32(-2));
    EXPECT_EQ(one("%uint ConvertFToU %f1_5"), 1u);
    EXPECT_EQ(one("%int ConvertFToS %d1e300"), 0x7fffffffu) << "out of range: some value, no trap";
    EXPECT_EQ(one("%half FConvert %f1_5"), 0x3e00u);
    EXPECT_EQ(one("%float FConvert %d1e300"), f32(std::numeric_limits<float>::infinity()));
    EXPECT_EQ(one("%double FConvert %f1_5"), std::bit_cast<uint64_t>(1.5));
    EXPECT_EQ(one("%float QuantizeToF16 %f1_5"), f32(1.5F));
}

TEST(Fold, Vectors) {
    EXPECT_EQ(many("%v2uint IAdd %pair %other"), (Many{4, 6}));
    EXPECT_EQ(many("%v2uint IAdd %pair %nothing"), (Many{3, 4}));
    EXPECT_EQ(many("%v2bool UGreaterThan %pair %u2pair"), (Many{0, 1}));
}

TEST(Fold, Composites) {
    EXPECT_EQ(one("%uint CompositeExtract %pair 1"), 4u);
    EXPECT_EQ(one("%uint CompositeExtract %nothing 1"), 0u);
    EXPECT_EQ(many("%v2uint CompositeInsert %u1 %pair 1"), (Many{3, 1}));
    EXPECT_EQ(many("%v2uint CompositeInsert %u1 %nothing 0"), (Many{1, 0}));
    EXPECT_EQ(many("%v2uint VectorShuffle %pair %other 3 0"), (Many{2, 3}));
    EXPECT_EQ(many("%v3uint VectorShuffle %pair %other 1 0xffffffff 2"), (Many{4, 0, 1}));
    EXPECT_EQ(many("%v4ushort Bitcast %big"), (Many{0xdef0, 0x9abc, 0x5678, 0x1234}));
    EXPECT_EQ(one("%uint Bitcast %f1_5"), f32(1.5F));
}

TEST(Fold, NestedComposites) {
    const std::string types = std::string(kTypes) + R"(
        %row = OpTypeArray %v2uint %u2
        %outer = OpTypeStruct %row %uint
        %rows = OpConstantComposite %row %pair %other
        %whole = OpSpecConstantComposite %outer %rows %u0
        %empty = OpConstantNull %outer
    )";
    const auto fold = [&](const std::string& operation) {
        const Module module =
            parsed(computeModule(types + "%r = OpSpecConstantOp " + operation, "", "OpName %r \"r\""));
        const Module after = parsed(specialised(module));
        for (const Instruction& instruction : after.instructions()) {
            if (instruction.result != 0 && after.name(instruction.result) == "r")
                return scalars(after, instruction.result);
        }
        return Many{};
    };
    EXPECT_EQ(fold("%uint CompositeExtract %whole 0 1 0"), (Many{1}));
    EXPECT_EQ(fold("%v2uint CompositeExtract %whole 0 1"), (Many{1, 2}));
    EXPECT_EQ(fold("%outer CompositeInsert %u4 %whole 0 0 1"), (Many{3, 4, 1, 2, 0}));
    EXPECT_EQ(fold("%outer CompositeInsert %pair %whole 0 1"), (Many{3, 4, 3, 4, 0}));
    EXPECT_EQ(fold("%uint CompositeExtract %empty 0 1 1"), (Many{0}));
}

TEST(Specialise, ReplacesDefaults) {
    const Module module = parsed(sample("specialised.comp"));
    const Module after = parsed(specialised(
        module, {{0, 4, 16}, {1, 4, 8}, {3, 4, f32(0.25F)}, {4, 1, 0}, {5, 8, 0xfedcba9876543210}, {6, 4, u32(-9)}}));
    std::map<std::string, uint64_t> values;
    for (const Instruction& instruction : after.instructions()) {
        EXPECT_NE(instruction.op(), Op::OpSpecConstant);
        EXPECT_NE(instruction.op(), Op::OpSpecConstantOp);
        EXPECT_NE(instruction.op(), Op::OpSpecConstantTrue);
        EXPECT_NE(instruction.op(), Op::OpSpecConstantComposite);
        if (instruction.op() == Op::OpConstant || instruction.op() == Op::OpConstantFalse)
            values[std::string(after.name(instruction.result))] = scalars(after, instruction.result)[0];
    }
    EXPECT_EQ(values["kWidth"], 16u);
    EXPECT_EQ(values["kScale"], f32(0.25F));
    EXPECT_EQ(values["kDouble"], 0u);
    EXPECT_EQ(values["kWide"], 0xfedcba9876543210u);
    EXPECT_EQ(values["kSigned"], u32(-9));
    const Result<Reflection> reflection = reflect(after);
    ASSERT_TRUE(reflection) << reflection.error().message;
    EXPECT_EQ(reflection->kernels[0].requiredWorkgroupSize, (std::array<uint32_t, 3>{16, 8, 2}));
    EXPECT_EQ(reflection->kernels[0].staticLocalBytes, 32u * 4);
    EXPECT_TRUE(reflection->specConstants.empty());
}

TEST(Specialise, KeepsDefaultsAndPlainConstants) {
    const Module plain = parsed(sample("reduce.cl"));
    EXPECT_THAT(specialised(plain), testing::ElementsAreArray(plain.words()));
    const Module after = parsed(specialised(parsed(sample("specialised.comp"))));
    EXPECT_EQ(reflect(after)->kernels[0].staticLocalBytes, 9u * 4);
    EXPECT_THAT(specialised(after), testing::ElementsAreArray(after.words())) << "a second time changes nothing";
}

TEST(Specialise, AnyValueButZeroIsTrue) {
    const Module module = parsed(computeModule("%b = OpSpecConstantFalse %bool", "", "OpDecorate %b SpecId 0"));
    const Module after = parsed(specialised(module, {{0, 1, 2}}));
    EXPECT_EQ(std::ranges::count(after.instructions(), Op::OpConstantTrue, &Instruction::op), 2);
}

TEST(Specialise, StoresNarrowIntegersByTheirSign) {
    const std::string types = std::string(kTypes) + R"(
        %s = OpSpecConstant %char 0
        %u = OpSpecConstant %uchar 0
    )";
    const Module module = parsed(computeModule(types, "",
                                               "OpName %s \"s\"\nOpName %u \"u\"\n"
                                               "OpDecorate %s SpecId 1\nOpDecorate %u SpecId 2"));
    const Module after = parsed(specialised(module, {{1, 1, 0xfe}, {2, 1, 0xfe}}));
    for (const Instruction& instruction : after.instructions()) {
        if (instruction.op() == Op::OpConstant && after.name(instruction.result) == "s") {
            EXPECT_EQ(instruction.operand(0), 0xfffffffeu);
        }
        if (instruction.op() == Op::OpConstant && after.name(instruction.result) == "u") {
            EXPECT_EQ(instruction.operand(0), 0xfeu);
        }
    }
}

TEST(Specialise, AddressesStay) {
    const Module module = parsed(kernelModule(R"(
        %array = OpTypeArray %uint %u3
        %toArray = OpTypePointer CrossWorkgroup %array
        %toInt = OpTypePointer CrossWorkgroup %uint
        %data = OpVariable %toArray CrossWorkgroup
        %element = OpSpecConstantOp %toInt InBoundsPtrAccessChain %data %u0 %u0
        %number = OpSpecConstantOp %ulong ConvertPtrToU %element
        %next = OpSpecConstantOp %ulong IAdd %number %number
    )",
                                              {}));
    const Module after = parsed(specialised(module));
    EXPECT_EQ(std::ranges::count(after.instructions(), Op::OpSpecConstantOp, &Instruction::op), 3);
}

TEST(Specialise, RefusesBadValues) {
    const Module module = parsed(sample("specialised.comp"));
    const auto expectRefusal = [&](std::vector<SpecValue> values, const char* message) {
        const Result<Words> words = specialise(module, values);
        ASSERT_FALSE(words);
        EXPECT_EQ(words.error().code, HY_ERROR_INVALID_ARGUMENT);
        EXPECT_THAT(words.error().message, HasSubstr(message));
    };
    expectRefusal({{77, 4, 1}}, "no specialisation constant 77");
    expectRefusal({{3, 8, 1}}, "specialisation constant 3 has 4 bytes, not 8");
    expectRefusal({{3, 4, 1}, {3, 4, 1}}, "constant 3 is given twice");
    expectRefusal({{3, 4, 0x100000000}}, "does not fit its 4 bytes");
}

TEST(Specialise, NullsOfHugeVectorsAreLeftAlone) {
    const Module module = parsed(computeModule("%huge = OpTypeVector %uint 500000000\n"
                                               "%null = OpConstantNull %huge\n"
                                               "%sum = OpSpecConstantOp %huge IAdd %null %null"));
    const Result<std::vector<uint32_t>> words = specialise(module, {});
    ASSERT_TRUE(words);
    EXPECT_EQ(*words, Words(module.words().begin(), module.words().end()));
}

TEST(Specialise, RefusesExplosions) {
    // Each insertion copies a composite that is as large as the module.
    std::string text = std::string(kTypes) + "%n = OpConstant %uint 100000000\n%huge = OpTypeArray %uint %n\n"
                                             "%zero = OpConstantNull %huge\n"
                                             "%r = OpSpecConstantOp %huge CompositeInsert %u1 %zero 5\n";
    const Result<Words> words = specialise(parsed(computeModule(text)), {});
    ASSERT_FALSE(words);
    EXPECT_EQ(words.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
}

TEST(ScalarOps, EveryHalfSurvivesAndTiesGoToEven) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        const double value = decodeFloat(bits, 16);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(decodeFloat(encodeFloat(value, 16), 16)));
            continue;
        }
        ASSERT_EQ(encodeFloat(value, 16), bits);
        // Half way to the next value ties to the even one.
        const double next = decodeFloat(bits + 1, 16);
        if ((bits & 0x7fff) < 0x7bff) {
            ASSERT_EQ(encodeFloat((value + next) / 2, 16), (bits & 1) != 0 ? bits + 1 : bits) << bits;
        }
    }
    EXPECT_EQ(decodeFloat(0x3c00, 16), 1.0);
    EXPECT_EQ(decodeFloat(0x0001, 16), std::ldexp(1.0, -24));
    EXPECT_EQ(encodeFloat(65519.999, 16), 0x7bffu);
    EXPECT_EQ(encodeFloat(65520, 16), 0x7c00u);
}

} // namespace
} // namespace halyard::spv::test
