// Instructions that name memory.
#include "interp/decoder.h"

#include "interp/address.h"

#include <bit>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

using Op = ::spv::Op;
using StorageClass = ::spv::StorageClass;
using D = ::spv::Decoration;

// SPIR-V numbers that the installed headers may lack.
enum : uint32_t {
    kUntypedAccessChain = 4419,
    kUntypedInBoundsAccessChain = 4420,
    kUntypedPtrAccessChain = 4423,
    kUntypedInBoundsPtrAccessChain = 4424,
    kUntypedArrayLength = 4425,
    kUntypedPrefetch = 4426,
    kAtomicFMin = 5614,
    kAtomicFMax = 5615,
    kAtomicFAdd = 6035,
};

constexpr uint32_t kVolatile = 0x1, kAligned = 0x2, kMakeAvailable = 0x8, kMakeVisible = 0x10, kNonPrivate = 0x20;
constexpr uint32_t kAliasScope = 0x10000, kNoAlias = 0x20000;
constexpr uint32_t kKnownOperands = 0x3f | kAliasScope | kNoAlias;

constexpr uint32_t kSequentiallyConsistent = 0x10; // what an order that is not known counts as

// Clang 22 writes the scope of OpenCL C's explicit atomics where the order belongs: an order that does not exist may
// be any.
uint32_t orderOf(uint64_t semantics) {
    return (semantics & 1) != 0 ? kSequentiallyConsistent : static_cast<uint32_t>(semantics);
}

bool neverWritten(const spv::Module& module, const Type& pointer) {
    switch (pointer.storage) {
    case StorageClass::Input:
    case StorageClass::PushConstant:
    case StorageClass::UniformConstant:
        return true;
    case StorageClass::Uniform:
        return pointer.element == nullptr || module.findDecoration(pointer.element->id, D::BufferBlock) == nullptr;
    default:
        return false;
    }
}

} // namespace

bool Decoder::memory(const Instruction& instruction) {
    switch (instruction.opcode) {
    case kUntypedAccessChain:
    case kUntypedInBoundsAccessChain:
        chain(instruction, false, true);
        return true;
    case kUntypedPtrAccessChain:
    case kUntypedInBoundsPtrAccessChain:
        chain(instruction, true, true);
        return true;
    case kUntypedArrayLength:
        arrayLength(instruction, true);
        return true;
    case kUntypedPrefetch:
        return true;
    case kAtomicFMin:
    case kAtomicFMax:
    case kAtomicFAdd:
        atomic(instruction);
        return true;
    default:
        break;
    }
    switch (instruction.op()) {
    case Op::OpVariable:
        functionVariable(instruction);
        return true;
    case Op::OpLoad:
        load(instruction);
        return true;
    case Op::OpStore:
        store(instruction);
        return true;
    case Op::OpCopyMemory:
    case Op::OpCopyMemorySized:
        copy(instruction, instruction.op() == Op::OpCopyMemorySized);
        return true;
    case Op::OpAccessChain:
    case Op::OpInBoundsAccessChain:
        chain(instruction, false, false);
        return true;
    case Op::OpPtrAccessChain:
    case Op::OpInBoundsPtrAccessChain:
        chain(instruction, true, false);
        return true;
    case Op::OpArrayLength:
        arrayLength(instruction, false);
        return true;
    case Op::OpPtrEqual:
    case Op::OpPtrNotEqual:
    case Op::OpPtrDiff:
    case Op::OpPtrCastToGeneric:
    case Op::OpGenericCastToPtr:
    case Op::OpGenericCastToPtrExplicit:
    case Op::OpGenericPtrMemSemantics:
        pointerStep(instruction);
        return true;
    case Op::OpSizeOf: {
        const Layout* layout = declarations_.pointeeLayout(pointerType(instruction, idAt(instruction, 0)));
        if (layout == nullptr || resultType(instruction).kind != Kind::Int)
            invalid(instruction, "asks for the size of nothing");
        aliases_[instruction.result] = makeRef(RefBase::Constant, declarations_.addConstant({layout->size, false}));
        return true;
    }
    case Op::OpLifetimeStart:
    case Op::OpLifetimeStop: {
        pointerType(instruction, idAt(instruction, 0));
        const uint32_t bytes = idAt(instruction, 1);
        emit(instruction, Code::Lifetime, {instruction.operand(0)}).payload = bytes;
        return true;
    }
    case Op::OpMemoryBarrier: {
        const auto semantics = static_cast<uint32_t>(constantOr(idAt(instruction, 1), kSequentiallyConsistent));
        emit(instruction, Code::Fence, {}).payload = semantics;
        return true;
    }
    case Op::OpAtomicLoad:
    case Op::OpAtomicStore:
    case Op::OpAtomicExchange:
    case Op::OpAtomicCompareExchange:
    case Op::OpAtomicCompareExchangeWeak:
    case Op::OpAtomicIIncrement:
    case Op::OpAtomicIDecrement:
    case Op::OpAtomicIAdd:
    case Op::OpAtomicISub:
    case Op::OpAtomicSMin:
    case Op::OpAtomicUMin:
    case Op::OpAtomicSMax:
    case Op::OpAtomicUMax:
    case Op::OpAtomicAnd:
    case Op::OpAtomicOr:
    case Op::OpAtomicXor:
    case Op::OpAtomicFlagTestAndSet:
    case Op::OpAtomicFlagClear:
        atomic(instruction);
        return true;
    default:
        return false;
    }
}

