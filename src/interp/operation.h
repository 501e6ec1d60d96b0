// Operations that need nothing but their operands: arithmetic, conversions, composites, comparisons, extended
// instructions. ops/*.cpp define them, one file per family; program.cpp binds one to each instruction once, and
// the interpreter calls it per invocation.
#pragma once

#include "interp/type.h"
#include "spv/status.h"

#include <span>

namespace halyard::interp {

// How an operation reaches memory: extended instructions with pointer operands (modf, frexp, sincos, vload...). The
// engine checks, reports and applies each access as the calling invocation's.
class MemoryPort {
public:
    virtual ~MemoryPort() = default;
    // `bytes` is 1, 2, 4 or 8. False: the access was reported and the invocation ends; return at once.
    virtual bool read(uint64_t address, uint32_t bytes, Cell& out) = 0;
    virtual bool write(uint64_t address, uint32_t bytes, Cell value) = 0;
};

// How the entry point asks for floating point results (execution modes and FPFastMathDefault).
struct FloatControls {
    bool flushDenorms16 = false, flushDenorms32 = false, flushDenorms64 = false;
    bool towardsZero16 = false, towardsZero32 = false, towardsZero64 = false;
};

struct Operation;
using Operands = std::span<const Cell* const>; // one per value operand, each `type.cells` long
using Evaluate = void (*)(const Operation&, Operands, Cell* result, MemoryPort&);

// A bound instruction. `result` of Evaluate has resultType->cells cells (none when void) and overlaps no operand.
struct Operation {
    Evaluate evaluate = nullptr;
    uint16_t opcode = 0;
    uint32_t extended = 0;            // number in the extended set, for OpExtInst
    const Type* resultType = nullptr; // null when the instruction has none
    std::vector<Id> operands;         // the value operands, in order; Evaluate gets their cells
    std::vector<const Type*> types;   // of those operands
    std::vector<uint32_t> literals;   // literal operands, in order
    uint32_t roundingMode = ~0u;      // FPRoundingMode decoration of the result, or ~0
    bool saturate = false;            // SaturatedConversion decoration
    FloatControls controls;
};

// What binding may ask about the module.
class TypeSource {
public:
    virtual ~TypeSource() = default;
    virtual const Type& type(Id typeId) = 0;  // REQUIRES: a type of the module
    virtual const Type& typeOf(Id value) = 0; // REQUIRES: a value of the module
    // The value of an integer constant; false when `id` is none.
    virtual bool constantInteger(Id id, uint64_t& out) = 0;
    virtual const spv::Module& module() const = 0;
    virtual const FloatControls& floatControls() const = 0;
};

// Binds the instruction (also OpExtInst, and OpSpecConstantOp as the operation that it names). `handled` is false, with
// no error, for an instruction that is none of these files' business: memory, control flow, atomics, groups, barriers.
// Errors: HY_ERROR_UNSUPPORTED_SPIRV, HY_ERROR_INVALID_MODULE (operands of wrong shapes) naming the instruction.
struct Bound {
    bool handled = false;
    Operation operation;
};
spv::Result<Bound> bindOperation(TypeSource& source, const spv::Instruction& instruction);

// a (op) b on one scalar cell: what atomics, reductions and scans do. `opcode` is an OpAtomic*, OpGroup* or
// OpGroupNonUniform* opcode. Null for an opcode that combines nothing (loads, exchanges).
using Combine = Cell (*)(const Type& scalar, Cell a, Cell b);
Combine combineOf(uint16_t opcode);
// The identity of that operation: what an exclusive scan starts with (SPIR-V specification, group instructions).
Cell identityOf(uint16_t opcode, const Type& scalar);

// Matrix multiply-accumulate on whole matrices, row-major cells: result[m][n] = a[m][k] * b[k][n] + c[m][n].
// `operandFlags` as OpCooperativeMatrixMulAddKHR. Integer results wrap or saturate as the flags say.
void multiplyAdd(const Type& a, const Type& b, const Type& c, const Type& result, uint32_t operandFlags, const Cell* av,
                 const Cell* bv, const Cell* cv, Cell* out);

// Softfloat-exact conversions between formats, shared by vload_half/vstore_half and OpFConvert. `rounding` is an
// spv::FPRoundingMode value. Bits in, bits out.
uint64_t convertFloat(uint64_t bits, const Type& from, const Type& to, uint32_t rounding);

} // namespace halyard::interp
