#include "interp/ops/binding.h"

#include <algorithm>

namespace halyard::interp::ops {
namespace {

// What a shape's letters have bound so far.
struct ShapeState {
    const Type* first = nullptr;
    const Type* reduced = nullptr; // of the W, w and D operands
};

bool isLanes(const Type& type, Kind scalar) {
    return lanesOf(type) != 0 && type.scalar().kind == scalar;
}

bool lanesFit(const Type& type, const Type* result) {
    return result == nullptr || lanesOf(type) == lanesOf(*result);
}

bool fitsReduced(const Type& type, Kind scalar, const Type* like, ShapeState& state) {
    if (!isLanes(type, scalar) || (like != nullptr && !sameScalar(type.scalar(), like->scalar())))
        return false;
    if (state.reduced == nullptr)
        state.reduced = &type;
    return lanesOf(*state.reduced) == lanesOf(type) && sameScalar(state.reduced->scalar(), type.scalar());
}

bool operandFits(char letter, const Type& type, const Type* result, ShapeState& state) {
    switch (letter) {
    case 'I':
        return isLanes(type, Kind::Int) && lanesFit(type, result) && sameScalar(type.scalar(), result->scalar());
    case 'F':
        return isLanes(type, Kind::Float) && lanesFit(type, result) && sameScalar(type.scalar(), result->scalar());
    case 'B':
        return isLanes(type, Kind::Bool) && lanesFit(type, result);
    case 'i':
        return isLanes(type, Kind::Int) && lanesFit(type, result);
    case 'f':
        return isLanes(type, Kind::Float) && lanesFit(type, result);
    case 'j':
        return isLanes(type, Kind::Int) && lanesFit(type, result) && sameScalar(type.scalar(), state.first->scalar());
    case 'g':
        return isLanes(type, Kind::Float) && lanesFit(type, result) && sameScalar(type.scalar(), state.first->scalar());
    case 'S':
        return type.isScalar() && sameScalar(type, result->scalar());
    case 'n':
        return type.kind == Kind::Int;
    case 'W':
        return fitsReduced(type, Kind::Float, result, state);
    case 'w':
        return fitsReduced(type, Kind::Int, result, state);
    case 'D':
        return fitsReduced(type, Kind::Float, nullptr, state);
    case 'T':
        return sameShape(type, *result);
    case 'p':
        return type.kind == Kind::Pointer;
    default:
        return letter == 'v';
    }
}

bool resultFits(char letter, const Type* result) {
    if (letter == 'V')
        return result == nullptr || result->kind == Kind::Void;
    if (result == nullptr)
        return false;
    switch (letter) {
    case 'I':
        return isLanes(*result, Kind::Int);
    case 'F':
        return isLanes(*result, Kind::Float);
    case 'B':
        return isLanes(*result, Kind::Bool);
    case 'W':
        return result->kind == Kind::Float;
    case 'w':
        return result->kind == Kind::Int;
    default:
        return letter == '.';
    }
}

} // namespace

Binding::Binding(TypeSource& source, const spv::Instruction& instruction, uint16_t opcode, uint32_t firstOperand)
    : source_(source), instruction_(instruction), first_(firstOperand) {
    count_ = instruction.operandCount() > first_ ? instruction.operandCount() - first_ : 0;
    operation.opcode = opcode;
    operation.controls = source.floatControls();
    if (instruction.resultType != 0)
        operation.resultType = &source.type(instruction.resultType);
    if (instruction.result == 0)
        return;
    for (const spv::Decoration& decoration : source.module().decorations(instruction.result)) {
        if (decoration.kind == ::spv::Decoration::SaturatedConversion)
            operation.saturate = true;
        else if (decoration.kind == ::spv::Decoration::FPRoundingMode && !decoration.operands.empty())
            operation.roundingMode = decoration.operands[0];
    }
}

const Type* Binding::addValue(uint32_t index) {
    if (index >= count_) {
        invalid("has too few operands");
        return nullptr;
    }
    const Id id = word(index);
    const spv::Instruction* definition = source_.module().definition(id);
    if (definition == nullptr || definition->resultType == 0) {
        invalid("has an operand that is no value: %" + std::to_string(id));
        return nullptr;
    }
    const Type& type = source_.typeOf(id);
    operation.operands.push_back(id);
    operation.types.push_back(&type);
    return &type;
}

bool Binding::invalid(std::string_view what) {
    if (!error_)
        error_ = spv::Error{HY_ERROR_INVALID_MODULE, source_.module().describe(instruction_) + " " + std::string(what),
                            "check the module with spirv-val"};
    return false;
}

bool Binding::unsupported(std::string_view what) {
    if (!error_)
        error_ = spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                            source_.module().describe(instruction_) + " " + std::string(what), ""};
    return false;
}

bool applyRule(Binding& binding, const Rule& rule) {
    const std::string_view shape = rule.shape;
    if (!resultFits(shape[0], binding.resultType()))
        return binding.invalid("has a result type that it cannot have");
    ShapeState state;
    uint32_t index = 0;
    for (const char letter : shape.substr(2)) {
        if (letter == '*')
            break;
        if (letter == '#') {
            if (index >= binding.operandCount())
                return binding.invalid("has too few operands");
            binding.operation.literals.push_back(binding.word(index++));
            continue;
        }
        const Type* type = binding.addValue(index++);
        if (type == nullptr)
            return false;
        if (state.first == nullptr)
            state.first = type;
        if (!operandFits(letter, *type, binding.resultType(), state))
            return binding.invalid("has an operand of a type that it cannot have: operand " + std::to_string(index));
    }
    if (index < binding.operandCount() && shape.back() != '*')
        return binding.invalid("has too many operands");
    binding.operation.evaluate = rule.evaluate;
    return rule.check == nullptr || rule.check(binding);
}

uint32_t lanesOf(const Type& type) {
    switch (type.kind) {
    case Kind::Bool:
    case Kind::Int:
    case Kind::Float:
        return 1;
    case Kind::Vector:
        return type.element != nullptr && type.element->isScalar() ? type.cells : 0;
    case Kind::CooperativeMatrix:
        return type.cells;
    default:
        return 0;
    }
}

bool sameScalar(const Type& a, const Type& b) {
    return a.kind == b.kind && a.bits == b.bits && a.format == b.format;
}

bool sameShape(const Type& a, const Type& b) {
    if (&a == &b)
        return true;
    if (a.kind != b.kind || a.cells != b.cells)
        return false;
    switch (a.kind) {
    case Kind::Bool:
    case Kind::Int:
    case Kind::Float:
        return sameScalar(a, b);
    case Kind::Vector:
    case Kind::Matrix:
    case Kind::Array:
        return a.count == b.count && sameShape(*a.element, *b.element);
    case Kind::CooperativeMatrix:
        return a.rows == b.rows && a.columns == b.columns && a.use == b.use && sameShape(*a.element, *b.element);
    case Kind::Struct:
        return a.members.size() == b.members.size() &&
               std::equal(a.members.begin(), a.members.end(), b.members.begin(),
                          [](const Type* left, const Type* right) { return sameShape(*left, *right); });
    default:
        return true;
    }
}

} // namespace halyard::interp::ops