void Decoder::functionVariable(const Instruction& instruction) {
    const Type& pointer = resultType(instruction);
    if (pointer.kind != Kind::Pointer || idAt(instruction, 0) != static_cast<uint32_t>(StorageClass::Function))
        invalid(instruction, "stands in a function but is not of its storage class");
    const Layout* layout = declarations_.pointeeLayout(pointer);
    if (layout == nullptr)
        unsupported(instruction, "holds a type that is not supported");
    const uint32_t slot = privateSlot(instruction, instruction.result, *layout);
    code_->slots.push_back(slot);
    Step* step = nullptr;
    if (instruction.operandCount() > 1) {
        const Id initialiser = instruction.operand(1);
        const Type& type = valueType(instruction, initialiser);
        if (type.cells != layout->type->cells || type.kind != layout->type->kind || type.cells == 0)
            invalid(instruction, "has an initialiser of another type");
        step = &emit(instruction, Code::Variable, {initialiser});
    } else {
        step = &emit(instruction, Code::Variable, {});
    }
    step->payload = slot;
    result(*step, instruction);
    traits_[instruction.result] = {layout, false, false};
}

// ---- What is known of a pointer

Decoder::Traits Decoder::traits(Id pointer) {
    if (const auto known = traits_.find(pointer); known != traits_.end())
        return known->second;
    Traits traits;
    const Type& type = declarations_.typeOf(pointer);
    traits.layout = declarations_.pointeeLayout(type);
    traits.readOnly = neverWritten(module_, type);
    if (const ModuleVariable* variable = declarations_.findVariable(pointer)) {
        traits.layout = variable->layout;
        traits.readOnly |= variable->readOnly;
    }
    traits.relaxed = module_.findDecoration(pointer, D::Volatile) != nullptr ||
                     module_.findDecoration(pointer, D::Coherent) != nullptr;
    traits_[pointer] = traits;
    return traits;
}

Decoder::MemoryOperands Decoder::memoryOperands(const Instruction& instruction, uint32_t& operand) {
    MemoryOperands result;
    if (operand >= instruction.operandCount())
        return result;
    const uint32_t mask = instruction.operand(operand++);
    if ((mask & ~kKnownOperands) != 0)
        unsupported(instruction, fmt::format("has the memory operands {:#x}", mask));
    result.relaxed = (mask & (kVolatile | kNonPrivate)) != 0;
    if ((mask & kAligned) != 0) {
        result.alignment = idAt(instruction, operand++);
        if (!std::has_single_bit(result.alignment))
            invalid(instruction, fmt::format("promises an alignment of {}", result.alignment));
    }
    for (const uint32_t bit : {kMakeAvailable, kMakeVisible, kAliasScope, kNoAlias})
        operand += (mask & bit) != 0 ? 1 : 0;
    return result;
}

