#include "interp/declarations.h"

#include "interp/address.h"
#include "interp/refusal.h"
#include "spv/cooperative_matrix.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

using Op = ::spv::Op;
using StorageClass = ::spv::StorageClass;

constexpr uint64_t kMaxValueCells = uint64_t{1} << 20;
constexpr uint64_t kMaxConstantCells = uint64_t{1} << 23;
constexpr uint64_t kMaxProgramBytes = uint64_t{1} << 28;
constexpr uint32_t kMaxVectorComponents = 16;

// SPIR-V numbers that the installed headers may lack.
constexpr uint32_t kOpTypeUntypedPointer = 4417;
constexpr uint32_t kOpUntypedVariable = 4418;
constexpr uint32_t kOpConstantCompositeReplicate = 4461;
constexpr uint32_t kOpSpecConstantCompositeReplicate = 4462;
constexpr uint32_t kDenormFlushToZero = 4460;
constexpr uint32_t kRoundingModeRtz = 4463;

uint64_t truncated(uint64_t bits, uint32_t width) {
    return width >= 64 ? bits : bits & ((uint64_t{1} << width) - 1);
}

} // namespace

Declarations::Declarations(const spv::Module& module, const spv::EntryPoint& entry, uint32_t subgroupSize)
    : module_(module), entry_(entry), subgroupSize_(subgroupSize),
      layouts_(module, module.flavour() == spv::Flavour::Kernel) {
    readControls();
    for (const spv::Instruction& instruction : module.instructions()) {
        switch (instruction.opcode) {
        case static_cast<uint16_t>(Op::OpFunction):
            return;
        case static_cast<uint16_t>(Op::OpConstantTrue):
        case static_cast<uint16_t>(Op::OpConstantFalse):
        case static_cast<uint16_t>(Op::OpConstant):
        case static_cast<uint16_t>(Op::OpConstantComposite):
        case static_cast<uint16_t>(Op::OpConstantNull):
        case static_cast<uint16_t>(Op::OpSpecConstantTrue):
        case static_cast<uint16_t>(Op::OpSpecConstantFalse):
        case static_cast<uint16_t>(Op::OpSpecConstant):
        case static_cast<uint16_t>(Op::OpSpecConstantComposite):
        case static_cast<uint16_t>(Op::OpUndef):
        case kOpConstantCompositeReplicate:
        case kOpSpecConstantCompositeReplicate:
            declareConstant(instruction);
            break;
        case static_cast<uint16_t>(Op::OpSpecConstantOp):
            declareSpecOp(instruction);
            break;
        case static_cast<uint16_t>(Op::OpVariable):
        case kOpUntypedVariable:
            declareVariable(instruction);
            break;
        default:
            declareType(instruction);
            break;
        }
    }
}

void Declarations::readControls() {
    for (const spv::EntryPoint::Mode& mode : entry_.modes) {
        const auto kind = static_cast<uint32_t>(mode.mode);
        if (mode.operands.empty() || (kind != kDenormFlushToZero && kind != kRoundingModeRtz))
            continue;
        const bool flush = kind == kDenormFlushToZero;
        switch (mode.operands[0]) {
        case 16:
            (flush ? controls_.flushDenorms16 : controls_.towardsZero16) = true;
            break;
        case 32:
            (flush ? controls_.flushDenorms32 : controls_.towardsZero32) = true;
            break;
        case 64:
            (flush ? controls_.flushDenorms64 : controls_.towardsZero64) = true;
            break;
        default:
            break;
        }
    }
}

// ---- Types

const Type* Declarations::findType(Id id) const {
    auto it = typeOfId_.find(id);
    return it != typeOfId_.end() ? it->second : nullptr;
}

const Type& Declarations::type(Id typeId) {
    const Type* found = findType(typeId);
    return found != nullptr ? *found : nothing_;
}

const Type& Declarations::typeOf(Id value) {
    const spv::Instruction* definition = module_.definition(value);
    return definition != nullptr && definition->resultType != 0 ? type(definition->resultType) : nothing_;
}

bool Declarations::constantInteger(Id id, uint64_t& out) {
    uint32_t index = 0;
    if (!findConstant(id, index))
        return false;
    const Type& type = typeOf(id);
    if (type.kind != Kind::Int || constants_[index].undefined)
        return false;
    out = constants_[index].bits;
    return true;
}

const Type* Declarations::need(const spv::Instruction& instruction, uint32_t operand) {
    const Type* type = operand < instruction.operandCount() ? findType(instruction.operand(operand)) : nullptr;
    if (type == nullptr)
        refuseUnsupported(module_, instruction, "uses a type that is not supported");
    return type;
}

