#include "jit/compile.h"
#include "spv/module.h"
#include "spv/reflect.h"

#include "accuracy_cl.spv.h"
#include "atomics_comp.spv.h"
#include "basic_cl.spv.h"
#include "basic_comp.spv.h"
#include "contention64_cl.spv.h"
#include "conversions_cl.spv.h"
#include "float_add_comp.spv.h"
#include "grid_barrier_cl.spv.h"
#include "integers_cl.spv.h"
#include "library_cl.spv.h"
#include "lowering_cl.spv.h"
#include "lowering_comp.spv.h"
#include "memory_cl.spv.h"
#include "print_cl.spv.h"
#include "program_scope_cl.spv.h"
#include "special64_cl.spv.h"

#include <cstring>
#include <span>
#include <vector>

#include <gtest/gtest.h>
#include <spirv-tools/libspirv.hpp>

namespace halyard::jit {
namespace {

struct Source {
    const char* name;
    const uint32_t* words;
    size_t bytes;
};

// What the validator says against the module; empty when it is valid for Vulkan 1.3.
std::string complaint(const std::string& module) {
    std::string said;
    spvtools::SpirvTools tools(SPV_ENV_VULKAN_1_3);
    tools.SetMessageConsumer(
        [&](spv_message_level_t, const char*, const spv_position_t&, const char* words) { said += words; });
    const std::vector<uint32_t> words(reinterpret_cast<const uint32_t*>(module.data()),
                                      reinterpret_cast<const uint32_t*>(module.data() + module.size()));
    return tools.Validate(words) ? "" : said + " (invalid)";
}

std::vector<std::string> kernelsOf(const Source& source) {
    std::vector<std::string> names;
    auto parsed = halyard::spv::Module::parse({source.words, source.bytes / sizeof(uint32_t)});
    EXPECT_TRUE(parsed) << source.name;
    if (!parsed)
        return names;
    auto reflection = halyard::spv::reflect(*parsed);
    EXPECT_TRUE(reflection) << source.name;
    if (reflection)
        for (const halyard::spv::KernelInfo& kernel : reflection->kernels)
            names.push_back(kernel.name);
    return names;
}

halyard::spv::Result<std::string> compileFor(const Source& source, const std::string& kernel,
                                             const std::string& features = "") {
    CompileRequest request;
    request.kernel = kernel;
    request.target = "vulkan";
    request.features = features;
    Stages stages([](const std::string&) {});
    return compile(std::as_bytes(std::span(source.words, source.bytes / sizeof(uint32_t))), request, stages);
}

class EveryKernel : public testing::TestWithParam<Source> {};

TEST_P(EveryKernel, IsAValidVulkanModule) {
    const std::vector<std::string> kernels = kernelsOf(GetParam());
    EXPECT_FALSE(kernels.empty());
    for (const std::string& kernel : kernels) {
        const auto module = compileFor(GetParam(), kernel);
        if (!module) {
            ADD_FAILURE() << kernel << ": " << module.error().message;
            continue;
        }
        EXPECT_EQ(complaint(*module), "") << kernel;
        EXPECT_NE(module->find("halyard-vulkan abi="), std::string::npos) << kernel;
    }
}

#define SOURCE(name)                                                                                                   \
    Source {                                                                                                           \
#name, name##_spv, name##_spv_size                                                                             \
    }
INSTANTIATE_TEST_SUITE_P(Kernels, EveryKernel,
                         testing::Values(SOURCE(accuracy_cl), SOURCE(atomics_comp), SOURCE(basic_cl),
                                         SOURCE(basic_comp), SOURCE(conversions_cl), SOURCE(integers_cl),
                                         SOURCE(library_cl), SOURCE(lowering_cl), SOURCE(lowering_comp),
                                         SOURCE(memory_cl), SOURCE(print_cl), SOURCE(program_scope_cl)),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(VulkanTarget, RefusesBarriersOfTheGridByName) {
    const Source source = SOURCE(grid_barrier_cl);
    size_t refused = 0;
    for (const std::string& kernel : kernelsOf(source)) {
        const auto module = compileFor(source, kernel);
        if (module)
            continue; // one without such a barrier
        ++refused;
        EXPECT_EQ(module.error().code, HY_ERROR_UNSUPPORTED_SPIRV);
        EXPECT_NE(module.error().message.find("'" + kernel + "'"), std::string::npos) << module.error().message;
        EXPECT_NE(module.error().message.find("barrier of the whole grid"), std::string::npos)
            << module.error().message;
    }
    EXPECT_NE(refused, 0U);
}

TEST(VulkanTarget, HasNoProcessorsToChooseFrom) {
    CompileRequest request;
    request.kernel = "add_value";
    request.target = "vulkan";
    request.cpu = "sm_90";
    Stages stages([](const std::string&) {});
    const auto module =
        compile(std::as_bytes(std::span(basic_cl_spv, basic_cl_spv_size / sizeof(uint32_t))), request, stages);
    ASSERT_FALSE(module);
    EXPECT_EQ(module.error().code, HY_ERROR_INVALID_ARGUMENT);
}

// What the words of a refusal say of each feature, and the capability that no module for a device without it declares.
struct Lack {
    const char* feature;
    const char* words;
    ::spv::Capability capability;
};

// Calls `visit` with the words of each instruction.
template <typename Visit> void forInstructions(const std::string& module, Visit&& visit) {
    std::vector<uint32_t> words(module.size() / sizeof(uint32_t));
    std::memcpy(words.data(), module.data(), words.size() * sizeof(uint32_t));
    for (size_t at = 5; at < words.size() && words[at] >> 16 != 0; at += words[at] >> 16)
        visit(std::span(words).subspan(at, words[at] >> 16));
}

bool declares(const std::string& module, ::spv::Capability capability) {
    bool found = false;
    forInstructions(module, [&](std::span<const uint32_t> words) {
        found |= words[0] == ((2U << 16) | static_cast<uint32_t>(::spv::Op::OpCapability)) &&
                 words[1] == static_cast<uint32_t>(capability);
    });
    return found;
}

TEST(VulkanTarget, RefusesWhatADeviceLacksByName) {
    const Lack lacks[] = {
        {"int8", "8-bit integers (shaderInt8)", ::spv::Capability::Int8},
        {"int16", "16-bit integers (shaderInt16)", ::spv::Capability::Int16},
        {"float16", "16-bit floating-point numbers (shaderFloat16)", ::spv::Capability::Float16},
        {"float64", "64-bit floating-point numbers (shaderFloat64)", ::spv::Capability::Float64},
        {"storage8", "8-bit accesses to memory (storageBuffer8BitAccess)", ::spv::Capability::StorageBuffer8BitAccess},
        {"storage16", "16-bit accesses to memory (storageBuffer16BitAccess)",
         ::spv::Capability::StorageBuffer16BitAccess},
        {"int64_atomics", "64-bit atomic operations (shaderBufferInt64Atomics)", ::spv::Capability::Int64Atomics},
    };
    const Source sources[] = {SOURCE(lowering_cl),  SOURCE(memory_cl),       SOURCE(conversions_cl),
                              SOURCE(special64_cl), SOURCE(contention64_cl), SOURCE(library_cl)};
    for (const Lack& lack : lacks) {
        size_t refused = 0, taken = 0;
        for (const Source& source : sources) {
            for (const std::string& kernel : kernelsOf(source)) {
                const auto whole = compileFor(source, kernel);
                ASSERT_TRUE(whole) << kernel << ": " << whole.error().message;
                const auto module = compileFor(source, kernel, std::string("-") + lack.feature);
                EXPECT_EQ(static_cast<bool>(module), !declares(*whole, lack.capability))
                    << lack.feature << ", " << kernel;
                if (module) {
                    ++taken;
                    EXPECT_FALSE(declares(*module, lack.capability)) << kernel;
                    EXPECT_EQ(complaint(*module), "") << kernel;
                    continue;
                }
                ++refused;
                EXPECT_EQ(module.error().code, HY_ERROR_UNSUPPORTED);
                EXPECT_NE(module.error().message.find("'" + kernel + "'"), std::string::npos);
                EXPECT_NE(module.error().message.find(lack.words), std::string::npos) << module.error().message;
            }
        }
        EXPECT_NE(refused, 0U) << lack.feature;
        EXPECT_NE(taken, 0U) << lack.feature;
    }
}

// A plain load would race with what the other invocations exchange.
TEST(VulkanTarget, LoopsOfAtomicsStartFromAnAtomicLoad) {
    const auto module = compileFor(SOURCE(float_add_comp), "main");
    ASSERT_TRUE(module) << module.error().message;
    size_t loads = 0, exchanges = 0;
    forInstructions(*module, [&](std::span<const uint32_t> words) {
        loads += (words[0] & 0xffff) == static_cast<uint32_t>(::spv::Op::OpAtomicLoad);
        exchanges += (words[0] & 0xffff) == static_cast<uint32_t>(::spv::Op::OpAtomicCompareExchange);
    });
    EXPECT_EQ(loads, exchanges);
    EXPECT_NE(exchanges, 0U);
}

TEST(VulkanTarget, RefusesFeaturesThatThereAreNot) {
    const Source source = SOURCE(basic_cl);
    for (const char* features : {"-float65", "float64", "-int8,,-", "+", "-int8,+everything"}) {
        const auto module = compileFor(source, "add_value", features);
        ASSERT_FALSE(module) << features;
        EXPECT_EQ(module.error().code, HY_ERROR_INVALID_ARGUMENT);
        EXPECT_NE(module.error().hint.find("float64"), std::string::npos) << module.error().hint;
    }
    EXPECT_TRUE(compileFor(source, "add_value", "-float64,+float64,-int64_atomics"));
}

} // namespace
} // namespace halyard::jit
