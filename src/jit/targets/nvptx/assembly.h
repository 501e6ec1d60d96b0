// PTX instructions that LLVM has no trustworthy form for, as inline assembly.
#pragma once

#include <string>

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>

namespace halyard::jit::nvptx {

// `text` with operands $0, $1...; the result first when `result` is not void. Keeps its place among memory accesses.
inline llvm::CallInst* emitAssembly(llvm::IRBuilderBase& at, llvm::Type* result, const std::string& text,
                                    const std::string& constraints, llvm::ArrayRef<llvm::Value*> operands = {}) {
    llvm::SmallVector<llvm::Type*, 4> types;
    for (llvm::Value* operand : operands) {
        types.push_back(operand->getType());
    }
    auto* type = llvm::FunctionType::get(result, types, false);
    const std::string all = constraints.empty() ? "~{memory}" : constraints + ",~{memory}";
    llvm::CallInst* call =
        at.CreateCall(type, llvm::InlineAsm::get(type, text, all, /*hasSideEffects=*/true), operands);
    call->setDoesNotThrow();
    return call;
}

inline const char* constraintOf(const llvm::Type* type) {
    switch (type->getScalarSizeInBits()) {
    case 16:
        return "h";
    case 64:
        return "l";
    default:
        return "r";
    }
}

} // namespace halyard::jit::nvptx
