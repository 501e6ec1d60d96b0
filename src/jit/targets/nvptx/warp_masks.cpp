#include "jit/targets/nvptx/warp_masks.h"

#include "jit/passes/uniformity.h"
#include "jit/targets/nvptx/block_order.h"
#include "jit/targets/nvptx/meeting_points.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsNVPTX.h>
#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/FixIrreducible.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopUtils.h>
#include <llvm/Transforms/Utils/LowerSwitch.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::BasicBlock;
using llvm::CallInst;
using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

// Two ways at a branch at most, no loop with two entries, one way into a loop and one back.
void normalise(llvm::Function& kernel) {
    llvm::removeUnreachableBlocks(kernel);
    splitAtRegionEnds(kernel);
    llvm::FunctionAnalysisManager analyses;
    llvm::PassBuilder builder;
    builder.registerFunctionAnalyses(analyses);
    llvm::ModuleAnalysisManager modules;
    builder.registerModuleAnalyses(modules);
    llvm::FunctionPassManager passes;
    modules.registerPass([&] { return llvm::FunctionAnalysisManagerModuleProxy(analyses); });
    analyses.registerPass([&] { return llvm::ModuleAnalysisManagerFunctionProxy(modules); });
    passes.addPass(llvm::LowerSwitchPass());
    passes.addPass(llvm::FixIrreduciblePass());
    passes.run(kernel, analyses);
    llvm::removeUnreachableBlocks(kernel);
    llvm::DominatorTree dominators(kernel);
    llvm::LoopInfo loops(dominators);
    for (llvm::Loop* loop : loops.getLoopsInPreorder()) {
        if (loop->getLoopPreheader() == nullptr) {
            llvm::InsertPreheaderForLoop(loop, &dominators, &loops, nullptr, /*PreserveLCSSA=*/false);
        }
        if (loop->getLoopLatch() == nullptr) {
            llvm::SmallVector<BasicBlock*, 4> latches;
            loop->getLoopLatches(latches);
            llvm::SplitBlockPredecessors(loop->getHeader(), latches, ".again", &dominators, &loops);
        }
    }
}

class Masks {
public:
    Masks(llvm::Function& kernel, const std::array<uint32_t, 3>& workgroupSize)
        : kernel_(kernel), dominators_(kernel), postDominators_(kernel), loops_(dominators_),
          uniformity_(kernel, postDominators_, loops_), order_(kernel, dominators_, loops_),
          workgroupSize_(workgroupSize) {}

    bool isValid() const { return order_.isValid(); }

    WarpMask of(BasicBlock* block) {
        if (uniformity_.isUniformlyExecuted(*block)) {
            return existing();
        }
        const auto known = masks_.find(block);
        if (known != masks_.end()) {
            return known->second;
        }
        const WarpMask mask = loops_.isLoopHeader(block) ? ofHeader(block) : ofBlock(block);
        masks_[block] = mask;
        return mask;
    }

    // Leads those that do not come to the blocks that hold a vote there, too; `result` gets the masks as they are then.
    // Nothing may be asked afterwards.
    void vote(llvm::DenseMap<CallInst*, WarpMask>& result) {
        if (votes_.empty()) {
            return;
        }
        std::vector<VotedEdge> edges;
        std::vector<BasicBlock*> blocks;
        for (BasicBlock& block : kernel_) {
            blocks.push_back(&block);
        }
        for (BasicBlock* block : blocks) {
            if (llvm::succ_empty(block)) {
                const std::vector<BasicBlock*> votes = passed(block, nullptr);
                if (!votes.empty()) {
                    edges.push_back({block, llvm::SplitBlock(block, block->getTerminator()), votes});
                }
                continue;
            }
            const llvm::SmallSetVector<BasicBlock*, 2> successors(llvm::succ_begin(block), llvm::succ_end(block));
            for (BasicBlock* next : successors) {
                std::vector<BasicBlock*> votes = passed(block, next);
                if (llvm::is_contained(votes_, next)) {
                    votes.push_back(next);
                }
                if (!votes.empty()) {
                    edges.push_back({block, next, votes});
                }
            }
        }
        std::vector<Vote> votes;
        for (BasicBlock* block : votes_) {
            votes.push_back({block, masks_.lookup(order_.anchor(block)).bits,
                             llvm::cast<llvm::Instruction>(masks_.lookup(block).bits)});
        }
        // Operands of calls are what stays known while values change.
        std::vector<std::pair<CallInst*, CallInst*>> pins;
        for (const auto& [call, mask] : result) {
            llvm::IRBuilder<> at(call);
            pins.emplace_back(call,
                              llvm::cast<CallInst>(at.CreateIntrinsic(Intrinsic::nvvm_bar_warp_sync, {mask.bits})));
        }
        leadThroughVotes(kernel_, edges, votes);
        for (const auto& [call, pin] : pins) {
            result[call].bits = pin->getArgOperand(0);
            pin->eraseFromParent();
        }
    }

private:
    // Those that exist.
    WarpMask existing() {
        if (existing_.bits != nullptr) {
            return existing_;
        }
        BasicBlock& entry = kernel_.getEntryBlock();
        llvm::IRBuilder<> at(&entry, entry.getFirstNonPHIOrDbgOrAlloca());
        const uint64_t items = uint64_t{workgroupSize_[0]} * workgroupSize_[1] * workgroupSize_[2];
        if (items != 0 && items % kWarpSize == 0) {
            existing_ = {at.getInt32(~0u), WarpMask::Kind::Full};
        } else {
            // Who does not exist counts as one that has ended. Computed from ids instead, the mask is right as well,
            // but ptxas 13.0 for sm_90 gives up on shuffles with it ("Register allocation failed").
            Value* bits = Warp(at, {at.getInt32(~0u), WarpMask::Kind::Full}).ballot(at.getTrue());
            existing_ = {bits, WarpMask::Kind::Prefix};
        }
        return existing_;
    }

