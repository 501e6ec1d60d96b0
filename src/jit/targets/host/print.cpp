#include "jit/targets/host/print.h"

#include "jit/kir.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::host {

void definePrint(llvm::Module& module) {
    llvm::Function* print = module.getFunction(llvm::StringRef(kir::kPrintf));
    if (print == nullptr || print->use_empty())
        return;
    llvm::LLVMContext& context = module.getContext();
    llvm::Type* pointer = llvm::PointerType::get(context, 0);
    auto* type = llvm::StructType::get(context, {pointer, pointer}); // HyHostPrint
    auto* place = new llvm::GlobalVariable(module, type, false, llvm::GlobalValue::ExternalLinkage,
                                           llvm::Constant::getNullValue(type), "hyHostPrint");
    print->setLinkage(llvm::GlobalValue::InternalLinkage);
    print->addFnAttr(llvm::Attribute::NoInline);
    print->addFnAttr(llvm::Attribute::Cold);

    llvm::IRBuilder<> at(llvm::BasicBlock::Create(context, "entry", print));
    llvm::Value* function = at.CreateLoad(pointer, at.CreateStructGEP(type, place, 0));
    llvm::Value* user = at.CreateLoad(pointer, at.CreateStructGEP(type, place, 1));
    llvm::BasicBlock* call = llvm::BasicBlock::Create(context, "call", print);
    llvm::BasicBlock* none = llvm::BasicBlock::Create(context, "none", print);
    at.CreateCondBr(at.CreateIsNull(function), none, call);
    at.SetInsertPoint(none);
    at.CreateRet(at.getInt32(-1));
    at.SetInsertPoint(call);
    auto* signature = llvm::FunctionType::get(at.getInt32Ty(), {pointer, pointer, pointer, at.getInt32Ty()}, false);
    llvm::Value* format = at.CreateAddrSpaceCast(print->getArg(0), pointer);
    llvm::Value* record = at.CreateAddrSpaceCast(print->getArg(1), pointer);
    at.CreateRet(at.CreateCall(signature, function, {user, format, record, print->getArg(2)}));
}

} // namespace halyard::jit::host
