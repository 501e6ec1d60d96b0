// Workgroup and private memory: one array each, of words, or of smaller units when nothing in the kernel needs a word.
// A pointer is a byte offset. Accesses smaller than a unit change their part of it; in workgroup memory by atomic
// operations, since the neighbours may be others'.
#include "jit/kir.h"
#include "jit/targets/spirv/emitter.h"
#include "jit/vulkan_kernel_abi.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::spirv {

using ::spv::Op;

Id Emitter::arenaElement(Space space, Id index) {
    const bool workgroup = space == Space::Workgroup;
    const auto storage = workgroup ? ::spv::StorageClass::Workgroup : ::spv::StorageClass::Private;
    const Id type = module_.pointerType(storage, module_.intType(workgroup ? workgroupUnit_ * 8 : 32));
    return emit(Op::OpAccessChain, type, {workgroup ? workgroupArena_ : privateArena_, index});
}

Id Emitter::loadArena(Space space, Id offset, uint32_t bits) {
    const uint32_t unit = space == Space::Workgroup ? workgroupUnit_ * 8 : 32;
    const Id unitType = module_.intType(unit);
    const Id first = emit(Op::OpUDiv, uint32Type(), {offset, u32(unit / 8)});
    const auto element = [&](Id index) {
        if (space != Space::Workgroup) {
            return emit(Op::OpLoad, unitType, {arenaElement(space, index)});
        }
        return emit(Op::OpLoad, unitType,
                    {arenaElement(space, index), static_cast<uint32_t>(::spv::MemoryAccessMask::NonPrivatePointer)});
    };
    if (bits < unit) {
        const Id within = emit(Op::OpBitwiseAnd, uint32Type(), {offset, u32(unit / 8 - 1)});
        const Id shift = emit(Op::OpIMul, uint32Type(), {within, u32(8)});
        const Id shifted =
            emit(Op::OpShiftRightLogical, unitType, {element(first), resizeInteger(shift, 32, unit, false)});
        return resizeInteger(shifted, unit, bits, false);
    }
    Id result = 0;
    const Id type = module_.intType(bits);
    for (uint32_t i = 0; i < bits / unit; ++i) {
        const Id index = i == 0 ? first : emit(Op::OpIAdd, uint32Type(), {first, u32(i)});
        Id part = resizeInteger(element(index), unit, bits, false);
        if (i != 0) {
            part = emit(Op::OpShiftLeftLogical, type, {part, module_.constant(bits, i * unit)});
        }
        result = i == 0 ? part : emit(Op::OpBitwiseOr, type, {result, part});
    }
    return result;
}

void Emitter::storeArena(Space space, Id offset, Id value, uint32_t bits) {
    const bool workgroup = space == Space::Workgroup;
    const uint32_t unit = workgroup ? workgroupUnit_ * 8 : 32;
    const Id unitType = module_.intType(unit);
    const Id first = emit(Op::OpUDiv, uint32Type(), {offset, u32(unit / 8)});
    if (bits < unit) {
        const Id within = emit(Op::OpBitwiseAnd, uint32Type(), {offset, u32(unit / 8 - 1)});
        const Id shift = emit(Op::OpIMul, uint32Type(), {within, u32(8)});
        const Id mask =
            emit(Op::OpShiftLeftLogical, unitType, {module_.constant(unit, (uint64_t{1} << bits) - 1), shift});
        const Id others = emit(Op::OpNot, unitType, {mask});
        const Id placed = emit(Op::OpShiftLeftLogical, unitType, {resizeInteger(value, bits, unit, false), shift});
        const Id pointer = arenaElement(space, first);
        if (workgroup) {
            const Id scope = u32(static_cast<uint32_t>(::spv::Scope::Workgroup));
            emit(Op::OpAtomicAnd, unitType, {pointer, scope, u32(0), others});
            emit(Op::OpAtomicOr, unitType, {pointer, scope, u32(0), placed});
            return;
        }
        const Id kept = emit(Op::OpBitwiseAnd, unitType, {emit(Op::OpLoad, unitType, {pointer}), others});
        emitVoid(Op::OpStore, {pointer, emit(Op::OpBitwiseOr, unitType, {kept, placed})});
        return;
    }
    for (uint32_t i = 0; i < bits / unit; ++i) {
        const Id index = i == 0 ? first : emit(Op::OpIAdd, uint32Type(), {first, u32(i)});
        const Id part =
            i == 0 ? value
                   : emit(Op::OpShiftRightLogical, module_.intType(bits), {value, module_.constant(bits, i * unit)});
        const Id stored = resizeInteger(part, bits, unit, false);
        if (workgroup) {
            emitVoid(Op::OpStore, {arenaElement(space, index), stored,
                                   static_cast<uint32_t>(::spv::MemoryAccessMask::NonPrivatePointer)});
        } else {
            emitVoid(Op::OpStore, {arenaElement(space, index), stored});
        }
    }
}

