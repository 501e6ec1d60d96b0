// The passes of src/spv that are not parsing or reflection. None of them keeps state; all are thread-safe.
#pragma once

#include "spv/module.h"
#include "spv/reflect.h"

#include <array>

namespace halyard::spv {

struct SpecValue {
    uint32_t specId = 0;
    uint32_t size = 0;  // bytes given by the caller; must equal the constant's size
    uint64_t value = 0; // little-endian, zero-extended
};

// Runs SPIRV-Tools' validator over raw bytes (any alignment). Accepts both flavours, 1.0 to 1.6.
// Errors: HY_ERROR_INVALID_MODULE with the validator's message and the word or line it names;
// HY_ERROR_UNSUPPORTED_SPIRV for what is newer than the validator (an opcode, a capability, a version).
Status validate(std::span<const std::byte> bytes);

// Refuses what the importer cannot compile before any worker is started: every capability, opcode and extended
// instruction is looked up in the table of opcodes.h.
// Errors: HY_ERROR_UNSUPPORTED_SPIRV naming the first instruction or capability and its position.
Status checkSupported(const Module& module);

// Rewrites OpSpecConstant* into plain constants with `values` (unset ones keep their defaults), folds
// OpSpecConstantOp, and returns the new words. Constants that are already plain are untouched, and so is an
// OpSpecConstantOp that computes an address or works on a type other than booleans, 8 to 64-bit integers and IEEE
// floats. A boolean is 1 byte, and any value but 0 is true.
// Errors: HY_ERROR_INVALID_ARGUMENT for an unknown specId, a wrong size, a value that does not fit it, or one given
// twice; HY_ERROR_UNSUPPORTED_SPIRV when the result would need more ids than SPIR-V allows.
Result<std::vector<uint32_t>> specialise(const Module& module, std::span<const SpecValue> values);

using Digest = std::array<uint8_t, 32>;

// SHA-256 of the module without what cannot change code: OpName, OpMemberName, OpString of debug info, OpSource*,
// OpLine, OpModuleProcessed and the generator word. Kernel names in OpEntryPoint are kept.
Digest canonicalHash(const Module& module);

} // namespace halyard::spv
