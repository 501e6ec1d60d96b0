// Whether a module of the GLCompute flavour can go to the driver as it is, with its buffers bound as descriptors.
#pragma once

#include "adapter.h"

#include <optional>
#include <span>

namespace halyard::vulkan {

// How the arguments of a launch reach a shader that the driver gets untouched: buffers of set 0, and push constants.
struct ShaderFit {
    struct Buffer {
        uint32_t parameter = 0;         // that holds the address
        uint32_t binding = 0;           // with `element`, its place in set 0
        uint32_t element = 0;           // of the array at that binding
        bool isUniform = false;         // else a storage buffer
        std::optional<uint32_t> length; // index in HyBackendLaunch::bufferLengths, where the shader asks for it
    };
    std::vector<Buffer> buffers; // by binding and element
    std::optional<uint32_t> pushParameter;
    uint32_t pushBytes = 0;      // a multiple of 4, 0 without push constants
    bool asksGroupCount = false; // so the grid must be one dispatch
    bool usesSubgroups = false;
};

// Nothing, and in `*outWhy` the first thing that stands in the way. `words` have been validated and specialised;
// `subgroupSize` is that of the device. Throws std::bad_alloc.
std::optional<ShaderFit> fitShader(std::span<const uint32_t> words, const HyBackendKernelDesc& kernel,
                                   const Features& enabled, const Adapter& adapter, std::string* outWhy);

} // namespace halyard::vulkan
