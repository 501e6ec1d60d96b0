#include "jit/targets/nvptx/legality.h"

#include <llvm/ADT/STLExtras.h>
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

namespace Intrinsic = llvm::Intrinsic;

// What the code generator makes PTX of, on every processor. The rest it may make a call of a function that a device
// has not, or nothing at all and abort.
constexpr Intrinsic::ID kKnown[] = {
    // Numbers.
    Intrinsic::sqrt, Intrinsic::fma, Intrinsic::fmuladd, Intrinsic::fabs, Intrinsic::copysign, Intrinsic::minnum,
    Intrinsic::maxnum, Intrinsic::minimum, Intrinsic::maximum, Intrinsic::minimumnum, Intrinsic::maximumnum,
    Intrinsic::floor, Intrinsic::ceil, Intrinsic::trunc, Intrinsic::rint, Intrinsic::nearbyint, Intrinsic::roundeven,
    Intrinsic::round, Intrinsic::fptosi_sat, Intrinsic::fptoui_sat, Intrinsic::is_fpclass, Intrinsic::canonicalize,
    Intrinsic::abs, Intrinsic::smin, Intrinsic::smax, Intrinsic::umin, Intrinsic::umax, Intrinsic::scmp,
    Intrinsic::ucmp, Intrinsic::ctpop, Intrinsic::ctlz, Intrinsic::cttz, Intrinsic::bswap, Intrinsic::bitreverse,
    Intrinsic::fshl, Intrinsic::fshr, Intrinsic::sadd_sat, Intrinsic::uadd_sat, Intrinsic::ssub_sat,
    Intrinsic::usub_sat, Intrinsic::sshl_sat, Intrinsic::ushl_sat, Intrinsic::sadd_with_overflow,
    Intrinsic::uadd_with_overflow, Intrinsic::ssub_with_overflow, Intrinsic::usub_with_overflow,
    Intrinsic::smul_with_overflow, Intrinsic::umul_with_overflow, Intrinsic::vector_reduce_add,
    Intrinsic::vector_reduce_mul, Intrinsic::vector_reduce_and, Intrinsic::vector_reduce_or,
    Intrinsic::vector_reduce_xor, Intrinsic::vector_reduce_smin, Intrinsic::vector_reduce_smax,
    Intrinsic::vector_reduce_umin, Intrinsic::vector_reduce_umax, Intrinsic::vector_reduce_fadd,
    Intrinsic::vector_reduce_fmul, Intrinsic::vector_reduce_fmin, Intrinsic::vector_reduce_fmax,
    Intrinsic::arithmetic_fence,
    // Memory.
    Intrinsic::memcpy, Intrinsic::memcpy_inline, Intrinsic::memmove, Intrinsic::memset, Intrinsic::memset_inline,
    Intrinsic::ptrmask,
    // What only tells the compiler something.
    Intrinsic::lifetime_start, Intrinsic::lifetime_end, Intrinsic::invariant_start, Intrinsic::invariant_end,
    Intrinsic::assume, Intrinsic::expect, Intrinsic::experimental_noalias_scope_decl, Intrinsic::sideeffect,
    Intrinsic::donothing, Intrinsic::trap, Intrinsic::ubsantrap, Intrinsic::objectsize, Intrinsic::is_constant};

bool isKnown(const llvm::Function& intrinsic) {
    // Those of the target itself are what this target's own passes wrote, and the optimiser of them.
    return intrinsic.getName().starts_with("llvm.nvvm.") || llvm::is_contained(kKnown, intrinsic.getIntrinsicID());
}

bool isWide(const llvm::Type* type) {
    return type->isIntOrIntVectorTy() && type->getScalarSizeInBits() > 64;
}

// Types whose arithmetic would be calls of a library.
bool isLongFloat(const llvm::Type* type) {
    return type->isFPOrFPVectorTy() && type->getScalarSizeInBits() > 64;
}

std::string problemOf(const Instruction& instruction) {
    const bool wide = isWide(instruction.getType());
    switch (instruction.getOpcode()) {
    case Instruction::UDiv:
    case Instruction::SDiv:
    case Instruction::URem:
    case Instruction::SRem:
        if (wide) {
            return "a division of more than 64 bits";
        }
        break;
    case Instruction::FPToSI:
    case Instruction::FPToUI:
    case Instruction::SIToFP:
    case Instruction::UIToFP:
        if (wide || isWide(instruction.getOperand(0)->getType())) {
            return "a conversion between floating point and more than 64 bits";
        }
        break;
    case Instruction::VAArg:
        return "a variable argument list";
    case Instruction::FRem: // the code generator's own is not exact
        return "the remainder of floating-point numbers as an instruction";
    default:
        break;
    }
    if (isLongFloat(instruction.getType()) ||
        llvm::any_of(instruction.operands(), [](const llvm::Use& use) { return isLongFloat(use->getType()); })) {
        return "floating-point numbers of more than 64 bits";
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
            const bool library = isWide(call->getType()) && callee->getIntrinsicID() == Intrinsic::smul_with_overflow;
            return isKnown(*callee) && !library ? "" : "the operation '" + callee->getName().str() + "'";
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
