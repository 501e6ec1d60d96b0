#include "jit/targets/nvptx/entry.h"

#include "jit/kir.h"
#include "jit/ptx_kernel_abi.h"
#include "jit/targets/nvptx/local_memory.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {
namespace {

using llvm::Value;

bool isBlockPointer(const Value& value) {
    return value.getType()->isPointerTy() && value.getType()->getPointerAddressSpace() == kir::kConstant;
}

// Gives all pointers into the argument block the address space 0: the block's of KIR has a number that is another
// space's in PTX. REQUIRES: no argument has that space any more. Returns a user that cannot be changed so, or null.
const llvm::User* retype(llvm::Function& function) {
    auto* generic = llvm::PointerType::get(function.getContext(), 0);
    llvm::SmallVector<llvm::Instruction*, 16> changed;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        for (llvm::Use& use : instruction.operands()) {
            if (isBlockPointer(*use) && !llvm::isa<llvm::Instruction>(use)) {
                if (llvm::isa<llvm::PoisonValue>(use)) {
                    use = llvm::PoisonValue::get(generic);
                } else if (llvm::isa<llvm::UndefValue>(use)) {
                    use = llvm::UndefValue::get(generic);
                } else if (llvm::isa<llvm::ConstantPointerNull>(use)) {
                    use = llvm::ConstantPointerNull::get(generic);
                } else {
                    return &instruction;
                }
            }
        }
        const bool keepsForm =
            llvm::isa<llvm::GetElementPtrInst, llvm::SelectInst, llvm::PHINode, llvm::FreezeInst>(instruction);
        if (isBlockPointer(instruction) && !keepsForm) {
            return &instruction;
        }
        if (isBlockPointer(instruction)) {
            changed.push_back(&instruction);
        }
    }
    for (llvm::Instruction* instruction : changed) {
        instruction->mutateType(generic);
    }
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
        if (auto* cast = llvm::dyn_cast<llvm::AddrSpaceCastInst>(&instruction);
            cast != nullptr && cast->getSrcTy() == cast->getDestTy()) {
            cast->replaceAllUsesWith(cast->getOperand(0));
            cast->eraseFromParent();
        } else if (auto* transfer = llvm::dyn_cast<llvm::MemTransferInst>(&instruction)) {
            transfer->setCalledFunction(llvm::Intrinsic::getOrInsertDeclaration(
                function.getParent(), transfer->getIntrinsicID(),
                {transfer->getRawDest()->getType(), transfer->getRawSource()->getType(),
                 transfer->getLength()->getType()}));
        } else if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
                   call != nullptr && !call->isInlineAsm()) {
            for (unsigned i = 0; i < call->arg_size(); ++i) {
                if (call->getArgOperand(i)->getType() != call->getFunctionType()->getParamType(i)) {
                    return call;
                }
            }
        }
    }
    return nullptr;
}

// Where each workgroup parameter's block begins, from the byte counts before it and the `used` bytes in front of all.
class LocalBlocks {
public:
    LocalBlocks(llvm::Module& module, uint64_t used)
        : module_(module), used_(llvm::ConstantInt::get(llvm::Type::getInt32Ty(module.getContext()), used)) {}
    Value* next(llvm::IRBuilder<>& at, Value* bytes) {
        Value* begin = at.CreateGEP(at.getInt8Ty(), &dynamicLocal(module_), used_);
        Value* count = at.CreateTrunc(bytes, at.getInt32Ty());
        Value* rounded = at.CreateAnd(at.CreateAdd(count, at.getInt32(HY_PTX_LOCAL_ALIGNMENT - 1)),
                                      at.getInt32(~(HY_PTX_LOCAL_ALIGNMENT - 1)));
        used_ = at.CreateAdd(used_, rounded);
        return begin;
    }

private:
    llvm::Module& module_;
    Value* used_;
};

bool isAggregate(const llvm::Argument& argument) {
    return argument.hasByRefAttr() || argument.hasByValAttr();
}

} // namespace

std::string entryName(const std::string& kernel) {
    std::string name;
    for (const char c : kernel) {
        const bool legal =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$';
        name += legal ? c : '_';
    }
    const bool plain = !name.empty() && !(name[0] >= '0' && name[0] <= '9') && name != "_" && name != "$";
    return plain ? name : "hy_" + name;
}

spv::Result<Entry> makeEntry(llvm::Module& module, llvm::Function& kernel, const spv::KernelInfo& info,
                             const Hidden& hidden, uint64_t movedLocalBytes) {
    llvm::LLVMContext& context = module.getContext();
    llvm::Type* word = llvm::Type::getInt64Ty(context);
    llvm::Type* generic = llvm::PointerType::get(context, 0);
    llvm::SmallVector<llvm::Type*, 16> types;
    for (const llvm::Argument& argument : kernel.args()) {
        const bool local =
            argument.getType()->isPointerTy() && argument.getType()->getPointerAddressSpace() == kir::kWorkgroup;
        types.push_back(isAggregate(argument) ? generic : local ? word : argument.getType());
    }
    for (const bool present : {hidden.print, hidden.program, hidden.grid}) {
        if (present) {
            types.push_back(word);
        }
    }
    kernel.setName("");
    auto* function = llvm::Function::Create(llvm::FunctionType::get(llvm::Type::getVoidTy(context), types, false),
                                            llvm::GlobalValue::ExternalLinkage, entryName(info.name), module);
    function->setCallingConv(llvm::CallingConv::PTX_Kernel);
    function->setAttributes(llvm::AttributeList::get(context, kernel.getAttributes().getFnAttrs(), {}, {}));
    function->splice(function->begin(), &kernel);
    llvm::IRBuilder<> at(&function->getEntryBlock(), function->getEntryBlock().getFirstInsertionPt());
    LocalBlocks blocks(module, movedLocalBytes);
    for (llvm::Argument& argument : kernel.args()) {
        llvm::Argument* parameter = function->getArg(argument.getArgNo());
        parameter->setName(argument.getName());
        if (isAggregate(argument)) {
            llvm::Type* type = argument.getPointeeInMemoryValueType();
            llvm::AttrBuilder attributes(context);
            attributes.addByValAttr(type);
            attributes.addAlignmentAttr(argument.getParamAlign().valueOrOne());
            attributes.addAttribute(llvm::Attribute::NoAlias);
            attributes.addAttribute(llvm::Attribute::ReadOnly);
            parameter->addAttrs(attributes);
            argument.mutateType(generic);
            argument.replaceAllUsesWith(parameter);
        } else if (parameter->getType() != argument.getType()) {
            argument.replaceAllUsesWith(blocks.next(at, parameter));
        } else {
            argument.replaceAllUsesWith(parameter);
            llvm::AttrBuilder attributes(context, kernel.getAttributes().getParamAttrs(argument.getArgNo()));
            parameter->addAttrs(attributes);
        }
    }
    if (const llvm::User* problem = retype(*function)) {
        std::string text;
        llvm::raw_string_ostream stream(text);
        problem->print(stream);
        return spv::Error{HY_ERROR_INTERNAL,
                          "a by-value argument is used in a way that the target nvptx does not know: " + text,
                          "please report this with the kernel"};
    }
    Entry entry;
    entry.function = function;
    auto next = static_cast<unsigned>(kernel.arg_size());
    for (const auto& [present, place] :
         {std::pair(hidden.print, &entry.print), std::pair(hidden.program, &entry.program),
          std::pair(hidden.grid, &entry.grid)}) {
        if (present) {
            *place = function->getArg(next++);
        }
    }
    kernel.eraseFromParent();
    return entry;
}

} // namespace halyard::jit::nvptx
