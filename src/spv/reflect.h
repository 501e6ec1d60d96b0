// What a kernel's interface looks like, read from the SPIR-V alone. The runtime checks launches with it and the
// compiler lays out arguments with it, so both sides use this one function and cannot disagree.
#pragma once

#include "spv/module.h"

#include <array>
#include <optional>

namespace halyard::spv {

enum class ParameterKind : uint32_t {
    Value = 0,         // a scalar, vector or by-value structure of `size` bytes
    GlobalPointer = 1, // a device address (8 bytes); a storage or uniform buffer in the GLCompute flavour
    LocalPointer = 2,  // a Workgroup pointer parameter: the argument is a uint64_t byte count
    PushConstants = 3, // the GLCompute push-constant block, passed by value
};

struct Parameter {
    ParameterKind kind = ParameterKind::Value;
    uint32_t size = 0;             // bytes of the argument
    uint32_t alignment = 0;        // bytes, a power of two
    uint32_t offset = 0;           // byte offset in the packed argument block
    uint32_t pointeeAlignment = 1; // pointers: alignment that the kernel assumes of the address, bytes, <= 4096
    bool readOnly = false;         // pointers: decorated NonWritable, or FuncParamAttr NoWrite
    bool writeOnly = false;        // pointers: decorated NonReadable
    bool needsLength = false;      // GLCompute: OpArrayLength reads it, so a hidden length follows (see below)
    uint32_t lengthOffset = 0;     // byte offset of that hidden uint64_t byte count in the packed block
    uint32_t set = 0, binding = 0; // GLCompute buffers
    uint32_t element = 0;          // and its position in an array of buffers at that binding
    Id id = 0;                     // the OpFunctionParameter or the OpVariable
    // GLCompute: further variables of the same set, binding and element, such as another view of the buffer's type. One
    // argument serves them all.
    std::vector<Id> aliases;
    std::string name; // from OpName, empty when unknown
};

struct KernelInfo {
    std::string name;
    Id function = 0;
    Flavour flavour = Flavour::Kernel;
    std::vector<Parameter> parameters; // in the order of hyLaunchKernel's args
    // Size of the packed argument block: parameters in order, each at its alignment (OpenCL C alignments; a
    // 3-component vector occupies and aligns as 4), then one uint64_t per needsLength parameter in order.
    uint32_t argumentBytes = 0;
    std::array<uint32_t, 3> requiredWorkgroupSize{}; // all zero when any size is allowed
    std::array<uint32_t, 3> workgroupSizeHint{};     // all zero when there is none
    uint32_t requiredSubgroupSize = 0;               // 0 when none
    uint32_t requiredSubgroups = 0;                  // SubgroupsPerWorkgroup; 0 when none
    uint64_t staticLocalBytes = 0;                   // Workgroup variables reachable from the kernel, in module
                                                     // order, each at its alignment (OpenCL C sizes)
    bool usesBarrier = false;                        // an OpControlBarrier is reachable
    bool usesGridBarrier = false;                    // one with the execution scope Device is
    // Why this kernel cannot be launched, as HY_ERROR_UNSUPPORTED_SPIRV, while others of the module may be: its
    // interface needs something unsupported (an image parameter), or checkKernels() found that its code does. The other
    // fields are then incomplete, but for the name.
    std::optional<Error> refusal;
};

struct Reflection {
    std::vector<KernelInfo> kernels; // in entry point order
    struct SpecConstant {
        uint32_t specId = 0;
        uint32_t size = 0; // bytes: 1 for a boolean, 1, 2, 4 or 8
        uint64_t defaultValue = 0;
        std::string name;
    };
    std::vector<SpecConstant> specConstants;
};

// GLCompute parameters are the buffers that the entry point's static call graph uses, whatever its interface lists,
// ordered by (set, binding), then the push-constant block; an array of buffers is one parameter an element, in order. A
// kernel whose interface cannot be launched (an image
// parameter, a descriptor array without a length) carries its refusal. Errors: HY_ERROR_UNSUPPORTED_SPIRV for call
// graphs too large to walk, HY_ERROR_INVALID_MODULE for an interface that contradicts itself.
Result<Reflection> reflect(const Module& module);

} // namespace halyard::spv
