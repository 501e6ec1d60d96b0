// Cooperative matrices as KIR, and what is refused of them. What they compute is tested with the targets.
#include "cooperative_module.h"
#include "harness.h"

namespace halyard::jit::test {
namespace {

using testing::HasSubstr;

Import import(const std::string& body, const std::string& types = "") {
    return importKernel(assemble(cooperativeModule(body, types)), "main");
}

TEST(Cooperative, LoadsMultiplyAndStoreStayAbstract) {
    const Import result = import(kProductBody);
    ASSERT_TRUE(result.module) << result.error.message;
    const std::string text = print(*result.module);
    // 16 invocations share 128 or 256 elements; strides are in bytes; then rows, columns, layout, alignment, volatile,
    // use.
    EXPECT_THAT(text, HasSubstr("<8 x float> @hy.matrix.load.v8f32.p1(ptr addrspace(1) %0, i64 32, i32 16, i32 8, "
                                "i32 0, i32 4, i32 0, i32 0)"));
    EXPECT_THAT(text, HasSubstr("i64 32, i32 8, i32 16, i32 1, i32 4, i32 0, i32 1)"));
    EXPECT_THAT(text, HasSubstr("<16 x float> @hy.subgroup.matrix_mul_add.v8f32.v8f32.v16f32(<8 x float>"));
    EXPECT_THAT(text, HasSubstr("i32 16, i32 16, i32 8, i32 0)"));
    EXPECT_THAT(text, HasSubstr("call void @hy.matrix.store.v16f32.p1(ptr addrspace(1) %0, i64 64, <16 x float>"));
}

TEST(Cooperative, NeedsATargetThatHasThem) {
    const std::vector<uint32_t> words = assemble(cooperativeModule(kProductBody));
    const auto module = spv::Module::parse(words);
    ASSERT_TRUE(module);
    const auto reflection = spv::reflect(*module);
    ASSERT_TRUE(reflection);
    llvm::LLVMContext context;
    const auto result =
        jit::importKernel(context, *module, reflection->kernels[0], "x86_64-unknown-linux-gnu", "e", {});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(result.error().message, HasSubstr("the target has no cooperative matrices"));
}

struct Wrong {
    const char* name;
    const char* body;
    HyResult code;
    const char* message;
    const char* types = "";
};

class CooperativeRefusal : public testing::TestWithParam<Wrong> {};

TEST_P(CooperativeRefusal, SaysWhatIsWrong) {
    const Import result = import(GetParam().body, GetParam().types);
    ASSERT_FALSE(result.module);
    EXPECT_EQ(result.error.code, GetParam().code) << result.error.message;
    EXPECT_THAT(result.error.message, HasSubstr(GetParam().message));
}

constexpr Wrong kWrong[] = {
    {"UseOfOperands",
     "OpNop\n !0x00061169 %b %vb %p %u1 %u8\n OpNop\n !0x00061169 %c %vc %p %u0 %u16\n"
     "OpNop\n !0x0006116B %c %vd %vb %vb %vc",
     HY_ERROR_INVALID_MODULE, "for A, B and two accumulators"},
    {"Sizes",
     "OpNop\n !0x00061169 %a %va %p %u1 %u8\n OpNop\n !0x00061169 %c %vc %p %u0 %u16\n"
     "OpNop\n !0x00061169 %k %vk %p %u0 %u16\n OpNop\n !0x0006116B %c %vd %va %vk %vc",
     HY_ERROR_INVALID_MODULE, "the sizes of the cooperative matrices do not fit",
     "OpNoLine\n !0x00071168 %k %float %u3 %u16 %u16 %u1"},
    {"MixedKinds",
     "OpNop\n !0x00061169 %a %va %p %u1 %u8\n OpNop\n !0x00061169 %b %vb %p %u1 %u8\n"
     "OpNop\n !0x00061169 %i %vi %p %u0 %u16\n OpNop\n !0x0006116B %i %vd %va %vb %vi",
     HY_ERROR_INVALID_MODULE, "integers and floating-point numbers are mixed"},
    {"UnknownOperands",
     "OpNop\n !0x00061169 %a %va %p %u1 %u8\n OpNop\n !0x00061169 %b %vb %p %u1 %u8\n"
     "OpNop\n !0x00061169 %c %vc %p %u0 %u16\n OpNop\n !0x0007116B %c %vd %va %vb %vc !0x40",
     HY_ERROR_UNSUPPORTED_SPIRV, "cooperative matrix operands 0x40"},
    {"Layout", "OpNop\n !0x00061169 %a %va %p %u2 %u8", HY_ERROR_UNSUPPORTED_SPIRV, "the memory layout 2"},
    {"NoStride", "OpNop\n !0x00051169 %a %va %p %u0", HY_ERROR_INVALID_MODULE, "lacks an operand"},
    {"Scope", "OpNop\n !0x00061169 %k %vk %p %u0 %u16", HY_ERROR_UNSUPPORTED_SPIRV, "scope other than the subgroup",
     "OpNoLine\n !0x00071168 %k %float %u2 %u16 %u16 %u1"},
    {"TooLarge", "OpNop\n !0x00061169 %k %vk %p %u0 %u16", HY_ERROR_UNSUPPORTED_SPIRV, "5000 x 16",
     "OpNoLine\n !0x00071168 %k %float %u3 %u5000 %u16 %u1"},
    {"NoElements", "OpNop\n !0x00061169 %k %vk %p %u0 %u16", HY_ERROR_INVALID_MODULE, "has no elements",
     "OpNoLine\n !0x00071168 %k %float %u3 %u0 %u16 %u1"},
    {"UnknownUse", "OpNop\n !0x00061169 %k %vk %p %u0 %u16", HY_ERROR_INVALID_MODULE, "use of a cooperative matrix",
     "OpNoLine\n !0x00071168 %k %float %u3 %u8 %u16 %u3"},
    {"OtherInstruction", "OpNop\n !0x00061169 %i %vi %p %u0 %u16\n %s = OpShiftLeftLogical %i %vi %vi",
     HY_ERROR_INVALID_MODULE, "does not take cooperative matrices"},
    {"DifferentUses",
     "OpNop\n !0x00061169 %c %vc %p %u0 %u16\n OpNop\n !0x00061169 %k %vk %p %u0 %u16\n"
     "%s = OpFAdd %c %vc %vk",
     HY_ERROR_INVALID_MODULE, "differ in size or use", "OpNoLine\n !0x00071168 %k %float %u3 %u16 %u16 %u1"},
    {"SharedMemory", "%w = OpBitcast %pw %p\n %vw = OpLoad %c %w", HY_ERROR_INVALID_MODULE,
     "memory that invocations share", "%pw = OpTypePointer CrossWorkgroup %c"},
    {"TooManyNumbers", "%vc = OpCompositeConstruct %c %f2 %f2", HY_ERROR_INVALID_MODULE, "one number fills"},
};

INSTANTIATE_TEST_SUITE_P(All, CooperativeRefusal, testing::ValuesIn(kWrong),
                         [](const auto& info) { return std::string(info.param.name); });

} // namespace
} // namespace halyard::jit::test
