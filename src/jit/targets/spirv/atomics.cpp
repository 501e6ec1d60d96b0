// Atomic operations. What Vulkan does not have natively (float minima, sub-word exchanges) is a loop of
// compare-exchange that prepare.cpp has written already, on the word that holds the value.
#include "jit/kir.h"
#include "jit/targets/spirv/emitter.h"

#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/AtomicOrdering.h>

namespace halyard::jit::spirv {

using ::spv::Op;

// Vulkan's memory model has no sequential consistency (SPIR-V environment for Vulkan, 9.2): the strongest is acquire
// and release, of which a load takes the first and a store the second half.
uint32_t Emitter::semantics(llvm::AtomicOrdering ordering, bool loads, bool stores) const {
    using Mask = ::spv::MemorySemanticsMask;
    uint32_t bits = 0;
    const bool acquires = loads && llvm::isAcquireOrStronger(ordering);
    const bool releases = stores && llvm::isReleaseOrStronger(ordering);
    if (!acquires && !releases) {
        return 0;
    }
    bits |= static_cast<uint32_t>(acquires && releases ? Mask::AcquireRelease
                                  : acquires           ? Mask::Acquire
                                                       : Mask::Release);
    bits |= static_cast<uint32_t>(Mask::UniformMemory) | static_cast<uint32_t>(Mask::WorkgroupMemory);
    bits |= acquires ? static_cast<uint32_t>(Mask::MakeVisible) : 0;
    bits |= releases ? static_cast<uint32_t>(Mask::MakeAvailable) : 0;
    return bits;
}

Id Emitter::scopeOf(llvm::SyncScope::ID scope) {
    llvm::SmallVector<llvm::StringRef, 8> names;
    kernel_.getContext().getSyncScopeNames(names);
    const llvm::StringRef name = names[scope];
    if (name == llvm::StringRef(kir::kScopeWorkgroup)) {
        return u32(static_cast<uint32_t>(::spv::Scope::Workgroup));
    }
    if (name == llvm::StringRef(kir::kScopeSubgroup)) {
        return u32(static_cast<uint32_t>(::spv::Scope::Subgroup));
    }
    if (name == llvm::StringRef(kir::kScopeInvocation)) {
        return u32(static_cast<uint32_t>(::spv::Scope::Invocation));
    }
    // The whole system is not a scope of Vulkan's; the host sees what a device did once the work has ended.
    module_.capability(::spv::Capability::VulkanMemoryModelDeviceScope);
    return u32(static_cast<uint32_t>(::spv::Scope::Device));
}

namespace {

Op integerAtomic(llvm::AtomicRMWInst::BinOp operation) {
    switch (operation) {
    case llvm::AtomicRMWInst::Xchg:
        return Op::OpAtomicExchange;
    case llvm::AtomicRMWInst::Add:
        return Op::OpAtomicIAdd;
    case llvm::AtomicRMWInst::Sub:
        return Op::OpAtomicISub;
    case llvm::AtomicRMWInst::And:
        return Op::OpAtomicAnd;
    case llvm::AtomicRMWInst::Or:
        return Op::OpAtomicOr;
    case llvm::AtomicRMWInst::Xor:
        return Op::OpAtomicXor;
    case llvm::AtomicRMWInst::Max:
        return Op::OpAtomicSMax;
    case llvm::AtomicRMWInst::Min:
        return Op::OpAtomicSMin;
    case llvm::AtomicRMWInst::UMax:
        return Op::OpAtomicUMax;
    case llvm::AtomicRMWInst::UMin:
        return Op::OpAtomicUMin;
    default:
        return Op::OpNop;
    }
}

} // namespace

bool Emitter::hasAtomics(Space space, uint32_t bits) const {
    return (space == Space::Global && (bits == 32 || bits == 64)) ||
           (space == Space::Workgroup && bits == workgroupUnit_ * 8);
}

Id Emitter::atomicPlace(Space space, Id pointer, uint32_t bits) {
    return space == Space::Global ? globalAccess(pointer, bits, 1)
                                  : arenaElement(space, emit(Op::OpUDiv, uint32Type(), {pointer, u32(workgroupUnit_)}));
}

void Emitter::atomic(const llvm::Instruction& instruction) {
    const llvm::Value* pointer = llvm::getPointerOperand(&instruction);
    llvm::AtomicOrdering ordering = llvm::AtomicOrdering::Monotonic;
    llvm::SyncScope::ID syncScope = llvm::SyncScope::System;
    llvm::Type* type = nullptr;
    if (const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        pointer = rmw->getPointerOperand();
        ordering = rmw->getOrdering();
        syncScope = rmw->getSyncScopeID();
        type = rmw->getType();
    } else if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
        pointer = exchange->getPointerOperand();
        ordering = exchange->getMergedOrdering();
        syncScope = exchange->getSyncScopeID();
        type = exchange->getNewValOperand()->getType();
    } else if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        ordering = load->getOrdering();
        syncScope = load->getSyncScopeID();
        type = load->getType();
    } else {
        const auto& store = llvm::cast<llvm::StoreInst>(instruction);
        ordering = store.getOrdering();
        syncScope = store.getSyncScopeID();
        type = store.getValueOperand()->getType();
    }
    const Space space = spaceOf(pointer->getType());
    const uint32_t bits = type->isPointerTy() ? 64 : bitsOf(type);
    if (!hasAtomics(space, bits)) {
        refuse(instruction);
        return;
    }
    if (bits == 64) {
        module_.capability(::spv::Capability::Int64Atomics);
    }
    const Id place = atomicPlace(space, valueOf(pointer), bits);
    const Id scope = scopeOf(syncScope);
    const Id order =
        u32(semantics(ordering, !llvm::isa<llvm::StoreInst>(instruction), !llvm::isa<llvm::LoadInst>(instruction)));
    const Id resultType = module_.intType(bits);
    if (const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        const Op op = integerAtomic(rmw->getOperation());
        if (op == Op::OpNop || (type->isFloatingPointTy() && op != Op::OpAtomicExchange)) {
            refuse(instruction);
            return;
        }
        const Id value = toBits(valueOf(rmw->getValOperand()), type);
        define(rmw, fromBits(emit(op, resultType, {place, scope, order, value}), type));
    } else if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
        const llvm::AtomicOrdering failing = exchange->getFailureOrdering();
        const Id expected = toBits(valueOf(exchange->getCompareOperand()), type);
        const Id desired = toBits(valueOf(exchange->getNewValOperand()), type);
        const Id found = emit(Op::OpAtomicCompareExchange, resultType,
                              {place, scope, order, u32(semantics(failing, true, false)), desired, expected});
        pairs_[exchange] = {fromBits(found, type), emit(Op::OpIEqual, module_.boolType(), {found, expected})};
    } else if (llvm::isa<llvm::LoadInst>(instruction)) {
        define(&instruction, fromBits(emit(Op::OpAtomicLoad, resultType, {place, scope, order}), type));
    } else {
        const llvm::Value* stored = llvm::cast<llvm::StoreInst>(instruction).getValueOperand();
        emitVoid(Op::OpAtomicStore, {place, scope, order, toBits(valueOf(stored), type)});
    }
}

} // namespace halyard::jit::spirv
