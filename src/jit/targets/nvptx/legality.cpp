#include "jit/targets/nvptx/legality.h"

#include "jit/passes/builtin.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

namespace halyard::jit::nvptx {
namespace {

using llvm::Instruction;

template <typename T> std::string print(const T& thing) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    thing.print(stream);
    return text.substr(std::min(text.find_first_not_of(' '), text.size()));
}

// Functions of a C library, which a device has none of.
bool needsLibrary(llvm::Intrinsic::ID id) {
    switch (id) {
    case llvm::Intrinsic::sin:
    case llvm::Intrinsic::cos:
    case llvm::Intrinsic::tan:
    case llvm::Intrinsic::exp:
    case llvm::Intrinsic::exp2:
    case llvm::Intrinsic::exp10:
    case llvm::Intrinsic::log:
    case llvm::Intrinsic::log2:
    case llvm::Intrinsic::log10:
    case llvm::Intrinsic::pow:
    case llvm::Intrinsic::powi:
    case llvm::Intrinsic::ldexp:
    case llvm::Intrinsic::frexp:
        return true;
    default:
        return false;
    }
}

std::string problemOf(const Instruction& instruction) {
    const auto wide = [](const llvm::Type* type) {
        return type->getScalarSizeInBits() > 64 && type->isIntOrIntVectorTy();
    };
    if (wide(instruction.getType())) {
        switch (instruction.getOpcode()) {
        case Instruction::UDiv:
        case Instruction::SDiv:
        case Instruction::URem:
        case Instruction::SRem:
            return "a division of more than 64 bits";
        default:
            break;
        }
    }
    if (instruction.isAtomic()) {
        return "the atomic operation '" + print(instruction) + "'";
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        if (call->isInlineAsm()) {
            return "";
        }
        const llvm::Function* callee = call->getCalledFunction();
        if (callee == nullptr) {
            return "an indirect call";
        }
        if (callee->isIntrinsic()) {
            return needsLibrary(callee->getIntrinsicID()) ? "the operation '" + callee->getName().str() + "'" : "";
        }
        return callee->isDeclaration() ? "the operation '" + callee->getName().str() + "'" : "";
    }
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction);
        variable != nullptr && !variable->isStaticAlloca()) {
        return "a private variable of dynamic size";
    }
    if (instruction.isTerminator() &&
        !llvm::isa<llvm::BranchInst, llvm::SwitchInst, llvm::ReturnInst, llvm::UnreachableInst>(instruction)) {
        return std::string("the control flow instruction '") + instruction.getOpcodeName() + "'";
    }
    return "";
}

} // namespace

spv::Status checkLegality(const llvm::Module& module, const spv::KernelInfo& info) {
    for (const llvm::Function& function : module) {
        for (const Instruction& instruction : llvm::instructions(function)) {
            const std::string problem = problemOf(instruction);
            if (!problem.empty()) {
                return spv::Error{
                    HY_ERROR_UNSUPPORTED_SPIRV,
                    "kernel '" + info.name + "' uses " + problem + ", which the target nvptx does not support", ""};
            }
        }
    }
    return spv::Unit{};
}

} // namespace halyard::jit::nvptx
