// Generic pointers: asking at run time for the storage class that one points into.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

// The number of KIR's address space, an i32.
llvm::Value* Importer::pointerSpace(llvm::Value* pointer) {
    check(pointer->getType()->isPointerTy(), "the operand is not a pointer");
    llvm::Type* generic = llvm::PointerType::get(context_, kir::kGeneric);
    llvm::FunctionCallee callee = module_->getOrInsertFunction(
        llvm::StringRef(kir::kPointerSpace.data(), kir::kPointerSpace.size()), builder_.getInt32Ty(), generic);
    auto* function = llvm::cast<llvm::Function>(callee.getCallee());
    function->setDoesNotThrow();
    function->setWillReturn();
    function->setDoesNotAccessMemory();
    return builder_.CreateCall(callee, {builder_.CreateAddrSpaceCast(pointer, generic)});
}

// The pointer when it points into `storage`, else null.
llvm::Value* Importer::castToStorage(llvm::Value* pointer, sv::StorageClass storage, llvm::Type* result) {
    uint32_t wanted = 0;
    switch (storage) {
    case sv::StorageClass::CrossWorkgroup:
        wanted = kir::kGlobal;
        break;
    case sv::StorageClass::Workgroup:
        wanted = kir::kWorkgroup;
        break;
    case sv::StorageClass::Function:
        wanted = kir::kPrivate;
        break;
    default:
        invalid("a generic pointer is cast to a storage class that it cannot name");
    }
    check(result->isPointerTy() && result->getPointerAddressSpace() == addressSpace(storage),
          "the result does not point into the storage class");
    llvm::Value* belongs = builder_.CreateICmpEQ(pointerSpace(pointer), builder_.getInt32(wanted));
    return builder_.CreateSelect(belongs, builder_.CreateAddrSpaceCast(pointer, result),
                                 llvm::Constant::getNullValue(result));
}

void Importer::genericCastExplicit(const Instruction& instruction) {
    llvm::Value* pointer = pointerOperand(instruction, 0);
    const Type& result = resultType(instruction);
    check(result.kind == TypeKind::Pointer, "the result is not a pointer");
    setPointerInfo(instruction, {});
    define(instruction,
           castToStorage(pointer, static_cast<sv::StorageClass>(literal(instruction, 1)), result.llvmType));
}

// The bit of the memory semantics that covers what the pointer names: none for private memory, which nobody else sees.
llvm::Value* Importer::pointerSemantics(llvm::Value* pointer, uint32_t workgroup, uint32_t global) {
    llvm::Value* space = pointerSpace(pointer);
    const auto is = [&](uint32_t number) { return builder_.CreateICmpEQ(space, builder_.getInt32(number)); };
    llvm::Value* rest = builder_.CreateSelect(is(kir::kPrivate), builder_.getInt32(0), builder_.getInt32(global));
    return builder_.CreateSelect(is(kir::kWorkgroup), builder_.getInt32(workgroup), rest);
}

void Importer::genericPointerSemantics(const Instruction& instruction) {
    llvm::Type* type = resultType(instruction).llvmType;
    check(type->isIntegerTy(32), "memory semantics are a 32-bit integer");
    define(instruction,
           pointerSemantics(pointerOperand(instruction, 0), uint32_t(sv::MemorySemanticsMask::WorkgroupMemory),
                            uint32_t(sv::MemorySemanticsMask::CrossWorkgroupMemory)));
}

} // namespace halyard::jit