uint32_t Declarations::cellsOf(const Type& type) const {
    uint64_t cells = 1;
    switch (type.kind) {
    case Kind::Void:
    case Kind::RuntimeArray:
    case Kind::Function:
        return 0;
    case Kind::Vector:
    case Kind::Matrix:
    case Kind::Array:
        // An array too large for a register can still lie in memory.
        cells = type.element->cells == 0 || type.count > kMaxValueCells ? 0 : type.element->cells * type.count;
        break;
    case Kind::Struct:
        cells = 0;
        for (const Type* member : type.members) {
            if (member->cells == 0 && !(member->kind == Kind::Struct && member->members.empty()))
                return 0;
            cells += member->cells;
        }
        break;
    case Kind::CooperativeMatrix:
        cells = spv::matrixElementsPerInvocation(type.rows, type.columns, subgroupSize_);
        break;
    default:
        break;
    }
    return cells > kMaxValueCells ? 0 : static_cast<uint32_t>(cells);
}

void Declarations::declareType(const spv::Instruction& instruction) {
    Type type;
    type.id = instruction.result;
    const auto needOperands = [&](uint32_t count) {
        if (instruction.operandCount() < count)
            refuseInvalid(module_, instruction, "has too few operands");
    };
    switch (instruction.opcode) {
    case static_cast<uint16_t>(Op::OpTypeVoid):
        break;
    case static_cast<uint16_t>(Op::OpTypeBool):
        type.kind = Kind::Bool;
        break;
    case static_cast<uint16_t>(Op::OpTypeInt): {
        needOperands(2);
        const uint32_t width = instruction.operand(0);
        if (width != 8 && width != 16 && width != 32 && width != 64)
            return; // refused where it is used
        type.kind = Kind::Int;
        type.bits = static_cast<uint8_t>(width);
        type.isSigned = instruction.operand(1) != 0;
        break;
    }
    case static_cast<uint16_t>(Op::OpTypeFloat): {
        needOperands(1);
        const uint32_t width = instruction.operand(0);
        if (width != 16 && width != 32 && width != 64)
            return;
        type.kind = Kind::Float;
        type.bits = static_cast<uint8_t>(width);
        if (instruction.operandCount() > 1) {
            if (width != 16 || instruction.operand(1) != 0) // BFloat16KHR is 0
                return;
            type.format = FloatFormat::BFloat16;
        }
        break;
    }
    case static_cast<uint16_t>(Op::OpTypeVector):
        needOperands(2);
        type.kind = Kind::Vector;
        type.element = findType(instruction.operand(0));
        type.count = instruction.operand(1);
        if (type.element == nullptr)
            return;
        if ((!type.element->isScalar() && type.element->kind != Kind::Pointer) || type.count < 2 ||
            type.count > kMaxVectorComponents)
            refuseInvalid(module_, instruction, "is a vector of impossible shape");
        break;
    case static_cast<uint16_t>(Op::OpTypeMatrix):
        needOperands(2);
        type.kind = Kind::Matrix;
        type.element = findType(instruction.operand(0));
        type.count = instruction.operand(1);
        if (type.element == nullptr)
            return;
        if (type.element->kind != Kind::Vector || type.element->element->kind != Kind::Float || type.count < 2 ||
            type.count > 4)
            refuseInvalid(module_, instruction, "is a matrix of impossible shape");
        break;
    case static_cast<uint16_t>(Op::OpTypeArray): {
        needOperands(2);
        type.kind = Kind::Array;
        type.element = findType(instruction.operand(0));
        if (type.element == nullptr)
            return;
        const Type& lengthType = typeOf(instruction.operand(1));
        uint64_t length = 0;
        if (!constantInteger(instruction.operand(1), length) || length == 0 ||
            (lengthType.isSigned && length >> (lengthType.bits - 1) != 0))
            refuseInvalid(module_, instruction, "is an array without a positive constant length");
        if (type.element->kind == Kind::Void || type.element->kind == Kind::Function)
            refuseInvalid(module_, instruction, "is an array of nothing");
        type.count = length;
        break;
    }
    case static_cast<uint16_t>(Op::OpTypeRuntimeArray):
        needOperands(1);
        type.kind = Kind::RuntimeArray;
        type.element = findType(instruction.operand(0));
        if (type.element == nullptr)
            return;
        if (type.element->kind == Kind::Void || type.element->kind == Kind::Function)
            refuseInvalid(module_, instruction, "is an array of nothing");
        break;
    case static_cast<uint16_t>(Op::OpTypeStruct):
        type.kind = Kind::Struct;
        for (uint32_t i = 0; i < instruction.operandCount(); ++i) {
            const Type* member = findType(instruction.operand(i));
            if (member == nullptr)
                return;
            if (member->kind == Kind::Void || member->kind == Kind::Function)
                refuseInvalid(module_, instruction, "has a member of no type");
            type.members.push_back(member);
        }
        break;
    case static_cast<uint16_t>(Op::OpTypeForwardPointer):
        needOperands(1);
        if (findType(instruction.operand(0)) != nullptr)
            return;
        type.id = instruction.operand(0);
        type.kind = Kind::Pointer;
        break;
    case static_cast<uint16_t>(Op::OpTypePointer): {
        needOperands(2);
        if (auto it = typeOfId_.find(type.id); it != typeOfId_.end()) { // announced before
            it->second->storage = static_cast<StorageClass>(instruction.operand(0));
            it->second->element = findType(instruction.operand(1));
            return;
        }
        type.kind = Kind::Pointer;
        type.storage = static_cast<StorageClass>(instruction.operand(0));
        type.element = findType(instruction.operand(1));
        break;
    }
    case kOpTypeUntypedPointer:
        needOperands(1);
        type.kind = Kind::Pointer;
        type.storage = static_cast<StorageClass>(instruction.operand(0));
        break;
    case static_cast<uint16_t>(Op::OpTypeFunction):
        type.kind = Kind::Function;
        for (uint32_t i = 1; i < instruction.operandCount(); ++i) {
            const Type* parameter = findType(instruction.operand(i));
            if (parameter == nullptr)
                return;
            type.members.push_back(parameter);
        }
        break;
    case static_cast<uint16_t>(Op::OpTypeEvent):
        type.kind = Kind::Event;
        break;
    case spv::kOpTypeCooperativeMatrix:
        declareCooperativeMatrix(instruction, type);
        if (type.kind == Kind::Void)
            return;
        break;
    default:
        return;
    }
    type.cells = cellsOf(type);
    typeOfId_[type.id] = &types_.emplace_back(std::move(type));
}

