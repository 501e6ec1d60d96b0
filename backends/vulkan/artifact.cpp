#include "artifact.h"

#include "jit/vulkan_kernel_abi.h"

#include <cstdio>
#include <cstring>
#include <fmt/format.h>
#include <spirv/unified1/spirv.hpp11>

namespace halyard::vulkan {
namespace {

constexpr size_t kHeaderWords = 5;

// Calls visit(opcode, operands) for each instruction until it returns false.
template <typename Visit> void forEach(std::span<const uint32_t> words, Visit&& visit) {
    for (size_t at = kHeaderWords; at < words.size();) {
        const size_t count = words[at] >> 16;
        if (count == 0 || count > words.size() - at ||
            !visit(static_cast<spv::Op>(words[at] & 0xffff), words.subspan(at + 1, count - 1)))
            return;
        at += count;
    }
}

std::string textOf(std::span<const uint32_t> words) {
    const auto* bytes = reinterpret_cast<const char*>(words.data());
    return {bytes, strnlen(bytes, words.size_bytes())};
}

} // namespace

Artifact readArtifact(std::span<const uint32_t> words) {
    Artifact artifact;
    artifact.words = words;
    bool found = false;
    forEach(words, [&](spv::Op op, std::span<const uint32_t> operands) {
        if (op != spv::Op::OpString || operands.empty())
            return op != spv::Op::OpFunction;
        unsigned abi = 0;
        found = std::sscanf(textOf(operands.subspan(1)).c_str(), "halyard-vulkan abi=%u static=%u unit=%u", &abi,
                            &artifact.staticLocalBytes, &artifact.localUnit) == 3 &&
                abi == HY_VULKAN_KERNEL_ABI && artifact.localUnit != 0;
        return false;
    });
    if (!found)
        throw Failure{HY_ERROR_COMPILE_FAILED,
                      fmt::format("the compiler did not give a kernel of Vulkan ABI {}", HY_VULKAN_KERNEL_ABI),
                      "install the compiler and the vulkan backend from the same release"};
    return artifact;
}

std::string missingCapabilities(std::span<const uint32_t> words, const Features& enabled, const Adapter& adapter) {
    std::string missing;
    const auto need = [&](bool has, const char* name) {
        if (!has)
            missing += (missing.empty() ? "" : ", ") + std::string(name);
    };
    const auto subgroups = [&](VkSubgroupFeatureFlagBits operations) {
        return (adapter.core11.subgroupSupportedOperations & operations) != 0 &&
               (adapter.core11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    };
    forEach(words, [&](spv::Op op, std::span<const uint32_t> operands) {
        if (op != spv::Op::OpCapability || operands.empty())
            return op == spv::Op::OpCapability;
        using spv::Capability;
        switch (static_cast<Capability>(operands[0])) {
        case Capability::Shader:
        case Capability::VulkanMemoryModel:
        case Capability::VulkanMemoryModelDeviceScope:
        case Capability::PhysicalStorageBufferAddresses:
        case Capability::Int8:
        case Capability::Int16:
        case Capability::Int64:
        case Capability::StorageBuffer8BitAccess:
        case Capability::StorageBuffer16BitAccess:
            break; // every device that is opened has them
        case Capability::Float16:
            need(enabled.core12.shaderFloat16 != 0, "Float16 (shaderFloat16)");
            break;
        case Capability::Float64:
            need(enabled.features.features.shaderFloat64 != 0, "Float64 (shaderFloat64)");
            break;
        case Capability::Int64Atomics:
            need(enabled.core12.shaderBufferInt64Atomics != 0, "Int64Atomics (shaderBufferInt64Atomics)");
            break;
        case Capability::AtomicFloat32AddEXT:
            need(enabled.atomicFloat.shaderBufferFloat32AtomicAdd != 0, "AtomicFloat32AddEXT");
            break;
        case Capability::GroupNonUniform:
            need(subgroups(VK_SUBGROUP_FEATURE_BASIC_BIT), "GroupNonUniform");
            break;
        case Capability::GroupNonUniformVote:
            need(subgroups(VK_SUBGROUP_FEATURE_VOTE_BIT), "GroupNonUniformVote");
            break;
        case Capability::GroupNonUniformBallot:
            need(subgroups(VK_SUBGROUP_FEATURE_BALLOT_BIT), "GroupNonUniformBallot");
            break;
        case Capability::GroupNonUniformShuffle:
            need(subgroups(VK_SUBGROUP_FEATURE_SHUFFLE_BIT), "GroupNonUniformShuffle");
            break;
        case Capability::GroupNonUniformShuffleRelative:
            need(subgroups(VK_SUBGROUP_FEATURE_SHUFFLE_RELATIVE_BIT), "GroupNonUniformShuffleRelative");
            break;
        case Capability::GroupNonUniformArithmetic:
            need(subgroups(VK_SUBGROUP_FEATURE_ARITHMETIC_BIT), "GroupNonUniformArithmetic");
            break;
        case Capability::GroupNonUniformClustered:
            need(subgroups(VK_SUBGROUP_FEATURE_CLUSTERED_BIT), "GroupNonUniformClustered");
            break;
        default:
            need(false, fmt::format("SPIR-V capability {}", operands[0]).c_str());
            break;
        }
        return true;
    });
    return missing;
}

} // namespace halyard::vulkan
