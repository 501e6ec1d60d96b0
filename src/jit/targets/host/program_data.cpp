#include "jit/targets/host/program_data.h"

#include "jit/kir.h"

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/ReplaceConstant.h>

namespace halyard::jit::host {

void shareProgramData(llvm::Module& module) {
    llvm::GlobalVariable* block = module.getGlobalVariable(llvm::StringRef(kir::kProgramData));
    if (block == nullptr) {
        return;
    }
    block->setVisibility(llvm::GlobalValue::HiddenVisibility);
    llvm::convertUsersOfConstantsToInstructions({block});
    llvm::SmallVector<llvm::Use*, 16> uses;
    for (llvm::Use& use : block->uses()) {
        if (llvm::isa<llvm::Instruction>(use.getUser())) {
            uses.push_back(&use);
        }
    }
    llvm::LLVMContext& context = module.getContext();
    llvm::Type* pointer = llvm::PointerType::get(context, 0);
    llvm::Type* word = llvm::Type::getInt64Ty(context);
    auto* type = llvm::StructType::get(context, {pointer, word}); // HyHostProgram
    const uint64_t bytes = module.getDataLayout().getTypeAllocSize(block->getValueType());
    llvm::Constant* initial = llvm::ConstantStruct::get(
        type, {llvm::ConstantExpr::getAddrSpaceCast(block, pointer), llvm::ConstantInt::get(word, bytes)});
    auto* place =
        new llvm::GlobalVariable(module, type, false, llvm::GlobalValue::ExternalLinkage, initial, "hyHostProgram");
    llvm::DenseMap<llvm::Function*, llvm::Value*> addresses;
    for (llvm::Use* use : uses) {
        llvm::Function* function = llvm::cast<llvm::Instruction>(use->getUser())->getFunction();
        llvm::Value*& address = addresses[function];
        if (address == nullptr) {
            llvm::IRBuilder<> at(&function->getEntryBlock(), function->getEntryBlock().getFirstInsertionPt());
            auto* load = at.CreateLoad(pointer, at.CreateStructGEP(type, place, 0), "program");
            load->setMetadata(llvm::LLVMContext::MD_invariant_load, llvm::MDNode::get(context, {}));
            load->setMetadata(llvm::LLVMContext::MD_nonnull, llvm::MDNode::get(context, {}));
            address = at.CreateAddrSpaceCast(load, block->getType());
        }
        use->set(address);
    }
}

} // namespace halyard::jit::host
