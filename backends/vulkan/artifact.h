// What the compiler gives: a SPIR-V module with the facts of src/jit/vulkan_kernel_abi.h in its strings.
#pragma once

#include "adapter.h"

#include <cstdint>
#include <span>
#include <string>

namespace halyard::vulkan {

struct Artifact {
    std::span<const uint32_t> words;
    uint32_t staticLocalBytes = 0;
    uint32_t localUnit = 4; // bytes of an element of the workgroup's memory
};

// Throws Failure: HY_ERROR_COMPILE_FAILED (not what the ABI says).
Artifact readArtifact(std::span<const uint32_t> words);
// The capabilities that the module declares and the device lacks, by name; empty when it has all. Drivers take such
// modules without a word and compute something else.
std::string missingCapabilities(std::span<const uint32_t> words, const Features& enabled, const Adapter& adapter);

} // namespace halyard::vulkan
