// Barriers, fences, and the asynchronous copies, which run as a loop of the whole workgroup.
#include "jit/import/importer.h"

namespace halyard::jit {

namespace sv = ::spv;

void Importer::emitBarrier(uint32_t executionScope, uint32_t memoryScope, uint32_t semantics) {
    convergentCall(std::string(kir::kBarrier), builder_.getVoidTy(),
                   {builder_.getInt32(executionScope), builder_.getInt32(memoryScope), builder_.getInt32(semantics)});
}

void Importer::controlBarrier(const Instruction& instruction) {
    const uint64_t execution = constantInteger(literal(instruction, 0));
    if (execution != uint64_t(sv::Scope::Device) && execution != uint64_t(sv::Scope::Workgroup) &&
        execution != uint64_t(sv::Scope::Subgroup)) {
        unsupported("a barrier waits for the grid (scope Device), the workgroup or the subgroup");
    }
    emitBarrier(static_cast<uint32_t>(execution), static_cast<uint32_t>(constantInteger(literal(instruction, 1))),
                static_cast<uint32_t>(constantInteger(literal(instruction, 2))));
}

void Importer::emitFence(uint32_t scope, uint32_t semantics) {
    llvm::Type* word = builder_.getInt32Ty();
    llvm::FunctionCallee fence = module_->getOrInsertFunction(llvm::StringRef(kir::kFence.data(), kir::kFence.size()),
                                                              builder_.getVoidTy(), word, word);
    llvm::cast<llvm::Function>(fence.getCallee())->setDoesNotThrow();
    builder_.CreateCall(fence, {builder_.getInt32(scope), builder_.getInt32(semantics)});
}

void Importer::memoryBarrier(const Instruction& instruction) {
    emitFence(static_cast<uint32_t>(constantInteger(literal(instruction, 0))),
              static_cast<uint32_t>(constantInteger(literal(instruction, 1))));
}

// Every invocation copies the elements whose number is its own plus a multiple of the workgroup's size.
void Importer::asyncCopy(const Instruction& instruction) {
    const Type& element = pointeeOf(instruction, 1);
    check(element.isScalar() || element.kind == TypeKind::Vector, "only scalars and vectors are copied");
    check(pointeeOf(instruction, 2).id == element.id, "source and destination differ in type");
    llvm::Value* destination = pointerOperand(instruction, 1);
    llvm::Value* source = pointerOperand(instruction, 2);
    llvm::Type* wide = builder_.getInt64Ty();
    llvm::Value* count = operand(instruction, 3);
    llvm::Value* stride = operand(instruction, 4);
    check(count->getType()->isIntegerTy() && stride->getType()->isIntegerTy(), "count and stride are integers");
    count = resize(count, wide, false);
    stride = resize(stride, wide, false);
    // The stride belongs to the side in global memory.
    const bool strideOnSource = operandType(instruction, 2).storage == sv::StorageClass::CrossWorkgroup;
    llvm::Value* first = builtinCall(kir::kLocalLinearId, wide);
    llvm::Value* step = builtinComponent(kir::kLocalSize, 0);
    step = builder_.CreateMul(
        step, builder_.CreateMul(builtinComponent(kir::kLocalSize, 1), builtinComponent(kir::kLocalSize, 2)));

    llvm::Function* function = builder_.GetInsertBlock()->getParent();
    llvm::BasicBlock* before = builder_.GetInsertBlock();
    auto* head = llvm::BasicBlock::Create(context_, "", function);
    auto* body = llvm::BasicBlock::Create(context_, "", function);
    auto* after = llvm::BasicBlock::Create(context_, "", function);
    builder_.CreateBr(head);
    builder_.SetInsertPoint(head);
    llvm::PHINode* index = builder_.CreatePHI(wide, 2);
    index->addIncoming(first, before);
    builder_.CreateCondBr(builder_.CreateICmpULT(index, count), body, after);
    builder_.SetInsertPoint(body);
    llvm::Value* strided = builder_.CreateMul(index, stride);
    llvm::Type* unit = bytes(element.layout.size);
    const Access access{false, false, element.layout.alignment};
    llvm::Value* from = builder_.CreateGEP(unit, source, strideOnSource ? strided : index);
    llvm::Value* to = builder_.CreateGEP(unit, destination, strideOnSource ? index : strided);
    storeValue(element, loadValue(element, from, {}, access), to, {}, access);
    index->addIncoming(builder_.CreateAdd(index, step), body);
    builder_.CreateBr(head);
    builder_.SetInsertPoint(after);
    define(instruction, builder_.getInt64(0));
}

void Importer::waitEvents(const Instruction&) {
    constexpr uint32_t kAcquireRelease = 0x8, kWorkgroupMemory = 0x100, kCrossWorkgroupMemory = 0x200;
    emitBarrier(kir::kScopeIdWorkgroup, kir::kScopeIdWorkgroup,
                kAcquireRelease | kWorkgroupMemory | kCrossWorkgroupMemory);
}

} // namespace halyard::jit
