#include "jit/targets/nvptx/print.h"

#include "jit/kir.h"
#include "jit/ptx_kernel_abi.h"
#include "jit/targets/nvptx/assembly.h"

#include <algorithm>
#include <cstddef>

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {
namespace {

using llvm::Value;

// All constant strings, as one array.
llvm::GlobalVariable* collectStrings(llvm::Module& module) {
    llvm::LLVMContext& context = module.getContext();
    std::string all;
    std::vector<std::pair<llvm::GlobalVariable*, uint64_t>> places;
    llvm::Align alignment(8);
    for (llvm::GlobalVariable& variable : module.globals()) {
        if (variable.getAddressSpace() != kir::kGlobal || !variable.isConstant() || !variable.hasInitializer()) {
            continue;
        }
        const auto* type = llvm::dyn_cast<llvm::ArrayType>(variable.getValueType());
        if (type == nullptr || !type->getElementType()->isIntegerTy(8)) {
            continue;
        }
        // Any constant bytes may be read as a string, and as wider types when they are aligned for it.
        const auto* data = llvm::dyn_cast<llvm::ConstantDataSequential>(variable.getInitializer());
        if (data == nullptr && !variable.getInitializer()->isNullValue()) {
            continue;
        }
        const llvm::Align own = variable.getAlign().valueOrOne();
        alignment = std::max(alignment, own);
        all.resize(llvm::alignTo(all.size(), own));
        places.emplace_back(&variable, all.size());
        all += data != nullptr ? data->getRawDataValues().str() : std::string(type->getNumElements(), '\0');
        all += '\0';
    }
    llvm::Constant* bytes = llvm::ConstantDataArray::getString(context, all, false);
    auto* table = new llvm::GlobalVariable(module, bytes->getType(), true, llvm::GlobalValue::ExternalLinkage, bytes,
                                           "hyPrintFormats", nullptr, llvm::GlobalValue::NotThreadLocal, kir::kGlobal);
    table->setAlignment(alignment);
    for (const auto& [variable, offset] : places) {
        variable->replaceAllUsesWith(llvm::ConstantExpr::getGetElementPtr(
            llvm::Type::getInt8Ty(context), table, llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), offset)));
        variable->eraseFromParent();
    }
    return table;
}