MemoryAccess Decoder::access(const Instruction& instruction, Id pointer, const Type* value, MemoryOperands operands) {
    const auto storage = pointerType(instruction, pointer).storage;
    if (value != nullptr && value->kind == Kind::CooperativeMatrix && storage != StorageClass::Function &&
        storage != StorageClass::Private)
        invalid(instruction, "moves a cooperative matrix from or to memory that invocations share");
    const Traits known = traits(pointer);
    MemoryAccess access;
    access.alignment = operands.alignment;
    access.relaxed = operands.relaxed || known.relaxed;
    access.readOnly = known.readOnly;
    if (value != nullptr) {
        const bool own = known.layout != nullptr && known.layout->type == value;
        access.plan = &declarations_.layouts().plan(own ? *known.layout : declarations_.layoutOf(*value));
    }
    return access;
}

void Decoder::load(const Instruction& instruction) {
    const Type& type = resultType(instruction);
    uint32_t at = 1;
    const MemoryOperands operands = memoryOperands(instruction, at);
    const MemoryAccess access = this->access(instruction, idAt(instruction, 0), &type, operands);
    Step& step = emit(instruction, Code::Load, {instruction.operand(0)});
    step.payload = static_cast<uint32_t>(prepared_->accesses.size());
    result(step, instruction);
    prepared_->accesses.push_back(access);
}

void Decoder::store(const Instruction& instruction) {
    const Type& type = valueType(instruction, idAt(instruction, 1));
    if (type.cells == 0 && !type.members.empty())
        unsupported(instruction, "stores a type that is too large for a value");
    uint32_t at = 2;
    const MemoryOperands operands = memoryOperands(instruction, at);
    const MemoryAccess access = this->access(instruction, instruction.operand(0), &type, operands);
    Step& step = emit(instruction, Code::Store, {instruction.operand(0), instruction.operand(1)});
    step.payload = static_cast<uint32_t>(prepared_->accesses.size());
    prepared_->accesses.push_back(access);
}

void Decoder::copy(const Instruction& instruction, bool sized) {
    const Id target = idAt(instruction, 0);
    const Id source = idAt(instruction, 1);
    uint32_t at = sized ? 3 : 2;
    MemoryCopy copy;
    const MemoryOperands first = memoryOperands(instruction, at);
    const MemoryOperands second = at < instruction.operandCount() ? memoryOperands(instruction, at) : first;
    const Type* type = nullptr;
    if (!sized) {
        const Type& pointer = pointerType(instruction, target);
        const Type& other = pointerType(instruction, source);
        type = pointer.element != nullptr ? pointer.element : other.element;
        if (type == nullptr || type->kind == Kind::Void || type->kind == Kind::Function)
            invalid(instruction, "copies what has no type");
        if (other.element != nullptr && (other.element->cells != type->cells || other.element->kind != type->kind))
            invalid(instruction, "copies between pointers to different types");
        if (type->cells == 0) { // too large for registers, yet laid out alike on both sides
            if (pointer.element != other.element)
                unsupported(instruction, "copies a type that is too large for a value");
            sized = true;
        }
    }
    copy.target = access(instruction, target, sized ? nullptr : type, first);
    copy.source = access(instruction, source, sized ? nullptr : type, second);
    Step* step = nullptr;
    if (type != nullptr && sized) {
        Step& fixed = emit(instruction, Code::CopyMemory, {target, source});
        const uint64_t bytes = declarations_.layoutOf(*type).size;
        prepared_->operands.push_back(makeRef(RefBase::Constant, declarations_.addConstant({bytes, false})));
        fixed.operandCount = 3;
        step = &fixed;
    } else if (sized) {
        if (valueType(instruction, idAt(instruction, 2)).kind != Kind::Int)
            invalid(instruction, "has a size that is no integer");
        step = &emit(instruction, Code::CopyMemory, {target, source, instruction.operand(2)});
    } else {
        step = &emit(instruction, Code::CopyMemory, {target, source});
    }
    step->payload = static_cast<uint32_t>(prepared_->memoryCopies.size());
    prepared_->memoryCopies.push_back(copy);
}