void Declarations::declareCooperativeMatrix(const spv::Instruction& instruction, Type& type) {
    uint64_t scope = 0, rows = 0, columns = 0, use = 0;
    const Type* element = instruction.operandCount() >= 5 ? findType(instruction.operand(0)) : nullptr;
    if (element == nullptr)
        return;
    if (!constantInteger(instruction.operand(1), scope) || !constantInteger(instruction.operand(2), rows) ||
        !constantInteger(instruction.operand(3), columns) || !constantInteger(instruction.operand(4), use) ||
        rows == 0 || columns == 0 || (element->kind != Kind::Int && element->kind != Kind::Float) || use > 2)
        refuseInvalid(module_, instruction, "is a cooperative matrix of impossible shape");
    if (!spv::isPossibleMatrix(rows, columns))
        refuseUnsupported(
            module_, instruction,
            fmt::format("is a cooperative matrix of {} x {} elements; the limit is {} rows or columns, and "
                        "{} elements",
                        rows, columns, spv::kMaxMatrixDimension, spv::kMaxMatrixElements));
    if (scope != static_cast<uint32_t>(::spv::Scope::Subgroup))
        refuseUnsupported(module_, instruction, "is a cooperative matrix of a scope other than the subgroup");
    type.kind = Kind::CooperativeMatrix;
    type.element = element;
    type.rows = static_cast<uint32_t>(rows);
    type.columns = static_cast<uint32_t>(columns);
    type.use = static_cast<uint32_t>(use);
}

const Layout* Declarations::pointeeLayout(const Type& pointer) {
    if (pointer.kind != Kind::Pointer || pointer.element == nullptr || pointer.element->kind == Kind::Function ||
        pointer.element->kind == Kind::Void)
        return nullptr;
    return &layouts_.of(*pointer.element);
}

// ---- Constants

bool Declarations::findConstant(Id id, uint32_t& index) const {
    auto it = constantOfId_.find(id);
    if (it == constantOfId_.end())
        return false;
    index = it->second;
    return true;
}

uint32_t Declarations::addConstant(Cell cell) {
    constants_.push_back(cell);
    return static_cast<uint32_t>(constants_.size() - 1);
}