namespace {

// Whether nobody sees the variable's address: it is loaded and stored whole.
bool isSlot(const llvm::AllocaInst& variable) {
    llvm::Type* type = variable.getAllocatedType();
    if (type->isAggregateType() || variable.isArrayAllocation()) {
        return false;
    }
    return llvm::all_of(variable.users(), [&](const llvm::User* user) {
        if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(user)) {
            return load->getType() == type && !load->isAtomic();
        }
        const auto* store = llvm::dyn_cast<llvm::StoreInst>(user);
        return store != nullptr && store->getValueOperand() != &variable &&
               store->getValueOperand()->getType() == type && !store->isAtomic();
    });
}

// Of an atomic operation on workgroup memory, the bits of its value; else 0.
uint32_t atomicBits(const llvm::Instruction& instruction) {
    if (!instruction.isAtomic() || llvm::isa<llvm::FenceInst>(instruction)) {
        return 0;
    }
    const llvm::Value* pointer = llvm::getPointerOperand(&instruction);
    llvm::Type* type = instruction.getType();
    if (const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        pointer = rmw->getPointerOperand();
    } else if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
        pointer = exchange->getPointerOperand();
        type = exchange->getNewValOperand()->getType();
    } else if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        type = store->getValueOperand()->getType();
    }
    if (pointer->getType()->getPointerAddressSpace() != kir::kWorkgroup) {
        return 0;
    }
    return type->isPointerTy() ? 64 : static_cast<uint32_t>(type->getPrimitiveSizeInBits().getFixedValue());
}

} // namespace

bool Emitter::placeSlot(const llvm::AllocaInst& variable) {
    if (!isSlot(variable)) {
        return false;
    }
    const Id id = module_.newId();
    append(variables_, Op::OpVariable,
           {module_.pointerType(::spv::StorageClass::Function, typeOf(variable.getAllocatedType())), id,
            static_cast<uint32_t>(::spv::StorageClass::Function)});
    slots_[&variable] = id;
    return true;
}

void Emitter::layOutPrivate() {
    for (const llvm::Instruction& instruction : llvm::instructions(kernel_)) {
        const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
        if (variable == nullptr) {
            continue;
        }
        if (placeSlot(*variable)) {
            continue;
        }
        const std::optional<llvm::TypeSize> size = variable->getAllocationSize(data_);
        if (!size || size->isScalable()) {
            refuse("a private variable of a size that is known at run time alone");
            return;
        }
        privateBytes_ =
            static_cast<uint32_t>(llvm::alignTo(privateBytes_, std::max<uint64_t>(variable->getAlign().value(), 8)));
        privateOffsets_[variable] = privateBytes_;
        privateBytes_ += static_cast<uint32_t>(size->getFixedValue());
    }
    if (privateBytes_ != 0) {
        privateArena_ = module_.variable(::spv::StorageClass::Private,
                                         module_.arrayType(uint32Type(), u32((privateBytes_ + 3) / 4)));
    }
}

void Emitter::layOutWorkgroup() {
    bool used = false;
    for (const llvm::GlobalVariable& variable : kernel_.getParent()->globals()) {
        if (variable.getAddressSpace() != kir::kWorkgroup) {
            continue;
        }
        workgroupBytes_ = static_cast<uint32_t>(
            llvm::alignTo(workgroupBytes_, std::max<uint64_t>(variable.getAlign().valueOrOne().value(), 8)));
        workgroupOffsets_[&variable] = workgroupBytes_;
        workgroupBytes_ += static_cast<uint32_t>(data_.getTypeAllocSize(variable.getValueType()));
        used = true;
    }
    for (const llvm::Argument& argument : kernel_.args()) {
        used = used ||
               (argument.getType()->isPointerTy() && argument.getType()->getPointerAddressSpace() == kir::kWorkgroup);
    }
    if (!used) {
        return;
    }
    // 64-bit atomic operations need elements of that size; smaller accesses then change parts of one.
    for (const llvm::Instruction& instruction : llvm::instructions(kernel_)) {
        if (atomicBits(instruction) == 64) {
            workgroupUnit_ = 8;
            module_.capability(::spv::Capability::Int64Atomics);
            break;
        }
    }
    // The size comes with the pipeline: static variables, and the blocks of the parameters.
    const Id words = module_.specConstant(HY_VULKAN_SPEC_LOCAL_WORDS,
                                          std::max(1u, (workgroupBytes_ + workgroupUnit_ - 1) / workgroupUnit_));
    workgroupArena_ =
        module_.variable(::spv::StorageClass::Workgroup, module_.arrayType(module_.intType(workgroupUnit_ * 8), words));
}

} // namespace halyard::jit::spirv
