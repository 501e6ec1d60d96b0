// Atomic operations. The order and the scope go into LLVM's own atomic instructions; targets lower what LLVM mistreats.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

llvm::SyncScope::ID Importer::syncScope(Id scope) {
    uint64_t number = 0;
    if (!isConstantInteger(scope, number)) {
        return llvm::SyncScope::System; // not known while compiling: the widest is always right
    }
    const auto named = [this](std::string_view name) {
        return context_.getOrInsertSyncScopeID(llvm::StringRef(name.data(), name.size()));
    };
    switch (static_cast<sv::Scope>(number)) {
    case sv::Scope::CrossDevice:
        return llvm::SyncScope::System;
    case sv::Scope::Device:
    case sv::Scope::QueueFamily:
        return named(kir::kScopeDevice);
    case sv::Scope::Workgroup:
        return named(kir::kScopeWorkgroup);
    case sv::Scope::Subgroup:
        return named(kir::kScopeSubgroup);
    case sv::Scope::Invocation:
        return llvm::SyncScope::SingleThread;
    default:
        invalid("unknown memory scope");
    }
}

llvm::AtomicOrdering Importer::ordering(Id semantics) {
    uint64_t mask = 0;
    if (!isConstantInteger(semantics, mask)) {
        return llvm::AtomicOrdering::SequentiallyConsistent;
    }
    constexpr uint64_t kAcquire = 0x2, kRelease = 0x4, kAcquireRelease = 0x8, kSequentiallyConsistent = 0x10;
    if (mask & kSequentiallyConsistent) {
        return llvm::AtomicOrdering::SequentiallyConsistent;
    }
    if ((mask & kAcquireRelease) || ((mask & kAcquire) && (mask & kRelease))) {
        return llvm::AtomicOrdering::AcquireRelease;
    }
    if (mask & kAcquire) {
        return llvm::AtomicOrdering::Acquire;
    }
    return mask & kRelease ? llvm::AtomicOrdering::Release : llvm::AtomicOrdering::Monotonic;
}

llvm::Value* Importer::atomicPointer(const Instruction& instruction, uint32_t index, llvm::Type* type) {
    llvm::Value* pointer = pointerOperand(instruction, index);
    check(pointeeOf(instruction, index).llvmType == type, "the pointer does not point to the operated type");
    check(type->isIntegerTy() || type->isFloatingPointTy(), "atomic operations need a scalar");
    check(!type->isIntegerTy(1), "atomic operations need a number");
    return pointer;
}

namespace {
llvm::Align naturalAlign(llvm::Type* type) {
    return llvm::Align(type->getScalarSizeInBits() / 8);
}

// Loads cannot release and stores cannot acquire; SPIR-V lets a mask say both.
llvm::AtomicOrdering forLoad(llvm::AtomicOrdering order) {
    if (order == llvm::AtomicOrdering::AcquireRelease) {
        return llvm::AtomicOrdering::Acquire;
    }
    return order == llvm::AtomicOrdering::Release ? llvm::AtomicOrdering::Monotonic : order;
}

llvm::AtomicOrdering forStore(llvm::AtomicOrdering order) {
    if (order == llvm::AtomicOrdering::AcquireRelease) {
        return llvm::AtomicOrdering::Release;
    }
    return order == llvm::AtomicOrdering::Acquire ? llvm::AtomicOrdering::Monotonic : order;
}
} // namespace

void Importer::atomicLoad(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* pointer = atomicPointer(instruction, 0, type);
    llvm::LoadInst* result = builder_.CreateAlignedLoad(type, pointer, naturalAlign(type));
    result->setAtomic(forLoad(ordering(literal(instruction, 2))), syncScope(literal(instruction, 1)));
    define(instruction, result);
}

void Importer::atomicStore(const Instruction& instruction) {
    llvm::Value* value = operand(instruction, 3);
    llvm::Value* pointer = atomicPointer(instruction, 0, value->getType());
    llvm::StoreInst* result = builder_.CreateAlignedStore(value, pointer, naturalAlign(value->getType()));
    result->setAtomic(forStore(ordering(literal(instruction, 2))), syncScope(literal(instruction, 1)));
}

