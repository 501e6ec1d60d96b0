#include "jit/targets/nvptx/block_order.h"

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>

namespace halyard::jit::nvptx {

using llvm::BasicBlock;

BlockOrder::BlockOrder(llvm::Function& kernel, const llvm::DominatorTree& dominators, const llvm::LoopInfo& loops)
    : kernel_(kernel), dominators_(dominators), extents_(loopExtents(kernel, dominators, loops)) {
    findAnchors();
    for (const BasicBlock& block : kernel_) {
        for (const BasicBlock* next : llvm::successors(&block)) {
            if (!valid_ || isBackEdge(&block, next)) {
                continue;
            }
            const BasicBlock* anchor = anchors_.lookup(next);
            if (anchor == nullptr) {
                valid_ = false; // the entry is no one's successor
                return;
            }
            if (anchor == &block) {
                continue;
            }
            const BasicBlock* child = childTowards(anchor, &block);
            valid_ = valid_ && child != nullptr && child != next;
            before_[child].insert(next);
        }
    }
    valid_ = valid_ && findNumbers(&kernel_.getEntryBlock());
    for (const BasicBlock& block : kernel_) {
        for (const BasicBlock* next : llvm::successors(&block)) {
            valid_ = valid_ && (isBackEdge(&block, next) || number(&block) < number(next));
        }
    }
}

bool BlockOrder::isBackEdge(const BasicBlock* from, const BasicBlock* to) const {
    return dominators_.dominates(to, from);
}

void BlockOrder::findAnchors() {
    // In the order of the control flow, so that children are found in some order that does not depend on addresses.
    for (BasicBlock* block : llvm::ReversePostOrderTraversal<llvm::Function*>(&kernel_)) {
        const auto* node = dominators_.getNode(block);
        if (node == nullptr || node->getIDom() == nullptr) {
            continue;
        }
        BasicBlock* anchor = node->getIDom()->getBlock();
        for (bool again = true; again;) {
            again = false;
            for (const LoopExtent& extent : extents_) {
                if (extent.blocks.contains(anchor) && !extent.blocks.contains(block)) {
                    anchor = extent.loop->getLoopPreheader();
                    again = true;
                    break;
                }
            }
            if (anchor == nullptr) {
                valid_ = false;
                return;
            }
        }
        anchors_[block] = anchor;
        children_[anchor].push_back(block);
    }
}

const BasicBlock* BlockOrder::childTowards(const BasicBlock* ancestor, const BasicBlock* block) const {
    while (block != nullptr) {
        const BasicBlock* above = anchors_.lookup(block);
        if (above == ancestor) {
            return block;
        }
        block = above;
    }
    return nullptr;
}

bool BlockOrder::findNumbers(BasicBlock* block) {
    numbers_[block] = next_++;
    std::vector<BasicBlock*> waiting = children_.lookup(block);
    while (!waiting.empty()) {
        const auto isFirst = [&](const BasicBlock* candidate) {
            return llvm::none_of(waiting, [&](const BasicBlock* other) {
                const auto found = before_.find(other);
                return found != before_.end() && found->second.contains(candidate);
            });
        };
        const auto next = llvm::find_if(waiting, isFirst);
        if (next == waiting.end()) {
            return false;
        }
        BasicBlock* child = *next;
        waiting.erase(next);
        if (!findNumbers(child)) {
            return false;
        }
    }
    return true;
}

} // namespace halyard::jit::nvptx
