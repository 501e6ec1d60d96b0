// The builder and the runner themselves, on the cpu device: both flavours, control flow, refusals.
#include "builder/kernel.h"
#include "builder/runner.h"

#include <gtest/gtest.h>

#include <cstring>

namespace halyard::spirvtest {
namespace {

TestDevice& cpu() {
    static std::string why;
    static const std::unique_ptr<TestDevice> device = TestDevice::open("cpu", &why);
    if (device == nullptr) {
        ADD_FAILURE() << why;
        std::abort();
    }
    return *device;
}

template <typename T> Bytes bytesOf(const std::vector<T>& values) {
    const auto* first = reinterpret_cast<const uint8_t*>(values.data());
    return Bytes(first, first + values.size() * sizeof(T));
}
template <typename T> std::vector<T> valuesOf(const Bytes& bytes) {
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

class BothFlavours : public testing::TestWithParam<Flavour> {};
INSTANTIATE_TEST_SUITE_P(Builder, BothFlavours, testing::Values(Flavour::Kernel, Flavour::GLCompute),
                         [](const auto& about) { return flavourName(about.param); });

TEST_P(BothFlavours, AddsVectors) {
    Module module(GetParam());
    const Id vector = module.vectorType(module.floatType(32), 4);
    Kernel kernel(module, "twice", {vector, vector}, {8, 1, 1});
    const Id i = kernel.globalId();
    const Id x = kernel.load(0, i);
    kernel.store(1, i, module.value(Op::FAdd, vector, {x, module.splat(vector, 0x3f800000)}));
    kernel.finish();

    std::vector<float> in(64), expected(64);
    for (size_t n = 0; n < in.size(); ++n) {
        in[n] = static_cast<float>(n);
        expected[n] = static_cast<float>(n + 1);
    }
    Launch launch{"twice", {2, 1, 1}, {8, 1, 1}, {Argument::buffer(bytesOf(in)), Argument::output(256)}};
    const Outcome outcome = cpu().run(module.words(), launch);
    ASSERT_TRUE(outcome.ok()) << outcome.text();
    EXPECT_EQ(valuesOf<float>(launch.arguments[1].bytes), expected);
}

TEST_P(BothFlavours, LoopsWithLocalVariables) {
    Module module(GetParam());
    const Id u32 = module.intType(32), boolean = module.boolType();
    Kernel kernel(module, "sum", {u32}, {4, 1, 1});
    const Id i = kernel.globalId();
    const Id total = module.localVariable(u32, module.u32(5));
    const Id entry = module.block();
    const Id head = module.newId(), body = module.newId(), next = module.newId(), done = module.newId();
    const Id step = module.newId();
    module.op(Op::Branch, {head});
    module.label(head);
    const Id count = module.value(Op::Phi, u32, {module.u32(0), entry, step, next});
    const Id more = module.value(Op::ULessThan, boolean, {count, module.u32(10)});
    module.op(Op::LoopMerge, {done, next, 0});
    module.op(Op::BranchConditional, {more, body, done});
    module.label(body);
    const Id old = module.value(Op::Load, u32, {total});
    module.op(Op::Store, {total, module.value(Op::IAdd, u32, {old, count})});
    module.op(Op::Branch, {next});
    module.label(next);
    module.op(Op::IAdd, {u32, step, count, module.u32(1)});
    module.op(Op::Branch, {head});
    module.label(done);
    kernel.store(0, i, module.value(Op::Load, u32, {total}));
    kernel.finish();

    Launch launch{"sum", {1, 1, 1}, {4, 1, 1}, {Argument::output(16)}};
    const Outcome outcome = cpu().run(module.words(), launch);
    ASSERT_TRUE(outcome.ok()) << outcome.text();
    EXPECT_EQ(valuesOf<uint32_t>(launch.arguments[0].bytes), std::vector<uint32_t>(4, 50));
}

TEST_P(BothFlavours, SpecialisationConstants) {
    Module module(GetParam());
    const Id u32 = module.intType(32);
    const Id constant = module.specConstant(u32, 7, 3);
    Kernel kernel(module, "k", {u32}, {1, 1, 1});
    kernel.store(0, kernel.globalId(), module.value(Op::IAdd, u32, {constant, module.u32(1)}));
    kernel.finish();
    Launch launch{"k", {1, 1, 1}, {1, 1, 1}, {Argument::output(4)}};
    ASSERT_TRUE(cpu().run(module.words(), launch).ok());
    EXPECT_EQ(valuesOf<uint32_t>(launch.arguments[0].bytes)[0], 4u);
    ASSERT_TRUE(cpu().run(module.words(), launch, {{7, 4, 40}}).ok());
    EXPECT_EQ(valuesOf<uint32_t>(launch.arguments[0].bytes)[0], 41u);
}

TEST_P(BothFlavours, AnInvalidModuleIsRefusedInWords) {
    Module module(GetParam());
    const Id u32 = module.intType(32);
    Kernel kernel(module, "k", {u32}, {1, 1, 1});
    kernel.store(0, kernel.globalId(), module.value(Op::FAdd, u32, {module.u32(1), module.u32(1)}));
    kernel.finish();
    Launch launch{"k", {1, 1, 1}, {1, 1, 1}, {Argument::output(4)}};
    const Outcome outcome = cpu().run(module.words(), launch);
    EXPECT_EQ(outcome.code, HY_ERROR_INVALID_MODULE) << outcome.text();
    EXPECT_EQ(outcome.call, "hyModuleLoad");
    EXPECT_NE(outcome.message, "");
}

TEST(Builder, ValuesAndLocalMemoryAsArguments) {
    Module module(Flavour::Kernel);
    const Id u32 = module.intType(32);
    const Id local = module.pointerType(Storage::Workgroup, u32);
    Kernel kernel(module, "k", {u32}, {0, 0, 0}, {u32, local});
    module.op(Op::Store, {kernel.extra(1), kernel.extra(0)});
    kernel.store(0, kernel.globalId(), module.value(Op::Load, u32, {kernel.extra(1)}));
    kernel.finish();
    Launch launch{"k", {1, 1, 1}, {1, 1, 1}, {Argument::output(4), Argument::value(77u), Argument::local(4)}};
    const Outcome outcome = cpu().run(module.words(), launch);
    ASSERT_TRUE(outcome.ok()) << outcome.text();
    EXPECT_EQ(valuesOf<uint32_t>(launch.arguments[0].bytes)[0], 77u);
}

} // namespace
} // namespace halyard::spirvtest
