// What the families share to bind an instruction: its operands, checks of their shapes, and the tables of rules.
// Private to the interpreter's operations.
#pragma once

#include "interp/operation.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace halyard::interp::ops {

// One instruction while it is bound. Operands are counted as the operation has them: an OpSpecConstantOp begins after
// the opcode that it names, an OpExtInst after its number.
class Binding {
public:
    Binding(TypeSource& source, const spv::Instruction& instruction, uint16_t opcode, uint32_t firstOperand);

    TypeSource& source() { return source_; }
    uint16_t opcode() const { return operation.opcode; }
    uint32_t operandCount() const { return count_; }
    // The word itself. REQUIRES: index < operandCount().
    uint32_t word(uint32_t index) const { return instruction_.operand(first_ + index); }
    // Makes operand `index` a value of the operation; null, with the error set, when it is none.
    const Type* addValue(uint32_t index);
    const Type* resultType() const { return operation.resultType; }

    // Errors that name the instruction. Both return false.
    bool invalid(std::string_view what);
    bool unsupported(std::string_view what);
    const std::optional<spv::Error>& error() const { return error_; }

    Operation operation;

private:
    TypeSource& source_;
    const spv::Instruction& instruction_;
    uint32_t first_ = 0;
    uint32_t count_ = 0;
    std::optional<spv::Error> error_;
};

// A rule says what the operands of an opcode, or of an extended instruction, must look like and what computes it.
//
// `shape` is "result=operands", a letter each. "Lanes" are the components of a vector or of an invocation's share of a
// cooperative matrix, and 1 for a scalar:
//   I F B   integer, float, boolean of the result's own scalar type and lanes (as the result: any such type)
//   i f     integer, float of any width, with the result's lanes
//   j g     integer, float of the first operand's scalar type, with the result's lanes
//   S       scalar of the result's scalar type;  n: integer scalar of any width
//   W w     float, integer of the result's scalar type with any lanes, the same for each W or w (as result: 1 lane)
//   D       float with any lanes, the same for each D; the result is of any type
//   T       the result's type exactly, whatever it is
//   p       pointer;  v: any value
//   #       a literal word;  *: (last) any further words, which `check` reads
//   .       (result) any type;  V: (result) none or void
struct Rule {
    uint32_t number = 0;
    const char* shape = nullptr;
    Evaluate evaluate = nullptr;
    // Further checks, or null. Returns false with the binding's error set.
    bool (*check)(Binding&) = nullptr;
};

// Adds the operands as the rule says and sets the evaluator. False with the error set when they do not fit.
bool applyRule(Binding& binding, const Rule& rule);

// Lanes of a scalar, vector or cooperative matrix; 0 for every other type.
uint32_t lanesOf(const Type& type);
// The scalar types have the same kind, width and format; signedness does not count.
bool sameScalar(const Type& a, const Type& b);
// The types have the same structure, whatever their ids.
bool sameShape(const Type& a, const Type& b);

// The families. Each is a table in number order of no importance; numbers are unique across the families of one set.
std::span<const Rule> integerRules();
std::span<const Rule> extendedIntegerRules();
std::span<const Rule> bitRules();
std::span<const Rule> floatRules();
std::span<const Rule> compareRules();
std::span<const Rule> logicalRules();
std::span<const Rule> conversionRules();
std::span<const Rule> castRules();
std::span<const Rule> compositeRules();
std::span<const Rule> matrixRules();
std::span<const Rule> dotRules();
std::span<const Rule> vendorRules();

std::span<const Rule> openclMathRules();
std::span<const Rule> openclFloatRules();
std::span<const Rule> openclIntegerRules();
std::span<const Rule> openclVectorRules();
std::span<const Rule> openclMemoryRules();

std::span<const Rule> glslMathRules();
std::span<const Rule> glslCommonRules();
std::span<const Rule> glslPackRules();
std::span<const Rule> glslMatrixRules();

} // namespace halyard::interp::ops
