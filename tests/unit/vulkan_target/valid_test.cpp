#include "jit/compile.h"
#include "spv/module.h"
#include "spv/reflect.h"

#include "accuracy_cl.spv.h"
#include "atomics_comp.spv.h"
#include "basic_cl.spv.h"
#include "basic_comp.spv.h"
#include "conversions_cl.spv.h"
#include "grid_barrier_cl.spv.h"
#include "integers_cl.spv.h"
#include "library_cl.spv.h"
#include "memory_cl.spv.h"
#include "print_cl.spv.h"
#include "program_scope_cl.spv.h"

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

halyard::spv::Result<std::string> compileFor(const Source& source, const std::string& kernel) {
    CompileRequest request;
    request.kernel = kernel;
    request.target = "vulkan";
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
                                         SOURCE(library_cl), SOURCE(memory_cl), SOURCE(print_cl),
                                         SOURCE(program_scope_cl)),
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

} // namespace
} // namespace halyard::jit
