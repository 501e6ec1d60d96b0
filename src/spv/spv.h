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
// HY_ERROR_UNSUPPORTED_SPIRV for what is newer than the validator and unknown to the tables of opcodes.h too (a
// capability, a version). What the tables know, and what the validator is known to be wrong or needlessly strict about,
// passes: `outNote`, unless null, then says what was passed over, and the rest of the module has not been looked at. So
// a valid module is one that the importer may read, and not one that it may trust.
Status validate(std::span<const std::byte> bytes, std::string* outNote = nullptr);

// Refuses a module of which the importer cannot compile any kernel, whatever its kernels do: an addressing model, a
// capability that Halyard does not know, an OpSpecConstantOp that it cannot fold, no entry point of a compute model. A
// capability that is declared and known is no reason: what it permits is refused where a kernel uses it. Errors:
// HY_ERROR_UNSUPPORTED_SPIRV naming the capability or the entry point.
Status checkSupported(const Module& module);

// Refuses what the importer cannot compile before any worker is started. Every opcode and extended instruction that a
// kernel of `reflection`, which is this module's, reaches is looked up in the tables of opcodes.h; one that is not
// supported sets KernelInfo::refusal, with the instruction and its position in the message.
// Errors: HY_ERROR_UNSUPPORTED_SPIRV, the first kernel's refusal, when every kernel of the module is refused;
// HY_ERROR_INVALID_MODULE for an OpExtInst of no instruction set.
Status checkKernels(const Module& module, Reflection& reflection);

// Rewrites OpSpecConstant* into plain constants with `values` (unset ones keep their defaults), folds
// OpSpecConstantOp, and returns the new words. Constants that are already plain are untouched, and so is an
// OpSpecConstantOp that computes an address or works on a type other than booleans, 8 to 64-bit integers and IEEE
// floats. A boolean is 1 byte, and any value but 0 is true.
// Errors: HY_ERROR_INVALID_ARGUMENT for an unknown specId, a wrong size, a value that does not fit it, or one given
// twice; HY_ERROR_UNSUPPORTED_SPIRV when the result would need more ids than SPIR-V allows.
Result<std::vector<uint32_t>> specialise(const Module& module, std::span<const SpecValue> values);

using Digest = std::array<uint8_t, 32>;

// SHA-256 of the module without what cannot change code: OpName, OpMemberName, OpString of debug info, OpSource*,
// OpLine, OpModuleProcessed and the generator word. Kernel names in OpEntryPoint are kept. Of a module whose functions
// have lines everything but the generator word counts, for names and lines stand in the code's line table.
Digest canonicalHash(const Module& module);

} // namespace halyard::spv
