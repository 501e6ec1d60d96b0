#include "jit/targets/nvptx/program_data.h"

#include "jit/kir.h"

#include <vector>

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/ReplaceConstant.h>

namespace halyard::jit::nvptx {
namespace {

llvm::GlobalVariable* blockOf(const llvm::Module& module) {
    return const_cast<llvm::Module&>(module).getGlobalVariable(llvm::StringRef(kir::kProgramData));
}

// The initial bytes without the addresses of the block itself, which are listed instead.
class SelfPointers {
public:
    SelfPointers(const llvm::GlobalVariable& block, const llvm::DataLayout& data) : block_(block), data_(data) {}

    llvm::Constant* remove(llvm::Constant* value, uint64_t at) {
        llvm::APInt offset(64, 0);
        if (value->getType()->isPointerTy() &&
            value->stripAndAccumulateConstantOffsets(data_, offset, /*AllowNonInbounds=*/true) == &block_) {
            words_.push_back(at);
            words_.push_back(offset.getZExtValue());
            return llvm::ConstantPointerNull::get(llvm::cast<llvm::PointerType>(value->getType()));
        }
        if (!llvm::isa<llvm::ConstantStruct, llvm::ConstantArray>(value)) {
            return value;
        }
        std::vector<llvm::Constant*> parts;
        auto* type = llvm::dyn_cast<llvm::StructType>(value->getType());
        for (unsigned i = 0; i < value->getNumOperands(); ++i) {
            auto* part = llvm::cast<llvm::Constant>(value->getOperand(i));
            const uint64_t within = type != nullptr ? data_.getStructLayout(type)->getElementOffset(i).getFixedValue()
                                                    : i * data_.getTypeAllocSize(part->getType()).getFixedValue();
            parts.push_back(remove(part, at + within));
        }
        return type != nullptr ? llvm::ConstantStruct::get(type, parts)
                               : llvm::ConstantArray::get(llvm::cast<llvm::ArrayType>(value->getType()), parts);
    }
    const std::vector<uint64_t>& words() const { return words_; }

private:
    const llvm::GlobalVariable& block_;
    const llvm::DataLayout& data_;
    std::vector<uint64_t> words_;
};

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
    SelfPointers pointers(*block, module.getDataLayout());
    block->setInitializer(pointers.remove(block->getInitializer(), 0));
    if (!pointers.words().empty()) {
        llvm::Constant* list = llvm::ConstantDataArray::get(module.getContext(), pointers.words());
        auto* table =
            new llvm::GlobalVariable(module, list->getType(), true, llvm::GlobalValue::ExternalLinkage, list,
                                     "hyProgramPointers", nullptr, llvm::GlobalValue::NotThreadLocal, kir::kGlobal);
        table->setAlignment(llvm::Align(8));
    }
    block->setName("hyProgramData");
    block->setVisibility(llvm::GlobalValue::DefaultVisibility);
}

} // namespace halyard::jit::nvptx