// i32 (i64 buffer, i32 format, ptr record, i32 bytes)
llvm::Function* appendFunction(llvm::Module& module) {
    llvm::LLVMContext& context = module.getContext();
    llvm::Type* word = llvm::Type::getInt32Ty(context);
    llvm::Type* address = llvm::Type::getInt64Ty(context);
    llvm::Type* generic = llvm::PointerType::get(context, 0);
    auto* function = llvm::Function::Create(llvm::FunctionType::get(word, {address, word, generic, word}, false),
                                            llvm::GlobalValue::InternalLinkage, "hy_print", module);
    function->addFnAttr(llvm::Attribute::NoInline);
    function->setDoesNotThrow();
    const auto block = [&](const char* name) { return llvm::BasicBlock::Create(context, name, function); };
    llvm::BasicBlock* entry = block("entry");
    llvm::BasicBlock* reserve = block("reserve");
    llvm::BasicBlock* full = block("full");
    llvm::BasicBlock* write = block("write");
    llvm::BasicBlock* none = block("none");
    Value* buffer = function->getArg(0);
    Value* bytes = function->getArg(3);
    llvm::IRBuilder<> at(entry);
    const auto field = [&](size_t offset) { return at.CreateAdd(buffer, at.getInt64(offset)); };
    at.CreateCondBr(at.CreateICmpEQ(buffer, at.getInt64(0)), none, reserve);

    at.SetInsertPoint(reserve);
    Value* padded = at.CreateAnd(at.CreateAdd(bytes, at.getInt32(7)), at.getInt32(~7u));
    Value* wanted = at.CreateAdd(padded, at.getInt32(sizeof(HyPtxPrintRecord)));
    Value* capacity = emitAssembly(at, word, "ld.relaxed.gpu.global.b32 $0, [$1];", "=r,l",
                                   {field(offsetof(HyPtxPrintBuffer, capacity))});
    Value* begin = emitAssembly(at, word, "atom.relaxed.gpu.global.add.u32 $0, [$1], $2;", "=r,l,r",
                                {field(offsetof(HyPtxPrintBuffer, used)), wanted});
    // In 64 bits: what was asked for may pass 32.
    Value* end = at.CreateAdd(at.CreateZExt(begin, address), at.CreateZExt(wanted, address));
    at.CreateCondBr(at.CreateICmpUGT(end, at.CreateZExt(capacity, address)), full, write);

    at.SetInsertPoint(full);
    emitAssembly(at, word, "atom.relaxed.gpu.global.add.u32 $0, [$1], 1;", "=r,l",
                 {field(offsetof(HyPtxPrintBuffer, lost))});
    at.CreateBr(none);

    at.SetInsertPoint(write);
    Value* place = at.CreateIntToPtr(at.CreateAdd(field(sizeof(HyPtxPrintBuffer)), at.CreateZExt(begin, address)),
                                     llvm::PointerType::get(context, kir::kGlobal));
    const auto part = [&](size_t offset) {
        return at.CreateConstGEP1_32(at.getInt8Ty(), place, static_cast<unsigned>(offset));
    };
    at.CreateAlignedStore(at.CreateAdd(bytes, at.getInt32(sizeof(HyPtxPrintRecord))),
                          part(offsetof(HyPtxPrintRecord, bytes)), llvm::Align(4));
    at.CreateAlignedStore(function->getArg(1), part(offsetof(HyPtxPrintRecord, format)), llvm::Align(4));
    at.CreateMemCpy(part(sizeof(HyPtxPrintRecord)), llvm::Align(8), function->getArg(2), llvm::Align(1), bytes);
    at.CreateRet(at.getInt32(0));

    at.SetInsertPoint(none);
    at.CreateRet(at.getInt32(-1));
    return function;
}

// Whatever path the value took, it began in `table`.
bool pointsInto(const llvm::GlobalVariable& table, const Value* pointer) {
    llvm::SmallVector<const Value*, 4> objects;
    llvm::getUnderlyingObjects(pointer, objects, nullptr, 0);
    return llvm::all_of(objects, [&](const Value* object) { return object == &table; });
}

} // namespace

bool prints(const llvm::Module& module) {
    const llvm::Function* print = module.getFunction(llvm::StringRef(kir::kPrintf));
    return print != nullptr && !print->use_empty();
}

spv::Status lowerPrint(llvm::Module& module, llvm::Function& kernel, llvm::Value* buffer, const std::string& name) {
    llvm::GlobalVariable* strings = collectStrings(module);
    llvm::Function* append = appendFunction(module);
    llvm::Function* print = module.getFunction(llvm::StringRef(kir::kPrintf));
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call == nullptr || call->getCalledFunction() != print) {
            continue;
        }
        if (!pointsInto(*strings, call->getArgOperand(0))) {
            return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                              "kernel '" + name +
                                  "' has a printf whose format string is not constant bytes of the module, "
                                  "which the target nvptx does not support",
                              "write the format as a string literal"};
        }
        llvm::IRBuilder<> at(call);
        Value* base = at.CreatePtrToInt(strings, at.getInt64Ty());
        Value* format = at.CreateSub(at.CreatePtrToInt(call->getArgOperand(0), at.getInt64Ty()), base);
        call->replaceAllUsesWith(at.CreateCall(
            append, {buffer, at.CreateTrunc(format, at.getInt32Ty()), call->getArgOperand(1), call->getArgOperand(2)}));
        call->eraseFromParent();
    }
    return spv::Unit{};
}

} // namespace halyard::jit::nvptx