// ---- Addresses

uint32_t Decoder::elementSize(const Type& pointer, const Layout& layout) {
    const spv::Decoration* stride = module_.findDecoration(pointer.id, D::ArrayStride);
    const uint64_t size = stride != nullptr && !stride->operands.empty() ? stride->operands[0] : layout.size;
    return static_cast<uint32_t>(std::min<uint64_t>(size, UINT32_MAX));
}

void Decoder::chain(const Instruction& instruction, bool element, bool untyped) {
    const uint32_t base = untyped ? 1 : 0;
    const Id pointer = idAt(instruction, base);
    const Type& pointerType = this->pointerType(instruction, pointer);
    Traits known = traits(pointer);
    const Layout* layout = known.layout;
    if (untyped) {
        const Type* type = declarations_.findType(idAt(instruction, 0));
        if (type == nullptr || type->kind == Kind::Void || type->kind == Kind::Function)
            invalid(instruction, "has a base type that is none");
        layout = &declarations_.layoutOf(*type);
    }
    const Type& result = resultType(instruction);
    if (layout == nullptr || result.kind != Kind::Pointer)
        unsupported(instruction, "starts from a pointer to a type that is not supported");

    uint32_t first = base + 1;
    Ref origin = 0;
    const ModuleVariable* variable = declarations_.findVariable(pointer);
    if (variable != nullptr && isBufferArray(*variable) && !element) {
        origin = selectBuffer(instruction, *variable, idAt(instruction, first++));
        layout = layout->element;
        if (layout == nullptr)
            invalid(instruction, "has a base type that is no array");
    } else {
        origin = ref(instruction, pointer);
    }
    ChainCode code;
    const auto start = static_cast<uint32_t>(prepared_->operands.size());
    prepared_->operands.push_back(origin);
    const auto add = [&](Id id, uint64_t stride) {
        const Type& type = valueType(instruction, id);
        if (type.kind != Kind::Int)
            invalid(instruction, fmt::format("has the index %{}, which is no integer", id));
        const Ref place = ref(instruction, id);
        code.steps.push_back({static_cast<uint32_t>(prepared_->operands.size() - start), type.bits, stride});
        prepared_->operands.push_back(place);
    };
    if (element)
        add(idAt(instruction, first++), elementSize(pointerType, *layout));
    const std::span<const uint32_t> indices(instruction.words + instruction.operandStart + first,
                                            instruction.operandCount() - first);
    // Members may be declared volatile or read-only on their own.
    const Type* type = layout->type;
    for (const Id id : indices) {
        uint64_t member = 0;
        if (type != nullptr && type->kind == Kind::Struct && declarations_.constantInteger(id, member) &&
            member < type->members.size()) {
            const auto index = static_cast<uint32_t>(member);
            known.relaxed |= module_.findDecoration(type->id, D::Volatile, index) != nullptr ||
                             module_.findDecoration(type->id, D::Coherent, index) != nullptr;
            known.readOnly |= module_.findDecoration(type->id, D::NonWritable, index) != nullptr;
            type = type->members[index];
        } else {
            type = type != nullptr ? type->element : nullptr;
        }
    }
    const Chain chain = walkChain(declarations_, instruction, *layout, indices);
    if (result.element != nullptr && result.element != chain.layout->type && result.element->cells != 0 &&
        (result.element->cells != chain.layout->type->cells || result.element->kind != chain.layout->type->kind))
        invalid(instruction, "points to a type that its path does not lead to");
    code.offset = chain.offset;
    for (const ChainIndex& index : chain.indices)
        add(index.id, index.stride);
    Step& step = emit(instruction, Code::Chain, {});
    step.operands = start;
    step.operandCount = static_cast<uint16_t>(prepared_->operands.size() - start);
    step.payload = static_cast<uint32_t>(prepared_->chains.size());
    this->result(step, instruction);
    prepared_->chains.push_back(std::move(code));
    known.layout = chain.layout;
    traits_[instruction.result] = known;
}

