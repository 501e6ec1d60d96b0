// Sizes and alignments of SPIR-V types in memory. Private to src/spv.
#pragma once

#include "spv/constants.h"

namespace halyard::spv {

struct TypeLayout {
    uint64_t size = 0;      // bytes; a runtime array counts as empty
    uint32_t alignment = 1; // bytes, a power of two
    bool endsOpen = false;  // a runtime array, or a structure whose last member is one
};

enum class LayoutRules {
    OpenCl,   // OpenCL C's: a 3-component vector occupies 4; structures are laid out in order, or packed by CPacked
    Explicit, // Vulkan's blocks: Offset, ArrayStride and MatrixStride rule, and a vector occupies its components
};

// Lays out the types of one module, each once. Explicit decorations are obeyed under both rules. Not thread-safe.
class TypeLayouts {
public:
    // Both must outlive the object.
    TypeLayouts(const Module& module, const ConstantFolder& folder, LayoutRules rules)
        : module_(module), folder_(folder), rules_(rules) {}

    // Errors: HY_ERROR_UNSUPPORTED_SPIRV for a type without a size (an image, a sampler, an event),
    // HY_ERROR_INVALID_MODULE for an array without a constant length or a type beyond 2^48 bytes.
    Result<TypeLayout> of(Id type);

private:
    Result<TypeLayout> compute(const Instruction& type);
    Result<TypeLayout> scalar(const Instruction& type) const;
    Result<TypeLayout> vector(const Instruction& type);
    Result<TypeLayout> matrix(const Instruction& type, uint32_t stride, bool rowMajor);
    Result<TypeLayout> array(const Instruction& type, const TypeLayout& element);
    Result<TypeLayout> structure(const Instruction& type);
    Result<TypeLayout> member(const Instruction& structure, uint32_t index);
    Error invalid(const Instruction& type, const char* what) const;

    const Module& module_;
    const ConstantFolder& folder_;
    LayoutRules rules_;
    std::unordered_map<Id, TypeLayout> known_;
};

// `value` rounded up to a multiple of `alignment`, a power of two.
constexpr uint64_t alignUp(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

} // namespace halyard::spv
