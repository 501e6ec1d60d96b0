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

bool readFacts(const std::string& text, Artifact& out) {
    unsigned abi = 0;
    unsigned prints = 0;
    unsigned long long program = 0;
    unsigned long long constants = 0;
    if (std::sscanf(text.c_str(),
                    "halyard-vulkan abi=%u static=%u unit=%u most=%u print=%u program=%llu constants=%llu", &abi,
                    &out.staticLocalBytes, &out.localUnit, &out.mostInvocations, &prints, &program, &constants) != 7 ||
        abi != HY_VULKAN_KERNEL_ABI || out.localUnit == 0)
        return false;
    out.prints = prints != 0;
    out.data[0].resize(program);
    out.data[1].resize(constants);
    return true;
}

int digit(char c) {
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// A string behind the first: initial bytes, or an address in them.
bool readData(const std::string& text, Artifact& out) {
    unsigned block = 0;
    unsigned targetBlock = 0;
    unsigned long long offset = 0;
    unsigned long long target = 0;
    int digits = 0;
    if (std::sscanf(text.c_str(), "halyard-vulkan-address %u %llu %u %llu", &block, &offset, &targetBlock, &target) ==
        4) {
        if (block > 1 || targetBlock > 1 || out.data[block].size() < sizeof(uint64_t) ||
            offset > out.data[block].size() - sizeof(uint64_t))
            return false;
        out.addresses.push_back({block, offset, targetBlock, target});
        return true;
    }
    if (std::sscanf(text.c_str(), "halyard-vulkan-data %u %llu %n", &block, &offset, &digits) != 2 || digits == 0 ||
        block > 1)
        return false;
    const size_t count = (text.size() - static_cast<size_t>(digits)) / 2;
    if (offset > out.data[block].size() || count > out.data[block].size() - offset)
        return false;
    for (size_t i = 0; i < count; ++i) {
        const int high = digit(text[static_cast<size_t>(digits) + 2 * i]);
        const int low = digit(text[static_cast<size_t>(digits) + 2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out.data[block][offset + i] = static_cast<uint8_t>(high * 16 + low);
    }
    return true;
}

} // namespace

Artifact readArtifact(std::span<const uint32_t> words) {
    Artifact artifact;
    bool found = false;
    bool damaged = false;
    forEach(words, [&](spv::Op op, std::span<const uint32_t> operands) {
        if (op != spv::Op::OpString || operands.empty())
            return op != spv::Op::OpFunction;
        const std::string text = textOf(operands.subspan(1));
        damaged = damaged || !(found ? readData(text, artifact) : readFacts(text, artifact));
        found = true;
        return !damaged;
    });
    if (!found || damaged)
        throw Failure{HY_ERROR_COMPILE_FAILED,
                      fmt::format("the compiler did not give a kernel of Vulkan ABI {}", HY_VULKAN_KERNEL_ABI),
                      "install the compiler and the vulkan backend from the same release"};
    return artifact;
}

std::string missingCapabilities(std::span<const uint32_t> words, const Artifact& artifact, const Features& enabled,
                                const Adapter& adapter) {
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
            if (artifact.localUnit == sizeof(uint64_t))
                need(enabled.core12.shaderSharedInt64Atomics != 0, "Int64Atomics (shaderSharedInt64Atomics)");
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