void Decoder::arrayLength(const Instruction& instruction, bool untyped) {
    const Id pointer = idAt(instruction, untyped ? 1 : 0);
    const uint32_t member = idAt(instruction, untyped ? 2 : 1);
    pointerType(instruction, pointer);
    const Layout* layout = traits(pointer).layout;
    if (untyped) {
        const Type* type = declarations_.findType(idAt(instruction, 0));
        layout = type != nullptr && type->kind == Kind::Struct ? &declarations_.layoutOf(*type) : nullptr;
    }
    if (layout == nullptr || layout->type->kind != Kind::Struct || member >= layout->members.size() ||
        layout->members[member]->type->kind != Kind::RuntimeArray || layout->members[member]->stride == 0 ||
        resultType(instruction).kind != Kind::Int)
        invalid(instruction, "names no runtime array");
    ChainCode code;
    code.offset = layout->offsets[member];
    code.steps.push_back({0, resultType(instruction).bits, layout->members[member]->stride});
    Step& step = emit(instruction, Code::ArrayLength, {pointer});
    step.payload = static_cast<uint32_t>(prepared_->chains.size());
    result(step, instruction);
    prepared_->chains.push_back(std::move(code));
}

void Decoder::pointerStep(const Instruction& instruction) {
    const Type& type = resultType(instruction);
    const Id first = idAt(instruction, 0);
    const Type& pointer = pointerType(instruction, first);
    switch (instruction.op()) {
    case Op::OpPtrEqual:
    case Op::OpPtrNotEqual: {
        pointerType(instruction, idAt(instruction, 1));
        if (type.kind != Kind::Bool)
            invalid(instruction, "is no boolean");
        Step& step = emit(instruction, Code::PointerEqual, {first, instruction.operand(1)});
        step.payload = instruction.op() == Op::OpPtrNotEqual ? 1 : 0;
        return result(step, instruction);
    }
    case Op::OpPtrDiff: {
        pointerType(instruction, idAt(instruction, 1));
        const Layout* layout = traits(first).layout;
        const uint32_t size = layout != nullptr ? elementSize(pointer, *layout) : 1;
        if (type.kind != Kind::Int || size == 0)
            invalid(instruction, "is no difference of pointers to elements");
        Step& step = emit(instruction, Code::PointerDiff, {first, instruction.operand(1)});
        step.payload = static_cast<uint32_t>(prepared_->chains.size());
        ChainCode code;
        code.steps.push_back({0, type.bits, size});
        prepared_->chains.push_back(std::move(code));
        return result(step, instruction);
    }
    case Op::OpGenericPtrMemSemantics: {
        if (type.kind != Kind::Int)
            invalid(instruction, "is no integer");
        Step& step = emit(instruction, Code::PointerKind, {first});
        return result(step, instruction);
    }
    default:
        break;
    }
    if (type.kind != Kind::Pointer)
        invalid(instruction, "is no pointer");
    uint32_t wanted = kNone;
    if (instruction.op() == Op::OpGenericCastToPtrExplicit) {
        switch (static_cast<StorageClass>(idAt(instruction, 1))) {
        case StorageClass::CrossWorkgroup:
            wanted = static_cast<uint32_t>(Space::Global);
            break;
        case StorageClass::Workgroup:
            wanted = static_cast<uint32_t>(Space::Workgroup);
            break;
        case StorageClass::Function:
            wanted = static_cast<uint32_t>(Space::Private);
            break;
        default:
            invalid(instruction, "casts to a storage class that no generic pointer has");
        }
    }
    Step& step = emit(instruction, Code::PointerCast, {first});
    step.payload = wanted;
    result(step, instruction);
    Traits known = traits(first);
    if (known.layout != nullptr && type.element != known.layout->type)
        known.layout = declarations_.pointeeLayout(type);
    traits_[instruction.result] = known;
}