    bool isUniformBranch(const BasicBlock* block) const {
        const llvm::Instruction* end = block->getTerminator();
        return end->getNumSuccessors() < 2 || uniformity_.isUniform(*end);
    }

    // Those of `mask`, which all reach the end of `from`, that go on to `to`.
    WarpMask onEdge(BasicBlock* from, BasicBlock* to, const WarpMask& mask) {
        auto* branch = llvm::dyn_cast<llvm::BranchInst>(from->getTerminator());
        if (isUniformBranch(from) || branch == nullptr || branch->getSuccessor(0) == branch->getSuccessor(1)) {
            return mask;
        }
        const auto known = edges_.find({from, to});
        if (known != edges_.end()) {
            return {known->second, WarpMask::Kind::Any};
        }
        llvm::IRBuilder<> at(branch);
        Value* yes = Warp(at, mask).ballot(branch->getCondition());
        // The others of the mask took the other way.
        Value* no = at.CreateAnd(mask.bits, at.CreateNot(yes));
        edges_[{from, branch->getSuccessor(0)}] = yes;
        edges_[{from, branch->getSuccessor(1)}] = no;
        return {edges_[{from, to}], WarpMask::Kind::Any};
    }

    WarpMask ofHeader(BasicBlock* header) {
        const llvm::Loop* loop = loops_.getLoopFor(header);
        BasicBlock* before = loop->getLoopPreheader();
        BasicBlock* latch = loop->getLoopLatch();
        const WarpMask first = of(before);
        if (llvm::all_of(loop->blocks(), [&](const BasicBlock* block) { return isUniformBranch(block); })) {
            return first;
        }
        llvm::IRBuilder<> at(header, header->begin());
        llvm::PHINode* phi = at.CreatePHI(at.getInt32Ty(), 2, "warp.iteration");
        const WarpMask mask{phi, WarpMask::Kind::Any};
        masks_[header] = mask;
        phi->addIncoming(first.bits, before);
        phi->addIncoming(onEdge(latch, header, of(latch)).bits, latch);
        return mask;
    }

    WarpMask ofBlock(BasicBlock* block) {
        BasicBlock* anchor = order_.anchor(block);
        const WarpMask above = of(anchor);
        // The blocks on the ways from the anchor to here.
        llvm::SmallPtrSet<const BasicBlock*, 16> between{anchor};
        llvm::SmallVector<BasicBlock*, 16> pending(llvm::predecessors(block));
        while (!pending.empty()) {
            BasicBlock* current = pending.pop_back_val();
            if (between.insert(current).second) {
                pending.append(llvm::pred_begin(current), llvm::pred_end(current));
            }
        }
        bool allCome = true;
        bool isUniform = true;
        for (const BasicBlock* current : between) {
            isUniform = isUniform && isUniformBranch(current);
            for (const BasicBlock* next : llvm::successors(current)) {
                allCome = allCome && (next == block || (between.contains(next) && next != anchor));
            }
        }
        if (allCome || isUniform) {
            return above;
        }
        if (between.size() == 1 && llvm::isa<llvm::BranchInst>(anchor->getTerminator())) {
            return onEdge(anchor, block, above);
        }
        masks_[anchor] = above;
        llvm::IRBuilder<> at(block, block->getFirstInsertionPt());
        votes_.push_back(block);
        return {Warp(at, above).ballot(at.getTrue()), WarpMask::Kind::Any};
    }