void Importer::atomicReadModifyWrite(const Instruction& instruction) {
    using Operation = llvm::AtomicRMWInst::BinOp;
    llvm::Type* type = resultType(instruction).llvmType;
    llvm::Value* pointer = atomicPointer(instruction, 0, type);
    const llvm::SyncScope::ID scope = syncScope(literal(instruction, 1));
    const llvm::AtomicOrdering order = ordering(literal(instruction, 2));
    Operation operation = Operation::BAD_BINOP;
    switch (instruction.op()) {
    case sv::Op::OpAtomicExchange:
        operation = Operation::Xchg;
        break;
    case sv::Op::OpAtomicIIncrement:
    case sv::Op::OpAtomicIAdd:
        operation = Operation::Add;
        break;
    case sv::Op::OpAtomicIDecrement:
    case sv::Op::OpAtomicISub:
        operation = Operation::Sub;
        break;
    case sv::Op::OpAtomicSMin:
        operation = Operation::Min;
        break;
    case sv::Op::OpAtomicUMin:
        operation = Operation::UMin;
        break;
    case sv::Op::OpAtomicSMax:
        operation = Operation::Max;
        break;
    case sv::Op::OpAtomicUMax:
        operation = Operation::UMax;
        break;
    case sv::Op::OpAtomicAnd:
        operation = Operation::And;
        break;
    case sv::Op::OpAtomicOr:
        operation = Operation::Or;
        break;
    case sv::Op::OpAtomicXor:
        operation = Operation::Xor;
        break;
    case sv::Op::OpAtomicFAddEXT:
        operation = Operation::FAdd;
        break;
    case sv::Op::OpAtomicFMinEXT:
        operation = Operation::FMin;
        break;
    default:
        operation = Operation::FMax;
        break;
    }
    if (llvm::AtomicRMWInst::isFPOperation(operation)) {
        checkFloat(type);
    } else if (operation != Operation::Xchg) {
        checkInteger(type);
    }
    const bool counts =
        instruction.op() == sv::Op::OpAtomicIIncrement || instruction.op() == sv::Op::OpAtomicIDecrement;
    llvm::Value* amount = counts ? llvm::ConstantInt::get(type, 1) : operand(instruction, 3, type);
    define(instruction, builder_.CreateAtomicRMW(operation, pointer, amount, naturalAlign(type), order, scope));
}

void Importer::atomicCompareExchange(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    checkInteger(type);
    llvm::Value* pointer = atomicPointer(instruction, 0, type);
    const llvm::SyncScope::ID scope = syncScope(literal(instruction, 1));
    const llvm::AtomicOrdering equal = ordering(literal(instruction, 2));
    const llvm::AtomicOrdering unequal = forLoad(ordering(literal(instruction, 3)));
    llvm::Value* value = operand(instruction, 4, type);
    llvm::Value* comparator = operand(instruction, 5, type);
    // A weak exchange may fail without cause and returns the old value only, so the strong one serves both.
    llvm::Value* pair =
        builder_.CreateAtomicCmpXchg(pointer, comparator, value, naturalAlign(type), equal, unequal, scope);
    define(instruction, builder_.CreateExtractValue(pair, 0));
}

void Importer::atomicFlag(const Instruction& instruction) {
    llvm::Type* type = builder_.getInt32Ty();
    llvm::Value* pointer = atomicPointer(instruction, 0, type);
    const llvm::SyncScope::ID scope = syncScope(literal(instruction, 1));
    const llvm::AtomicOrdering order = ordering(literal(instruction, 2));
    if (instruction.op() == sv::Op::OpAtomicFlagTestAndSet) {
        llvm::Value* old = builder_.CreateAtomicRMW(llvm::AtomicRMWInst::Xchg, pointer, builder_.getInt32(1),
                                                    naturalAlign(type), order, scope);
        define(instruction, builder_.CreateICmpNE(old, builder_.getInt32(0)));
        return;
    }
    llvm::StoreInst* clear = builder_.CreateAlignedStore(builder_.getInt32(0), pointer, naturalAlign(type));
    clear->setAtomic(forStore(order), scope);
}

} // namespace halyard::jit
