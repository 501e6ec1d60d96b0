#include "jit/targets/host/legality.h"

#include "jit/passes/builtin.h"
#include "jit/passes/collective.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>
#include <llvm/Support/raw_ostream.h>

namespace halyard::jit::host {

using llvm::Instruction;

namespace {

constexpr uint64_t kMaxPrivateAlignment = 128; // what the scratch area offers: 16 components of 8 bytes

std::string print(const llvm::Type& type) {
    std::string text;
    llvm::raw_string_ostream(text) << type;
    return text;
}

std::string checkAtomic(const llvm::DataLayout& data, const llvm::Type& type, llvm::Align align) {
    const uint64_t bits = data.getTypeSizeInBits(const_cast<llvm::Type*>(&type));
    if (type.isVectorTy() || !llvm::isPowerOf2_64(bits) || bits < 8 || bits > 64) {
        return "an atomic operation on " + print(type);
    }
    return align.value() * 8 < bits ? "a misaligned atomic operation on " + print(type) : "";
}

std::string check(const Instruction& instruction) {
    const llvm::DataLayout& data = instruction.getModule()->getDataLayout();
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        if (call->isInlineAsm()) {
            return "inline assembly";
        }
        const llvm::Function* callee = call->getCalledFunction();
        if (callee == nullptr) {
            return "an indirect call";
        }
        const Builtin builtin = builtinOf(*call);
        if (builtin == Builtin::Collective && collectiveOf(*call)) {
            return "";
        }
        if (builtin == Builtin::Collective) {
            return "the operation '" + callee->getName().str() + "'";
        }
        if (callee->isIntrinsic() || (builtin != Builtin::None && builtin != Builtin::Other)) {
            return "";
        }
        return "the operation '" + callee->getName().str() + "'";
    }
    if (const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(&instruction)) {
        if (!variable->isStaticAlloca() || variable->getAlign() > kMaxPrivateAlignment) {
            return "a private variable of dynamic size or of an alignment above 128";
        }
        return "";
    }
    if (const auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        return load->isAtomic() ? checkAtomic(data, *load->getType(), load->getAlign()) : "";
    }
    if (const auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        return store->isAtomic() ? checkAtomic(data, *store->getValueOperand()->getType(), store->getAlign()) : "";
    }
    if (const auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        return checkAtomic(data, *rmw->getType(), rmw->getAlign());
    }
    if (const auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
        return checkAtomic(data, *exchange->getNewValOperand()->getType(), exchange->getAlign());
    }
    if (instruction.isTerminator() &&
        !llvm::isa<llvm::BranchInst, llvm::SwitchInst, llvm::ReturnInst, llvm::UnreachableInst>(instruction)) {
        return std::string("the control flow instruction '") + instruction.getOpcodeName() + "'";
    }
    return "";
}

} // namespace

spv::Status checkLegality(const llvm::Function& kernel) {
    for (const Instruction& instruction : llvm::instructions(kernel)) {
        const std::string problem = check(instruction);
        if (!problem.empty()) {
            return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                              "kernel '" + kernel.getName().str() + "' uses " + problem +
                                  ", which the host target does not support",
                              ""};
        }
    }
    return spv::Unit{};
}

} // namespace halyard::jit::host