uint32_t Declarations::define(const spv::Instruction& instruction, uint32_t cells) {
    if (constants_.size() + cells > kMaxConstantCells)
        refuseUnsupported(module_, instruction, "exceeds what the interpreter keeps of constants");
    const auto index = static_cast<uint32_t>(constants_.size());
    constants_.resize(constants_.size() + cells);
    constantOfId_.emplace(instruction.result, index);
    return index;
}

void Declarations::declareConstant(const spv::Instruction& instruction) {
    const Type* type = findType(instruction.resultType);
    if (type == nullptr)
        return; // refused where it is used
    if (type->cells == 0 && type->kind != Kind::Struct)
        return;
    switch (instruction.opcode) {
    case static_cast<uint16_t>(Op::OpConstantComposite):
    case static_cast<uint16_t>(Op::OpSpecConstantComposite):
        return declareComposite(instruction, *type, false);
    case kOpConstantCompositeReplicate:
    case kOpSpecConstantCompositeReplicate:
        return declareComposite(instruction, *type, true);
    case static_cast<uint16_t>(Op::OpConstantNull):
        define(instruction, type->cells);
        return;
    case static_cast<uint16_t>(Op::OpUndef): {
        const uint32_t index = define(instruction, type->cells);
        for (uint32_t i = 0; i < type->cells; ++i)
            constants_[index + i].undefined = true;
        return;
    }
    case static_cast<uint16_t>(Op::OpConstantTrue):
    case static_cast<uint16_t>(Op::OpSpecConstantTrue):
    case static_cast<uint16_t>(Op::OpConstantFalse):
    case static_cast<uint16_t>(Op::OpSpecConstantFalse): {
        if (type->kind != Kind::Bool)
            refuseInvalid(module_, instruction, "is no boolean");
        const bool value = instruction.op() == Op::OpConstantTrue || instruction.op() == Op::OpSpecConstantTrue;
        constants_[define(instruction, 1)].bits = value ? 1 : 0;
        return;
    }
    default:
        break;
    }
    if (type->kind != Kind::Int && type->kind != Kind::Float)
        refuseInvalid(module_, instruction, "is a number of a type that is none");
    const uint32_t words = type->bits > 32 ? 2 : 1;
    if (instruction.operandCount() < words)
        refuseInvalid(module_, instruction, "has too few words");
    uint64_t bits = instruction.operand(0);
    if (words == 2)
        bits |= static_cast<uint64_t>(instruction.operand(1)) << 32;
    constants_[define(instruction, 1)].bits = truncated(bits, type->bits);
}

void Declarations::declareComposite(const spv::Instruction& instruction, const Type& type, bool replicate) {
    const uint32_t given = instruction.operandCount();
    // Each element of a cooperative matrix has the one value that is given.
    replicate |= type.kind == Kind::CooperativeMatrix;
    uint64_t count = type.kind == Kind::Struct ? type.members.size() : type.count;
    if (type.kind == Kind::CooperativeMatrix)
        count = type.cells;
    const bool composite = type.kind == Kind::Struct || type.kind == Kind::Vector || type.kind == Kind::Matrix ||
                           type.kind == Kind::Array || type.kind == Kind::CooperativeMatrix;
    if (!composite || given != (replicate ? 1 : count))
        refuseInvalid(module_, instruction, "has a number of constituents that its type has not");
    const uint32_t index = define(instruction, type.cells);
    uint32_t at = 0;
    for (uint64_t i = 0; i < count; ++i) {
        const Id id = instruction.operand(replicate ? 0 : static_cast<uint32_t>(i));
        const Type& member = type.kind == Kind::Struct ? *type.members[i] : *type.element;
        uint32_t from = 0;
        if (!findConstant(id, from) || typeOf(id).cells != member.cells || typeOf(id).kind != member.kind) {
            if (findType(typeOf(id).id) == nullptr || !constantOfId_.contains(id))
                refuseUnsupported(module_, instruction, fmt::format("contains %{}, which is no known constant", id));
            refuseInvalid(module_, instruction, fmt::format("contains %{}, which is of another type", id));
        }
        std::copy_n(constants_.begin() + from, member.cells, constants_.begin() + index + at);
        at += member.cells;
    }
}

namespace {

// A constant expression has no memory.
class NoMemory final : public MemoryPort {
public:
    bool read(uint64_t, uint32_t, Cell&) override { return false; }
    bool write(uint64_t, uint32_t, Cell) override { return false; }
};

} // namespace

