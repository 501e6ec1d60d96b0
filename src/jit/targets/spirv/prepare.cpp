#include "jit/targets/spirv/prepare.h"

#include "jit/kir.h"
#include "jit/passes/analyses.h"
#include "jit/passes/optimise.h"
#include "jit/targets/spirv/expand_atomics.h"
#include "jit/targets/spirv/expand_intrinsics.h"
#include "jit/targets/spirv/float_traps.h"
#include "jit/targets/spirv/fuse.h"
#include "jit/targets/spirv/odd_integers.h"
#include "jit/targets/spirv/soften.h"
#include "jit/targets/spirv/split_vectors.h"
#include "jit/targets/spirv/wide_integers.h"

#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Scalar/InferAddressSpaces.h>
#include <llvm/Transforms/Scalar/Reg2Mem.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/FixIrreducible.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LowerMemIntrinsics.h>
#include <llvm/Transforms/Utils/LowerSwitch.h>

namespace halyard::jit::spirv {
namespace {

constexpr uint64_t kArrayBytes = 512; // a GPU keeps them in registers

template <typename T> llvm::SmallVector<T*, 16> allOf(llvm::Function& function) {
    llvm::SmallVector<T*, 16> found;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        if (auto* match = llvm::dyn_cast<T>(&instruction)) {
            found.push_back(match);
        }
    }
    return found;
}

// Copies and fills of memory as loops: a device has no such instruction.
void lowerMemoryIntrinsics(llvm::Function& function, const llvm::TargetTransformInfo& costs) {
    for (auto* call : allOf<llvm::MemIntrinsic>(function)) {
        if (auto* copy = llvm::dyn_cast<llvm::MemCpyInst>(call)) {
            llvm::expandMemCpyAsLoop(copy, costs);
        } else if (auto* move = llvm::dyn_cast<llvm::MemMoveInst>(call)) {
            if (!llvm::expandMemMoveAsLoop(move, costs)) {
                continue;
            }
        } else if (auto* fill = llvm::dyn_cast<llvm::MemSetInst>(call)) {
            llvm::expandMemSetAsLoop(fill);
        }
        call->eraseFromParent();
    }
}

// Private variables get an address space of their own, so that what follows their pointers knows what they are.
void placePrivate(llvm::Function& function) {
    for (auto* variable : allOf<llvm::AllocaInst>(function)) {
        llvm::IRBuilder<> builder(variable->getNextNode());
        llvm::SmallVector<llvm::Use*, 16> uses;
        for (llvm::Use& use : variable->uses()) {
            uses.push_back(&use);
        }
        llvm::Value* own = builder.CreateAddrSpaceCast(variable, builder.getPtrTy(kir::kPrivate));
        llvm::Value* generic = builder.CreateAddrSpaceCast(own, builder.getPtrTy(kir::kGeneric));
        for (llvm::Use* use : uses) {
            use->set(generic);
        }
    }
}

void foldEqualBranches(llvm::Function& function) {
    for (llvm::BasicBlock& block : function) {
        auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
        if (branch != nullptr && branch->isConditional() && branch->getSuccessor(0) == branch->getSuccessor(1)) {
            llvm::BasicBlock* target = branch->getSuccessor(0);
            target->removePredecessor(&block, true);
            llvm::BranchInst::Create(target, branch->getIterator());
            branch->eraseFromParent();
        }
    }
}

} // namespace

void prepare(llvm::Module& module, llvm::Function& kernel, llvm::TargetMachine& machine) {
    simplify(module, machine, kArrayBytes);
    optimise(module, machine);
    Analyses analyses(&machine);
    lowerMemoryIntrinsics(kernel, analyses.functions.getResult<llvm::TargetIRAnalysis>(kernel));
    llvm::removeUnreachableBlocks(kernel);
    splitVectors(kernel);
    fuseProducts(kernel);
    avoidFoldedZeros(kernel);
    placePrivate(kernel);
    analyses.functions.clear();
    llvm::FunctionPassManager spaces;
    spaces.addPass(llvm::InferAddressSpacesPass(kir::kGeneric));
    spaces.run(kernel, analyses.functions);
    expandAtomics(kernel);
    expandFloats(kernel);
    expandIntrinsics(kernel);
}

void separateBlocks(llvm::Function& kernel) {
    Analyses analyses(nullptr);
    llvm::FunctionPassManager flow;
    flow.addPass(llvm::LowerSwitchPass());
    flow.run(kernel, analyses.functions);
    llvm::removeUnreachableBlocks(kernel);
    // fix-irreducible miscompiles a branch whose two targets are one (llvm-project#191979).
    foldEqualBranches(kernel);
    widenOddIntegers(kernel);
    analyses.functions.clear();
    llvm::FunctionPassManager rest;
    rest.addPass(llvm::FixIrreduciblePass());
    rest.addPass(llvm::RegToMemPass());
    rest.run(kernel, analyses.functions);
    foldEqualBranches(kernel);
    splitWideIntegers(kernel);
}

} // namespace halyard::jit::spirv
