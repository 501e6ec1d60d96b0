#include "jit/targets/nvptx/collectives.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/collective.h"
#include "jit/targets/nvptx/matrix.h"
#include "jit/targets/nvptx/subgroup_code.h"
#include "jit/targets/nvptx/warp_masks.h"
#include "jit/targets/nvptx/workgroup_code.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::CallInst;

bool isSubgroupBarrier(const CallInst& call) {
    return builtinOf(call) == Builtin::Barrier &&
           llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getZExtValue() >= kir::kScopeIdSubgroup;
}

// Uniformity would take these for the same in all invocations.
bool readsSpecialRegister(const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<CallInst>(&instruction);
    const llvm::Function* callee = call != nullptr ? call->getCalledFunction() : nullptr;
    return callee != nullptr && callee->getName().starts_with("llvm.nvvm.read.ptx.sreg.");
}

// bar.warp.sync orders memory among those of its mask; a fence is needed for what reaches further.
void lowerBarrier(CallInst& call, const WarpMask& mask) {
    llvm::IRBuilder<> at(&call);
    const uint64_t scope = llvm::cast<llvm::ConstantInt>(call.getArgOperand(1))->getZExtValue();
    const uint64_t semantics = llvm::cast<llvm::ConstantInt>(call.getArgOperand(2))->getZExtValue();
    const auto fence = [&] {
        if (scope < kir::kScopeIdSubgroup && semantics != 0) {
            llvm::Type* word = at.getInt32Ty();
            llvm::FunctionCallee callee = call.getModule()->getOrInsertFunction(
                llvm::StringRef(kir::kFence), llvm::FunctionType::get(at.getVoidTy(), {word, word}, false));
            at.CreateCall(callee, {call.getArgOperand(1), call.getArgOperand(2)});
        }
    };
    fence();
    at.CreateIntrinsic(llvm::Intrinsic::nvvm_bar_warp_sync, {mask.bits});
    fence();
}

spv::Error unknown(const spv::KernelInfo& info, const CallInst& call) {
    const llvm::Function* callee = call.getCalledFunction();
    return {HY_ERROR_UNSUPPORTED_SPIRV,
            "kernel '" + info.name + "' has the group operation '" +
                (callee != nullptr ? callee->getName().str() : std::string("?")) + "', which this target does not know",
            "report it with the module"};
}

struct Found {
    std::vector<CallInst*> calls; // that need a mask
    std::vector<CallInst*> markers;
    bool readsRegisters = false;
};

spv::Status find(llvm::Function& kernel, const spv::KernelInfo& info, Found& found) {
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        found.readsRegisters = found.readsRegisters || readsSpecialRegister(instruction);
        auto* call = llvm::dyn_cast<CallInst>(&instruction);
        const Builtin builtin = call != nullptr ? builtinOf(*call) : Builtin::None;
        if (builtin == Builtin::RegionBegin || builtin == Builtin::RegionEnd) {
            found.markers.push_back(call);
        } else if (builtin == Builtin::Collective) {
            const auto what = collectiveOf(*call);
            if (!what) {
                return unknown(info, *call);
            }
            if (what->kind != CollectiveKind::MatrixMulAdd) {
                found.calls.push_back(call);
            }
        } else if (builtin == Builtin::Barrier && isSubgroupBarrier(*call)) {
            found.calls.push_back(call);
        }
    }
    return spv::Unit{};
}

} // namespace

spv::Status lowerCollectives(llvm::Module& module, llvm::Function& kernel, const spv::KernelInfo& info,
                             const std::array<uint32_t, 3>& workgroupSize, uint32_t sm, uint32_t ptx) {
    Found found;
    if (spv::Status status = find(kernel, info, found); !status) {
        return status;
    }
    if (!found.calls.empty()) {
        if (found.readsRegisters) {
            return spv::Error{HY_ERROR_INTERNAL,
                              "kernel '" + info.name + "': its ids are lowered before its group operations", ""};
        }
        prepareForWarpMasks(kernel, found.calls);
        found = {};
        if (spv::Status status = find(kernel, info, found); !status) {
            return status;
        }
    }
    const auto masks = computeWarpMasks(kernel, found.calls, workgroupSize);
    if (!masks) {
        return masks.error();
    }
    for (CallInst* marker : found.markers) {
        marker->eraseFromParent();
    }
    for (CallInst* call : found.calls) {
        const WarpMask mask = masks->lookup(call);
        if (isSubgroupBarrier(*call)) {
            lowerBarrier(*call, mask);
        } else {
            const Collective what = *collectiveOf(*call);
            llvm::IRBuilder<> at(call);
            call->replaceAllUsesWith(what.workgroup ? emitWorkgroup(what, *call, mask, workgroupSize, sm)
                                                    : emitSubgroup(at, what, *call, mask, sm));
        }
        call->eraseFromParent();
    }
    return lowerMatrices(module, kernel, info, workgroupSize, sm, ptx);
}

} // namespace halyard::jit::nvptx
