// What the compiler gives: a SPIR-V module with the facts of src/jit/vulkan_kernel_abi.h in its strings.
#pragma once

#include "adapter.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>

namespace halyard::vulkan {

struct Artifact {
    // An address in the initial bytes. Blocks: 0 the variables at program scope, 1 the constants.
    struct Address {
        uint32_t block = 0;
        uint64_t offset = 0;
        uint32_t targetBlock = 0;
        uint64_t target = 0;
    };
    uint32_t staticLocalBytes = 0;
    uint32_t localUnit = 4; // bytes of an element of the workgroup's memory
    uint32_t mostInvocations = 0;
    bool prints = false;
    std::array<std::vector<uint8_t>, 2> data; // initial bytes of the blocks
    std::vector<Address> addresses;
};

// Throws Failure: HY_ERROR_COMPILE_FAILED (not what the ABI says).
Artifact readArtifact(std::span<const uint32_t> words);
// The capabilities that the module declares and the device lacks, by name; empty when it has all. Drivers take such
// modules without a word and compute something else.
std::string missingCapabilities(std::span<const uint32_t> words, const Artifact& artifact, const Features& enabled,
                                const Adapter& adapter);

} // namespace halyard::vulkan
