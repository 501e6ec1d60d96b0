#include "jit/targets/host/local_memory.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Module.h>
#include <llvm/IR/ReplaceConstant.h>
#include <llvm/Transforms/Utils/LowerAtomic.h>

namespace halyard::jit::host {

using llvm::Instruction;

LocalLayout layOutLocalMemory(llvm::Module& module) {
    LocalLayout layout;
    llvm::SmallVector<llvm::Constant*, 8> variables;
    for (llvm::GlobalVariable& variable : module.globals()) {
        if (variable.getAddressSpace() != kir::kWorkgroup || variable.use_empty()) {
            continue;
        }
        const llvm::DataLayout& data = module.getDataLayout();
        const uint64_t align = std::max<uint64_t>(16, data.getPreferredAlign(&variable).value());
        layout.bytes = llvm::alignTo(layout.bytes, align);
        layout.offsets[&variable] = layout.bytes;
        layout.bytes += data.getTypeAllocSize(variable.getValueType());
        variables.push_back(&variable);
    }
    layout.bytes = llvm::alignTo(layout.bytes, 128);
    llvm::convertUsersOfConstantsToInstructions(variables);
    return layout;
}

namespace {

bool isWorkgroupAccess(const llvm::Value& pointer) {
    return pointer.getType()->getPointerAddressSpace() == kir::kWorkgroup;
}

void lowerFence(llvm::CallInst& call) {
    const auto* scope = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
    const auto* semantics = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(1));
    const bool wide = scope == nullptr || scope->getZExtValue() < kir::kScopeIdWorkgroup;
    const bool ordered = semantics == nullptr || (semantics->getZExtValue() & 0x1eu) != 0;
    if (wide && ordered) {
        const bool sequential = semantics == nullptr || (semantics->getZExtValue() & 0x10u) != 0;
        llvm::IRBuilder<>(&call).CreateFence(sequential ? llvm::AtomicOrdering::SequentiallyConsistent
                                                        : llvm::AtomicOrdering::AcquireRelease);
    }
    call.eraseFromParent();
}

void relax(Instruction& instruction) {
    if (auto* rmw = llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
        rmw->setSyncScopeID(llvm::SyncScope::System);
        if (isWorkgroupAccess(*rmw->getPointerOperand())) {
            llvm::lowerAtomicRMWInst(rmw);
        }
    } else if (auto* exchange = llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
        exchange->setSyncScopeID(llvm::SyncScope::System);
        if (isWorkgroupAccess(*exchange->getPointerOperand())) {
            llvm::lowerAtomicCmpXchgInst(exchange);
        }
    } else if (auto* load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
        load->setSyncScopeID(llvm::SyncScope::System);
        if (isWorkgroupAccess(*load->getPointerOperand())) {
            load->setOrdering(llvm::AtomicOrdering::NotAtomic);
        }
    } else if (auto* store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
        store->setSyncScopeID(llvm::SyncScope::System);
        if (isWorkgroupAccess(*store->getPointerOperand())) {
            store->setOrdering(llvm::AtomicOrdering::NotAtomic);
        }
    }
}

} // namespace

void relaxAtomics(llvm::Module& module) {
    for (llvm::Function& function : module) {
        llvm::SmallVector<Instruction*, 16> atomics;
        for (Instruction& instruction : llvm::instructions(function)) {
            if (instruction.isAtomic() || builtinOf(instruction) == Builtin::Fence) {
                atomics.push_back(&instruction);
            }
        }
        for (Instruction* instruction : atomics) {
            if (auto* call = llvm::dyn_cast<llvm::CallInst>(instruction)) {
                lowerFence(*call);
            } else {
                relax(*instruction);
            }
        }
    }
}

} // namespace halyard::jit::host
