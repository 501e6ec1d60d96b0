#include "jit/targets/nvptx/synchronisation.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/nvptx/assembly.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {
namespace {

// SPIR-V's memory semantics (3.25).
constexpr uint32_t kOrders = 0x1e;
constexpr uint32_t kSequentiallyConsistent = 0x10;

uint32_t constantOperand(const llvm::CallInst& call, unsigned index) {
    return static_cast<uint32_t>(llvm::cast<llvm::ConstantInt>(call.getArgOperand(index))->getZExtValue());
}

const char* scopeName(uint32_t scope) {
    return scope == kir::kScopeIdCrossDevice ? "sys" : scope == kir::kScopeIdDevice ? "gpu" : "cta";
}

void emitFence(llvm::IRBuilderBase& at, uint32_t scope, uint32_t semantics) {
    const bool strong = (semantics & kSequentiallyConsistent) != 0;
    emitAssembly(at, at.getVoidTy(), std::string(strong ? "fence.sc." : "fence.acq_rel.") + scopeName(scope) + ";", "");
}

void emitGroupBarrier(llvm::IRBuilderBase& at) {
    at.CreateIntrinsic(llvm::Intrinsic::nvvm_barrier_cta_sync_aligned_all, {at.getInt32(0)});
}

// void (i64 barrier): invocation 0 of each workgroup arrives; the last of the grid opens the next generation, which the
// others wait for. Bounded by nothing: all workgroups of a cooperative launch run at once, and a reset ends the kernel.
llvm::Function* gridBarrier(llvm::Module& module) {
    constexpr const char* kName = "hy_grid_barrier";
    if (llvm::Function* existing = module.getFunction(kName)) {
        return existing;
    }
    llvm::LLVMContext& context = module.getContext();
    llvm::Type* none = llvm::Type::getVoidTy(context);
    llvm::Type* word = llvm::Type::getInt32Ty(context);
    llvm::Type* address = llvm::Type::getInt64Ty(context);
    auto* function = llvm::Function::Create(llvm::FunctionType::get(none, {address}, false),
                                            llvm::GlobalValue::InternalLinkage, kName, module);
    function->setConvergent();
    function->setDoesNotThrow();
    const auto block = [&](const char* name) { return llvm::BasicBlock::Create(context, name, function); };
    llvm::BasicBlock* entry = block("entry");
    llvm::BasicBlock* arrive = block("arrive");
    llvm::BasicBlock* open = block("open");
    llvm::BasicBlock* wait = block("wait");
    llvm::BasicBlock* leave = block("leave");
    llvm::Value* arrived = function->getArg(0);
    llvm::IRBuilder<> at(entry);
    const auto sreg = [&](llvm::Intrinsic::ID id) { return at.CreateIntrinsic(id, {}); };
    llvm::Value* generation = at.CreateAdd(arrived, at.getInt64(4));
    emitGroupBarrier(at);
    llvm::Value* items = at.CreateOr(
        at.CreateOr(sreg(llvm::Intrinsic::nvvm_read_ptx_sreg_tid_x), sreg(llvm::Intrinsic::nvvm_read_ptx_sreg_tid_y)),
        sreg(llvm::Intrinsic::nvvm_read_ptx_sreg_tid_z));
    at.CreateCondBr(at.CreateICmpEQ(items, at.getInt32(0)), arrive, leave);

    at.SetInsertPoint(arrive);
    llvm::Value* groups = at.CreateMul(at.CreateMul(sreg(llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_x),
                                                    sreg(llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_y)),
                                       sreg(llvm::Intrinsic::nvvm_read_ptx_sreg_nctaid_z));
    llvm::Value* before = emitAssembly(at, word, "ld.relaxed.gpu.global.u32 $0, [$1];", "=r,l", {generation});
    emitAssembly(at, none, "fence.acq_rel.gpu;", "");
    llvm::Value* earlier = emitAssembly(at, word, "atom.acq_rel.gpu.global.add.u32 $0, [$1], 1;", "=r,l", {arrived});
    at.CreateCondBr(at.CreateICmpEQ(at.CreateAdd(earlier, at.getInt32(1)), groups), open, wait);

    at.SetInsertPoint(open);
    emitAssembly(at, none, "st.relaxed.gpu.global.u32 [$0], 0;", "l", {arrived});
    emitAssembly(at, none, "st.release.gpu.global.u32 [$0], $1;", "l,r",
                 {generation, at.CreateAdd(before, at.getInt32(1))});
    at.CreateBr(leave);

    at.SetInsertPoint(wait);
    llvm::Value* now = emitAssembly(at, word, "ld.acquire.gpu.global.u32 $0, [$1];", "=r,l", {generation});
    at.CreateCondBr(at.CreateICmpEQ(now, before), wait, leave);

    at.SetInsertPoint(leave);
    emitAssembly(at, none, "fence.acq_rel.gpu;", "");
    emitGroupBarrier(at);
    at.CreateRetVoid();
    return function;
}

} // namespace

bool usesGridBarrier(const llvm::Function& kernel) {
    for (const llvm::Instruction& instruction : llvm::instructions(kernel)) {
        const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call != nullptr && builtinOf(*call) == Builtin::Barrier &&
            constantOperand(*call, 0) <= kir::kScopeIdDevice) {
            return true;
        }
    }
    return false;
}

void lowerSynchronisation(llvm::Function& kernel, llvm::Value* grid) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        const Builtin builtin = call != nullptr ? builtinOf(*call) : Builtin::None;
        if (builtin != Builtin::Barrier && builtin != Builtin::Fence) {
            continue;
        }
        llvm::IRBuilder<> at(call);
        if (builtin == Builtin::Fence) {
            if ((constantOperand(*call, 1) & kOrders) != 0) {
                emitFence(at, constantOperand(*call, 0), constantOperand(*call, 1));
            }
        } else if (constantOperand(*call, 0) <= kir::kScopeIdDevice) {
            // The barrier itself orders memory among the device, by acquiring and releasing.
            const uint32_t semantics = constantOperand(*call, 2);
            const bool stronger =
                (semantics & kOrders) != 0 &&
                (constantOperand(*call, 1) == kir::kScopeIdCrossDevice || (semantics & kSequentiallyConsistent) != 0);
            const auto fence = [&] {
                if (stronger) {
                    emitFence(at, constantOperand(*call, 1), semantics);
                }
            };
            fence();
            at.CreateCall(gridBarrier(*kernel.getParent()), {grid})->setConvergent();
            fence();
        } else {
            // bar.sync orders all memory among the workgroup. What is to be seen further away needs a fence on both
            // sides.
            const uint32_t memory = constantOperand(*call, 1);
            const bool far = memory <= kir::kScopeIdDevice && constantOperand(*call, 2) != 0;
            if (far) {
                emitFence(at, memory, constantOperand(*call, 2));
            }
            emitGroupBarrier(at);
            if (far) {
                emitFence(at, memory, constantOperand(*call, 2));
            }
        }
        call->eraseFromParent();
    }
}

} // namespace halyard::jit::nvptx
