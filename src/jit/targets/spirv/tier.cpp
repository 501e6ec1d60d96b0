#include "jit/targets/spirv/tier.h"

#include <array>

#include <fmt/format.h>
#include <llvm/ADT/STLExtras.h>
#include <llvm/ADT/SmallVector.h>
#include <llvm/ADT/StringRef.h>

namespace halyard::jit::spirv {
namespace {

using ::spv::Capability;

struct Feature {
    const char* name;
    Capability capability;
    const char* words; // with Vulkan's own name
};

constexpr std::array<Feature, 15> kFeatures{{
    {"int8", Capability::Int8, "8-bit integers (shaderInt8)"},
    {"int16", Capability::Int16, "16-bit integers (shaderInt16)"},
    {"int64", Capability::Int64, "64-bit integers (shaderInt64)"},
    {"float16", Capability::Float16, "16-bit floating-point numbers (shaderFloat16)"},
    {"float64", Capability::Float64, "64-bit floating-point numbers (shaderFloat64)"},
    {"storage8", Capability::StorageBuffer8BitAccess, "8-bit accesses to memory (storageBuffer8BitAccess)"},
    {"storage16", Capability::StorageBuffer16BitAccess, "16-bit accesses to memory (storageBuffer16BitAccess)"},
    {"int64_atomics", Capability::Int64Atomics, "64-bit atomic operations (shaderBufferInt64Atomics)"},
    {"device_scope", Capability::VulkanMemoryModelDeviceScope,
     "synchronisation of the whole device (vulkanMemoryModelDeviceScope)"},
    {"subgroup_vote", Capability::GroupNonUniformVote, "votes of subgroups"},
    {"subgroup_arithmetic", Capability::GroupNonUniformArithmetic, "arithmetic of subgroups"},
    {"subgroup_ballot", Capability::GroupNonUniformBallot, "ballots of subgroups"},
    {"subgroup_shuffle", Capability::GroupNonUniformShuffle, "shuffles of subgroups"},
    {"subgroup_shuffle_relative", Capability::GroupNonUniformShuffleRelative, "relative shuffles of subgroups"},
    {"subgroup_clustered", Capability::GroupNonUniformClustered, "arithmetic of parts of subgroups"},
}};

} // namespace

halyard::spv::Result<Tier> Tier::parse(const std::string& features) {
    Tier tier;
    llvm::SmallVector<llvm::StringRef, 8> entries;
    llvm::StringRef(features).split(entries, ',', -1, false);
    for (const llvm::StringRef entry : entries) {
        const auto* found =
            llvm::find_if(kFeatures, [&](const Feature& feature) { return entry.drop_front() == feature.name; });
        if (found == kFeatures.end() || (entry.front() != '-' && entry.front() != '+')) {
            std::string known;
            for (const Feature& feature : kFeatures) {
                known += fmt::format("{}{}", known.empty() ? "" : ", ", feature.name);
            }
            return halyard::spv::Error{HY_ERROR_INVALID_ARGUMENT,
                                       fmt::format("'{}' is no feature of the target vulkan with + or - before it",
                                                   std::string_view(entry.data(), entry.size())),
                                       "the features are " + known};
        }
        if (entry.front() == '-') {
            tier.lacking_.insert(static_cast<uint32_t>(found->capability));
        } else {
            tier.lacking_.erase(static_cast<uint32_t>(found->capability));
        }
    }
    return tier;
}

std::string Tier::missing(const Words& module) const {
    constexpr size_t kHeader = 5;
    constexpr uint32_t kCapability = (2U << 16) | static_cast<uint32_t>(::spv::Op::OpCapability);
    std::string words;
    for (size_t at = kHeader; at + 1 < module.size() && module[at] == kCapability; at += 2) {
        if (!lacking_.contains(module[at + 1])) {
            continue;
        }
        for (const Feature& feature : kFeatures) {
            if (static_cast<uint32_t>(feature.capability) == module[at + 1]) {
                words += fmt::format("{}{}", words.empty() ? "" : ", ", feature.words);
            }
        }
    }
    return words;
}

} // namespace halyard::jit::spirv