// ---- Atomics

void Decoder::atomic(const Instruction& instruction) {
    const Id pointer = idAt(instruction, 0);
    const Type& pointerType = this->pointerType(instruction, pointer);
    idAt(instruction, 2);
    AtomicCode code;
    code.semantics = orderOf(constantOr(instruction.operand(2), kSequentiallyConsistent));
    code.readOnly = traits(pointer).readOnly;
    std::vector<Id> operands{pointer};
    uint32_t values = 0;
    uint32_t firstValue = 3;
    switch (instruction.op()) {
    case Op::OpAtomicLoad:
        code.kind = AtomicKind::Load;
        break;
    case Op::OpAtomicStore:
        code.kind = AtomicKind::Store;
        values = 1;
        break;
    case Op::OpAtomicExchange:
        code.kind = AtomicKind::Exchange;
        values = 1;
        break;
    case Op::OpAtomicCompareExchange:
    case Op::OpAtomicCompareExchangeWeak:
        code.kind = AtomicKind::CompareExchange;
        code.unequal = orderOf(constantOr(idAt(instruction, 3), kSequentiallyConsistent));
        firstValue = 4;
        values = 2;
        break;
    case Op::OpAtomicFlagTestAndSet:
        code.kind = AtomicKind::FlagTestAndSet;
        break;
    case Op::OpAtomicFlagClear:
        code.kind = AtomicKind::FlagClear;
        break;
    case Op::OpAtomicIIncrement:
    case Op::OpAtomicIDecrement: {
        const bool up = instruction.op() == Op::OpAtomicIIncrement;
        code.kind = AtomicKind::Combine;
        code.byOne = true;
        code.combine = combineOf(static_cast<uint16_t>(up ? Op::OpAtomicIAdd : Op::OpAtomicISub));
        break;
    }
    default:
        code.kind = AtomicKind::Combine;
        code.combine = combineOf(instruction.opcode);
        values = 1;
        break;
    }
    for (uint32_t i = 0; i < values; ++i)
        operands.push_back(idAt(instruction, firstValue + i));
    const bool flag = code.kind == AtomicKind::FlagTestAndSet || code.kind == AtomicKind::FlagClear;
    if (flag) {
        code.bytes = 4;
        if (code.kind == AtomicKind::FlagTestAndSet && resultType(instruction).kind != Kind::Bool)
            invalid(instruction, "is no boolean");
    } else {
        code.type = code.kind == AtomicKind::Store ? &valueType(instruction, operands[1]) : &resultType(instruction);
        // Clang exchanges pointers, too.
        const bool fits = code.type->kind == Kind::Int || code.type->kind == Kind::Float ||
                          (code.type->kind == Kind::Pointer && code.kind != AtomicKind::Combine);
        if (!fits)
            unsupported(instruction, "is an atomic operation on a type that is no number");
        code.bytes = static_cast<uint32_t>(declarations_.layoutOf(*code.type).size);
        for (uint32_t i = 1; i < operands.size(); ++i) {
            const Type& type = valueType(instruction, operands[i]);
            if (type.kind != code.type->kind || type.bits != code.type->bits || type.format != code.type->format)
                invalid(instruction, fmt::format("uses %{}, which is of another type", operands[i]));
        }
        if (code.kind == AtomicKind::Combine && code.combine == nullptr)
            unsupported(instruction, "is not supported by the interpreter");
    }
    if (pointerType.element != nullptr && pointerType.element->cells != 1)
        invalid(instruction, "points to what is no scalar");
    const auto start = static_cast<uint32_t>(prepared_->operands.size());
    for (const Id id : operands) {
        const Ref place = ref(instruction, id);
        prepared_->operands.push_back(place);
    }
    Step& step = emit(instruction, Code::Atomic, {});
    step.operands = start;
    step.operandCount = static_cast<uint16_t>(operands.size());
    step.payload = static_cast<uint32_t>(prepared_->atomics.size());
    if (instruction.result != 0)
        result(step, instruction);
    prepared_->atomics.push_back(code);
}

} // namespace halyard::interp
