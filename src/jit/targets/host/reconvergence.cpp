#include "jit/targets/host/reconvergence.h"

#include "jit/passes/loop_extents.h"

#include <map>

#include <llvm/ADT/DenseMap.h>
#include <llvm/ADT/DenseSet.h>
#include <llvm/ADT/SmallPtrSet.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>

namespace halyard::jit::host {

using llvm::BasicBlock;
using llvm::CallInst;

namespace {

// The loops of a kernel, each with what runs before its end.
class Nest {
public:
    explicit Nest(llvm::Function& kernel) : dominators_(kernel), loops_(dominators_) {
        for (LoopExtent& extent : loopExtents(kernel, dominators_, loops_)) {
            extents_.push_back({extent.loop, std::move(extent.blocks), kNone});
        }
        for (Extent& extent : extents_) {
            extent.parent = innermost(*extent.loop->getHeader(), extent.loop);
        }
    }

    struct Extent {
        const llvm::Loop* loop;
        llvm::DenseSet<const BasicBlock*> blocks;
        unsigned parent; // index, or kNone
    };
    static constexpr unsigned kNone = ~0u;

    const std::vector<Extent>& extents() const { return extents_; }

    // The innermost loop before whose end `block` runs, `except` not counted.
    unsigned innermost(const BasicBlock& block, const llvm::Loop* except = nullptr) const {
        unsigned best = kNone;
        unsigned bestLevel = 0;
        for (unsigned i = 0; i < extents_.size(); ++i) {
            const unsigned level = dominators_.getNode(extents_[i].loop->getHeader())->getLevel() + 1;
            if (extents_[i].loop != except && level > bestLevel && extents_[i].blocks.contains(&block)) {
                best = i;
                bestLevel = level;
            }
        }
        return best;
    }

private:
    llvm::DominatorTree dominators_;
    llvm::LoopInfo loops_;
    std::vector<Extent> extents_;
};

BasicBlock* emptyBlock(BasicBlock& to, const char* name) {
    BasicBlock* block = BasicBlock::Create(to.getContext(), name, to.getParent(), &to);
    llvm::BranchInst::Create(&to, block);
    return block;
}

// Orders the blocks of one loop (or of the kernel), with the loops inside as single nodes.
class Orderer {
public:
    Orderer(llvm::Function& kernel, const std::vector<BasicBlock*>& backEdges)
        : kernel_(kernel), nest_(kernel), backEdges_(backEdges.begin(), backEdges.end()) {
        for (BasicBlock& block : kernel) {
            const unsigned loop = nest_.innermost(block);
            home_[&block] = loop;
            blocksOf_[loop].push_back(&block);
        }
        for (unsigned i = 0; i < nest_.extents().size(); ++i) {
            childrenOf_[nest_.extents()[i].parent].push_back(i);
        }
    }

    std::vector<BasicBlock*> run() {
        emit(Nest::kNone, &kernel_.getEntryBlock());
        return std::move(order_);
    }

private:
    struct Node {
        BasicBlock* block = nullptr; // or a loop
        unsigned loop = Nest::kNone;
    };
    using Key = const void*;

    // Loops are known by their address in the nest.
    Key keyOf(const Node& node) const {
        return node.block != nullptr ? static_cast<Key>(node.block) : &nest_.extents()[node.loop];
    }

    // What `block` is part of, seen from loop `level`; nothing when it is outside.
    bool nodeAt(unsigned level, BasicBlock* block, Node& out) const {
        unsigned loop = home_.lookup(block);
        if (loop == level) {
            out = {block, Nest::kNone};
            return true;
        }
        while (loop != Nest::kNone && nest_.extents()[loop].parent != level) {
            loop = nest_.extents()[loop].parent;
        }
        out = {nullptr, loop};
        return loop != Nest::kNone;
    }

    void collect(unsigned loop, std::vector<BasicBlock*>& blocks) const {
        const auto own = blocksOf_.find(loop);
        if (own != blocksOf_.end()) {
            blocks.insert(blocks.end(), own->second.begin(), own->second.end());
        }
        const auto children = childrenOf_.find(loop);
        if (children != childrenOf_.end()) {
            for (const unsigned child : children->second) {
                collect(child, blocks);
            }
        }
    }

    std::vector<Node> successors(unsigned level, const Node& node, const BasicBlock* header) const {
        std::vector<BasicBlock*> blocks;
        if (node.block != nullptr) {
            blocks.push_back(node.block);
        } else {
            collect(node.loop, blocks);
        }
        std::vector<Node> result;
        for (BasicBlock* block : blocks) {
            for (BasicBlock* successor : llvm::successors(block)) {
                Node next;
                if (successor != header && nodeAt(level, successor, next)) {
                    result.push_back(next);
                }
            }
        }
        return result;
    }