void Declarations::declareSpecOp(const spv::Instruction& instruction) {
    const Type* type = findType(instruction.resultType);
    if (type == nullptr || type->cells == 0 || instruction.operandCount() < 1)
        return;
    if (constantPointer(instruction, static_cast<uint16_t>(instruction.operand(0))))
        return;
    spv::Result<Bound> bound = bindOperation(*this, instruction);
    if (!bound)
        throw Refusal{bound.error()};
    if (!bound->handled)
        return; // refused where it is used
    const Operation& operation = bound->operation;
    std::vector<const Cell*> operands;
    for (size_t i = 0; i < operation.operands.size(); ++i) {
        uint32_t index = 0;
        if (!findConstant(operation.operands[i], index) ||
            operation.types[i]->cells != typeOf(operation.operands[i]).cells)
            refuseInvalid(module_, instruction, fmt::format("uses %{}, which is no constant", operation.operands[i]));
        operands.push_back(constants_.data() + index);
    }
    std::vector<Cell> result(type->cells);
    NoMemory port;
    operation.evaluate(operation, operands, result.data(), port);
    const uint32_t index = define(instruction, type->cells);
    std::copy(result.begin(), result.end(), constants_.begin() + index);
}

// Expressions over addresses of program data.
bool Declarations::constantPointer(const spv::Instruction& instruction, uint16_t opcode) {
    const auto op = static_cast<Op>(opcode);
    uint32_t base = 0;
    switch (op) {
    case Op::OpAccessChain:
    case Op::OpInBoundsAccessChain:
    case Op::OpPtrAccessChain:
    case Op::OpInBoundsPtrAccessChain:
        break;
    case Op::OpPtrCastToGeneric:
    case Op::OpGenericCastToPtr:
    case Op::OpConvertPtrToU:
    case Op::OpConvertUToPtr:
    case Op::OpBitcast: {
        const bool pointers =
            instruction.operandCount() >= 2 && (typeOf(instruction.operand(1)).kind == Kind::Pointer ||
                                                type(instruction.resultType).kind == Kind::Pointer);
        if (!pointers || !findConstant(instruction.operand(1), base) || type(instruction.resultType).cells != 1 ||
            typeOf(instruction.operand(1)).cells != 1)
            return false;
        const Type& to = type(instruction.resultType);
        Cell cell = constants_[base];
        cell.bits = truncated(cell.bits, to.kind == Kind::Int ? to.bits : 64);
        constants_[define(instruction, 1)] = cell;
        return true;
    }
    default:
        return false;
    }
    const bool element = op == Op::OpPtrAccessChain || op == Op::OpInBoundsPtrAccessChain;
    const uint32_t first = element ? 3 : 2;
    const Layout* layout =
        instruction.operandCount() >= first ? pointeeLayout(typeOf(instruction.operand(1))) : nullptr;
    if (layout == nullptr || !findConstant(instruction.operand(1), base) ||
        type(instruction.resultType).kind != Kind::Pointer)
        refuseInvalid(module_, instruction, "is no path from a constant address");
    const std::span<const uint32_t> indices(instruction.words + instruction.operandStart + first,
                                            instruction.operandCount() - first);
    const Chain chain = walkChain(*this, instruction, *layout, indices);
    uint64_t index = 0;
    if (!chain.indices.empty() || (element && !constantInteger(instruction.operand(2), index)))
        refuseInvalid(module_, instruction, "has an index that is no constant");
    if (element) {
        const uint32_t bits = typeOf(instruction.operand(2)).bits;
        index = static_cast<uint64_t>(static_cast<int64_t>(index << (64 - bits)) >> (64 - bits));
    }
    Cell cell = constants_[base];
    cell.bits += chain.offset + index * layout->size;
    constants_[define(instruction, 1)] = cell;
    return true;
}

// ---- Variables

const ModuleVariable* Declarations::findVariable(Id id) const {
    auto it = variables_.find(id);
    return it != variables_.end() ? &it->second : nullptr;
}

