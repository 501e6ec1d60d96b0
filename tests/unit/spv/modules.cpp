#include "modules.h"

#include "arguments_cl.spv.h"
#include "buffers_comp.spv.h"
#include "linked_comp.spv.h"
#include "reduce_cl.spv.h"
#include "specialised_comp.spv.h"

#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <spirv-tools/libspirv.hpp>

namespace halyard::spv::test {

Words assemble(std::string_view text, uint32_t minor) {
    static constexpr spv_target_env kEnvironments[] = {
        SPV_ENV_UNIVERSAL_1_0, SPV_ENV_UNIVERSAL_1_1, SPV_ENV_UNIVERSAL_1_2, SPV_ENV_UNIVERSAL_1_3,
        SPV_ENV_UNIVERSAL_1_4, SPV_ENV_UNIVERSAL_1_5, SPV_ENV_UNIVERSAL_1_6,
    };
    spvtools::SpirvTools tools(kEnvironments[minor]);
    std::string message;
    tools.SetMessageConsumer([&](spv_message_level_t, const char*, const spv_position_t& where, const char* what) {
        message += fmt::format("line {}: {}\n", where.line + 1, what);
    });
    Words words;
    EXPECT_TRUE(tools.Assemble(text.data(), text.size(), &words, SPV_TEXT_TO_BINARY_OPTION_PRESERVE_NUMERIC_IDS))
        << message << text;
    return words;
}

Module parsed(std::span<const uint32_t> words) {
    Result<Module> module = Module::parse(words);
    if (!module) {
        ADD_FAILURE() << module.error().message;
        std::abort();
    }
    return std::move(*module);
}

Module parsed(std::string_view text, uint32_t minor) {
    return parsed(assemble(text, minor));
}

void PrintTo(const Sample& sample, std::ostream* out) {
    *out << sample.name;
}

std::span<const Sample> samples() {
    static const Sample kSamples[] = {
        {"arguments.cl", arguments_cl_spv},         {"reduce.cl", reduce_cl_spv},
        {"buffers.comp", buffers_comp_spv},         {"linked.comp", linked_comp_spv},
        {"specialised.comp", specialised_comp_spv},
    };
    return kSamples;
}

std::span<const uint32_t> sample(std::string_view name) {
    for (const Sample& candidate : samples()) {
        if (candidate.name == name)
            return candidate.words;
    }
    ADD_FAILURE() << "no sample " << name;
    return {};
}

std::string computeModule(std::string_view globals, std::string_view body, std::string_view annotations) {
    return fmt::format(R"(
        OpCapability Shader
        OpCapability Int64
        OpCapability Float64
        OpCapability Int8
        OpCapability Int16
        OpCapability Float16
        OpMemoryModel Logical GLSL450
        OpEntryPoint GLCompute %main "main"
        OpExecutionMode %main LocalSize 4 1 1
        {2}
        %void = OpTypeVoid
        %bool = OpTypeBool
        %uint = OpTypeInt 32 0
        %int = OpTypeInt 32 1
        %float = OpTypeFloat 32
        %v2uint = OpTypeVector %uint 2
        %v3uint = OpTypeVector %uint 3
        %u0 = OpConstant %uint 0
        %u1 = OpConstant %uint 1
        %u2 = OpConstant %uint 2
        %u3 = OpConstant %uint 3
        %u4 = OpConstant %uint 4
        %true = OpConstantTrue %bool
        %false = OpConstantFalse %bool
        {0}
        %mainType = OpTypeFunction %void
        %main = OpFunction %void None %mainType
        %entry = OpLabel
        {1}
        OpReturn
        OpFunctionEnd
    )",
                       globals, body, annotations);
}

std::string kernelModule(std::string_view globals, const std::vector<std::string>& types, std::string_view annotations,
                         std::string_view capabilities) {
    std::string parameters;
    std::string typeList;
    for (size_t i = 0; i < types.size(); ++i) {
        parameters += fmt::format("%p{} = OpFunctionParameter {}\n", i, types[i]);
        typeList += " " + types[i];
    }
    return fmt::format(R"(
        OpCapability Kernel
        OpCapability Addresses
        OpCapability Int64
        OpCapability Int16
        OpCapability Int8
        OpCapability Vector16
        OpCapability Linkage
        {4}
        OpMemoryModel Physical64 OpenCL
        OpEntryPoint Kernel %k "k"
        {3}
        %void = OpTypeVoid
        %bool = OpTypeBool
        %char = OpTypeInt 8 0
        %short = OpTypeInt 16 0
        %uint = OpTypeInt 32 0
        %ulong = OpTypeInt 64 0
        %float = OpTypeFloat 32
        %u0 = OpConstant %uint 0
        %u3 = OpConstant %uint 3
        {0}
        %kernelType = OpTypeFunction %void{1}
        %k = OpFunction %void None %kernelType
        {2}
        %entry = OpLabel
        OpReturn
        OpFunctionEnd
    )",
                       globals, typeList, parameters, annotations, capabilities);
}

std::span<const std::byte> bytes(std::span<const uint32_t> words) {
    return std::as_bytes(words);
}

} // namespace halyard::spv::test