    // The blocks with a vote that the way from `from` to `to` leads past, in order.
    std::vector<BasicBlock*> passed(const BasicBlock* from, const BasicBlock* to) const {
        const bool isBack = to != nullptr && order_.isBackEdge(from, to);
        const BasicBlock* top = to == nullptr ? &kernel_.getEntryBlock() : isBack ? to : order_.anchor(to);
        const unsigned end = to == nullptr || isBack ? ~0u : order_.number(to);
        std::vector<BasicBlock*> found;
        for (const BasicBlock* above = from;; above = order_.anchor(above)) {
            for (BasicBlock* block : votes_) {
                const unsigned number = order_.number(block);
                if (order_.anchor(block) == above && number > order_.number(from) && (above != top || number < end)) {
                    found.push_back(block);
                }
            }
            if (above == top) {
                break;
            }
        }
        llvm::sort(found,
                   [&](const BasicBlock* a, const BasicBlock* b) { return order_.number(a) < order_.number(b); });
        return found;
    }

    llvm::Function& kernel_;
    llvm::DominatorTree dominators_;
    llvm::PostDominatorTree postDominators_;
    llvm::LoopInfo loops_;
    Uniformity uniformity_;
    BlockOrder order_;
    std::array<uint32_t, 3> workgroupSize_;
    WarpMask existing_;
    llvm::DenseMap<const BasicBlock*, WarpMask> masks_;
    llvm::DenseMap<std::pair<const BasicBlock*, const BasicBlock*>, Value*> edges_;
    std::vector<BasicBlock*> votes_;
};

bool allUniform(llvm::Function& kernel, const std::vector<CallInst*>& calls) {
    llvm::DominatorTree dominators(kernel);
    const llvm::PostDominatorTree postDominators(kernel);
    const llvm::LoopInfo loops(dominators);
    const Uniformity uniformity(kernel, postDominators, loops);
    return llvm::all_of(calls, [&](CallInst* call) { return uniformity.isUniformlyExecuted(*call->getParent()); });
}

} // namespace

void prepareForWarpMasks(llvm::Function& kernel, const std::vector<CallInst*>& calls) {
    if (!allUniform(kernel, calls)) {
        normalise(kernel);
    }
}

spv::Result<llvm::DenseMap<CallInst*, WarpMask>> computeWarpMasks(llvm::Function& kernel,
                                                                  const std::vector<CallInst*>& calls,
                                                                  const std::array<uint32_t, 3>& workgroupSize) {
    llvm::DenseMap<CallInst*, WarpMask> result;
    if (calls.empty()) {
        return result;
    }
    Masks masks(kernel, workgroupSize);
    if (!masks.isValid()) {
        return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                          "kernel '" + kernel.getName().str() +
                              "' has a subgroup operation in control flow that this target cannot bring in an order "
                              "(jumps between loops)",
                          "use structured loops and selections around subgroup operations"};
    }
    for (CallInst* call : calls) {
        result[call] = masks.of(call->getParent());
    }
    masks.vote(result);
    return result;
}

Value* localLinearId(llvm::IRBuilder<>& at, const std::array<uint32_t, 3>& workgroupSize) {
    const auto id = [&](Intrinsic::ID which) -> Value* { return at.CreateIntrinsic(which, {}); };
    const bool known = workgroupSize[0] != 0;
    Value* x = id(Intrinsic::nvvm_read_ptx_sreg_tid_x);
    if (known && workgroupSize[1] == 1 && workgroupSize[2] == 1) {
        return x;
    }
    Value* sizeX = known ? at.getInt32(workgroupSize[0]) : id(Intrinsic::nvvm_read_ptx_sreg_ntid_x);
    Value* sizeY = known ? at.getInt32(workgroupSize[1]) : id(Intrinsic::nvvm_read_ptx_sreg_ntid_y);
    Value* plane = at.CreateMul(id(Intrinsic::nvvm_read_ptx_sreg_tid_z), sizeY, "", true, true);
    Value* row = at.CreateAdd(plane, id(Intrinsic::nvvm_read_ptx_sreg_tid_y), "", true, true);
    return at.CreateAdd(at.CreateMul(row, sizeX, "", true, true), x, "", true, true);
}

Value* workgroupItems(llvm::IRBuilder<>& at, const std::array<uint32_t, 3>& workgroupSize) {
    if (workgroupSize[0] != 0) {
        return at.getInt32(workgroupSize[0] * workgroupSize[1] * workgroupSize[2]);
    }
    Value* items = at.CreateIntrinsic(Intrinsic::nvvm_read_ptx_sreg_ntid_x, {});
    for (const Intrinsic::ID size : {Intrinsic::nvvm_read_ptx_sreg_ntid_y, Intrinsic::nvvm_read_ptx_sreg_ntid_z}) {
        items = at.CreateMul(items, at.CreateIntrinsic(size, {}), "", true, true);
    }
    return items;
}

} // namespace halyard::jit::nvptx