void Declarations::declareVariable(const spv::Instruction& instruction) {
    const bool untyped = instruction.opcode == kOpUntypedVariable;
    const Type* pointer = findType(instruction.resultType);
    if (instruction.operandCount() < 1 || pointer == nullptr || pointer->kind != Kind::Pointer)
        return; // refused where it is used
    ModuleVariable variable;
    variable.id = instruction.result;
    variable.storage = static_cast<StorageClass>(instruction.operand(0));
    variable.type = pointer->element;
    uint32_t initialiserOperand = 1;
    if (untyped) {
        variable.type = instruction.operandCount() > 1 ? findType(instruction.operand(1)) : nullptr;
        initialiserOperand = 2;
    }
    if (variable.type == nullptr || variable.type->kind == Kind::Void || variable.type->kind == Kind::Function)
        return;
    variable.layout = &layouts_.of(*variable.type);
    if (instruction.operandCount() > initialiserOperand) {
        const Id id = instruction.operand(initialiserOperand);
        if (!findConstant(id, variable.initialiser))
            refuseUnsupported(module_, instruction,
                              fmt::format("has the initialiser %{}, which is no known constant", id));
        if (typeOf(id).cells != variable.type->cells || typeOf(id).kind != variable.type->kind)
            refuseInvalid(module_, instruction, fmt::format("has the initialiser %{}, which is of another type", id));
    }
    const spv::Decoration* builtIn = module_.findDecoration(variable.id, ::spv::Decoration::BuiltIn);
    if (builtIn != nullptr && !builtIn->operands.empty())
        variable.builtIn = builtIn->operands[0];
    variable.readOnly = module_.findDecoration(variable.id, ::spv::Decoration::NonWritable) != nullptr;
    const bool kernel = module_.flavour() == spv::Flavour::Kernel;
    const bool constant = variable.storage == StorageClass::UniformConstant;
    if (kernel && (constant || variable.storage == StorageClass::CrossWorkgroup) && variable.builtIn == ~0u) {
        const uint32_t object = programObject(instruction, *variable.type, variable.initialiser, constant);
        constants_[define(instruction, 1)].bits = programAddress(object);
        return;
    }
    variables_.emplace(variable.id, variable);
}

uint32_t Declarations::programObject(const spv::Instruction& instruction, const Type& type, uint32_t initialiser,
                                     bool readOnly) {
    const Layout& layout = layouts_.of(type);
    if (layout.endsOpen || layout.size > kMaxProgramBytes - programBytes_ ||
        programObjects_.size() >= (1u << kProgramObjectBits) - 2)
        refuseUnsupported(module_, instruction, "has more program data than the interpreter keeps");
    programBytes_ += layout.size;
    ProgramObject object;
    object.id = instruction.result;
    object.readOnly = readOnly;
    object.data.resize(layout.size);
    object.written.resize(layout.size);
    if (initialiser != ~0u) {
        storeImage(layouts_.plan(layout), constants_.data() + initialiser, object.data.data(), object.written.data());
        // What lies between the members was given with the initialiser, too.
        std::fill(object.written.begin(), object.written.end(), 1);
    }
    programObjects_.push_back(std::move(object));
    return static_cast<uint32_t>(programObjects_.size() - 1);
}

void storeImage(const Plan& plan, const Cell* cells, uint8_t* data, uint8_t* written) {
    for (size_t i = 0; i < plan.items.size(); ++i) {
        const PlanItem& item = plan.items[i];
        std::memcpy(data + item.offset, &cells[i].bits, item.bytes);
        std::memset(written + item.offset, cells[i].undefined ? 0 : 1, item.bytes);
    }
}

Chain walkChain(Declarations& declarations, const spv::Instruction& instruction, const Layout& start,
                std::span<const uint32_t> indices) {
    const spv::Module& module = declarations.module();
    Chain chain;
    const Layout* layout = &start;
    for (const Id id : indices) {
        const Type& indexType = declarations.typeOf(id);
        uint64_t value = 0;
        const bool constant = declarations.constantInteger(id, value);
        if (indexType.kind != Kind::Int)
            refuseInvalid(module, instruction, fmt::format("has the index %{}, which is no integer", id));
        switch (layout->type->kind) {
        case Kind::Struct:
            if (!constant || value >= layout->members.size())
                refuseInvalid(module, instruction, fmt::format("has the index %{}, which names no member", id));
            chain.offset += layout->offsets[value];
            layout = layout->members[value];
            continue;
        case Kind::Vector:
        case Kind::Matrix:
        case Kind::CooperativeMatrix:
        case Kind::Array:
        case Kind::RuntimeArray:
            break;
        default:
            refuseInvalid(module, instruction, fmt::format("has the index %{} into what has no elements", id));
        }
        if (constant) {
            const auto index = static_cast<int64_t>(value << (64 - indexType.bits)) >> (64 - indexType.bits);
            chain.offset += static_cast<uint64_t>(index) * layout->stride;
        } else {
            chain.indices.push_back({id, layout->stride});
        }
        layout = layout->element;
    }
    chain.layout = layout;
    return chain;
}

} // namespace halyard::interp
