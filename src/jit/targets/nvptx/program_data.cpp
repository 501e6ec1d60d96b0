#include "jit/targets/nvptx/program_data.h"

#include "jit/kir.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/ReplaceConstant.h>

namespace halyard::jit::nvptx {
namespace {

llvm::GlobalVariable* blockOf(const llvm::Module& module) {
    return const_cast<llvm::Module&>(module).getGlobalVariable(llvm::StringRef(kir::kProgramData));
}

} // namespace

bool usesProgramData(const llvm::Module& module) {
    return blockOf(module) != nullptr;
}

void shareProgramData(llvm::Module& module, llvm::Value* address) {
    llvm::GlobalVariable* block = blockOf(module);
    llvm::convertUsersOfConstantsToInstructions({block});
    llvm::Function* kernel = llvm::cast<llvm::Argument>(address)->getParent();
    llvm::IRBuilder<> at(&kernel->getEntryBlock(), kernel->getEntryBlock().getFirstInsertionPt());
    llvm::Value* pointer = at.CreateIntToPtr(address, block->getType(), "program");
    block->replaceUsesWithIf(pointer, [](const llvm::Use& use) { return llvm::isa<llvm::Instruction>(use.getUser()); });
    block->setName("hyProgramData");
    block->setVisibility(llvm::GlobalValue::DefaultVisibility);
}

} // namespace halyard::jit::nvptx