    void emit(unsigned level, BasicBlock* entry) {
        struct Visit {
            Node node;
            std::vector<Node> next;
        };
        std::vector<Node> postOrder;
        llvm::DenseSet<Key> seen;
        std::vector<Visit> stack;
        const auto enter = [&](const Node& node) {
            if (seen.insert(keyOf(node)).second) {
                stack.push_back({node, successors(level, node, entry)});
            }
        };
        Node first;
        nodeAt(level, entry, first);
        enter(first);
        while (!stack.empty()) {
            if (stack.back().next.empty()) {
                postOrder.push_back(stack.back().node);
                stack.pop_back();
                continue;
            }
            const Node next = stack.back().next.back();
            stack.back().next.pop_back();
            enter(next);
        }
        std::vector<BasicBlock*> last;
        for (const Node& node : llvm::reverse(postOrder)) {
            if (node.block == nullptr) {
                emit(node.loop, nest_.extents()[node.loop].loop->getHeader());
            } else if (backEdges_.contains(node.block)) {
                last.push_back(node.block);
            } else {
                order_.push_back(node.block);
            }
        }
        order_.insert(order_.end(), last.begin(), last.end());
    }

    llvm::Function& kernel_;
    Nest nest_;
    llvm::SmallPtrSet<const BasicBlock*, 8> backEdges_;
    llvm::DenseMap<const BasicBlock*, unsigned> home_;
    std::map<unsigned, std::vector<BasicBlock*>> blocksOf_;
    std::map<unsigned, std::vector<unsigned>> childrenOf_;
    std::vector<BasicBlock*> order_;
};

} // namespace

bool keepRegions(llvm::Function& kernel) {
    std::vector<CallInst*> calls = callsOf(kernel, Builtin::Collective);
    const std::vector<CallInst*> barriers = callsOf(kernel, Builtin::Barrier);
    calls.insert(calls.end(), barriers.begin(), barriers.end());
    if (calls.empty() || callsOf(kernel, Builtin::RegionBegin).empty()) {
        return false;
    }
    splitAtRegionEnds(kernel);
    const Nest nest(kernel);
    bool found = false;
    for (const Nest::Extent& extent : nest.extents()) {
        const bool behind = llvm::any_of(calls, [&](const CallInst* call) {
            return extent.blocks.contains(call->getParent()) && !extent.loop->contains(call);
        });
        if (behind) {
            found = true;
            llvm::LLVMContext& context = kernel.getContext();
            llvm::Metadata* never =
                llvm::MDNode::get(context, llvm::MDString::get(context, "llvm.loop.unroll.disable"));
            llvm::MDNode* id = llvm::MDNode::getDistinct(context, {nullptr, never});
            id->replaceOperandWith(0, id);
            extent.loop->setLoopID(id);
        }
    }
    return found;
}

std::vector<BasicBlock*> cutBackEdges(llvm::Function& kernel, const std::vector<CallInst*>& calls) {
    splitAtRegionEnds(kernel);
    const Nest nest(kernel);
    llvm::SmallVector<std::pair<BasicBlock*, BasicBlock*>, 8> edges;
    for (const Nest::Extent& extent : nest.extents()) {
        const bool inside =
            llvm::any_of(calls, [&](const CallInst* call) { return extent.blocks.contains(call->getParent()); });
        if (!inside) {
            continue;
        }
        llvm::SmallVector<BasicBlock*, 4> latches;
        extent.loop->getLoopLatches(latches);
        for (BasicBlock* latch : latches) {
            edges.emplace_back(latch, extent.loop->getHeader());
        }
    }
    std::vector<BasicBlock*> result;
    for (const auto& [latch, header] : edges) {
        BasicBlock* again = emptyBlock(*header, "again");
        BasicBlock* join = emptyBlock(*again, "join");
        BasicBlock* before = emptyBlock(*join, "iterated");
        latch->getTerminator()->replaceSuccessorWith(header, before);
        header->replacePhiUsesWith(latch, again);
        result.push_back(join);
    }
    return result;
}

std::vector<BasicBlock*> reconvergenceOrder(llvm::Function& kernel, const std::vector<BasicBlock*>& backEdges) {
    return Orderer(kernel, backEdges).run();
}

void dropRegions(llvm::Function& kernel) {
    for (const Builtin kind : {Builtin::RegionBegin, Builtin::RegionEnd}) {
        for (CallInst* marker : callsOf(kernel, kind)) {
            marker->eraseFromParent();
        }
    }
}

} // namespace halyard::jit::host
