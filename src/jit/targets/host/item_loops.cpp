#include "jit/targets/host/item_loops.h"

#include <llvm/ADT/DepthFirstIterator.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Metadata.h>

namespace halyard::jit::host {

using llvm::BasicBlock;
using llvm::Value;

namespace {

// Whether all go from one block to the other the same way.
bool isStraight(const BasicBlock* from, const BasicBlock* to) {
    while (from != to && from != nullptr) {
        from = from->getTerminator() != nullptr ? from->getSingleSuccessor() : nullptr;
    }
    return from == to;
}

// Whether an item may access memory behind a store of its own. LLVM's loop vectoriser takes parallel accesses for
// independent within one iteration too, and moves those that it reads or writes together over each other.
bool accessesBehindStores(BasicBlock* header) {
    for (BasicBlock* block : llvm::depth_first(header)) {
        bool stored = false;
        for (const llvm::Instruction& instruction : *block) {
            if (stored && instruction.mayReadOrWriteMemory()) {
                return true;
            }
            stored = stored || instruction.mayWriteToMemory();
        }
        if (!stored || block->getTerminator() == nullptr) {
            continue;
        }
        for (BasicBlock* next : llvm::successors(block)) {
            for (BasicBlock* later : llvm::depth_first(next)) {
                if (llvm::any_of(*later, [](const llvm::Instruction& other) { return other.mayReadOrWriteMemory(); })) {
                    return true;
                }
            }
        }
    }
    return false;
}

} // namespace

ItemValues ItemLoops::open(llvm::IRBuilder<>& at) {
    for (unsigned i = 3; i-- > 0;) {
        open(at, i);
    }
    ItemValues item;
    item.group = &group_;
    for (unsigned i = 0; i < 3; ++i) {
        Value* first = range_.firstLocal[i];
        Value* local = number(at, i);
        item.localId[i] = first != nullptr ? at.CreateAdd(first, local, "", true, true) : local;
        item.globalId[i] = loops_[i].global != nullptr ? static_cast<Value*>(loops_[i].global) : range_.firstGlobal[i];
    }
    return item;
}

bool ItemLoops::isOne(unsigned dimension) const {
    return range_.knownSize[dimension] == (dimension == 0 ? group_.lanes : 1);
}

Value* ItemLoops::number(llvm::IRBuilder<>& at, unsigned dimension) const {
    return loops_[dimension].number != nullptr ? static_cast<Value*>(loops_[dimension].number) : at.getInt32(0);
}

void ItemLoops::open(llvm::IRBuilder<>& at, unsigned dimension) {
    if (isOne(dimension)) {
        return;
    }
    Loop& loop = loops_[dimension];
    Value* first = range_.firstGlobal[dimension];
    BasicBlock* before = at.GetInsertBlock();
    loop.header = BasicBlock::Create(at.getContext(), "items", before->getParent());
    at.CreateBr(loop.header);
    at.SetInsertPoint(loop.header);
    loop.number = at.CreatePHI(at.getInt32Ty(), 2, "local");
    loop.number->addIncoming(at.getInt32(0), before);
    // Its own counter: the optimiser believes "no wrap" of an increment more readily than of a sum.
    loop.global = at.CreatePHI(first->getType(), 2, "global");
    loop.global->addIncoming(first, before);
}

Value* ItemLoops::index(llvm::IRBuilder<>& at) const {
    const auto wide = [&](Value* value) { return at.CreateZExt(value, at.getInt64Ty(), "", true); };
    Value* row = at.CreateAdd(at.CreateMul(wide(number(at, 2)), wide(range_.size[1]), "", true, true),
                              wide(number(at, 1)), "", true, true);
    // Known sizes are multiples of the lanes.
    Value* width = wide(range_.size[0]);
    Value* x = wide(number(at, 0));
    if (group_.lanes > 1) {
        width = at.CreateUDiv(width, at.getInt64(group_.lanes), "", true);
        x = at.CreateUDiv(x, at.getInt64(group_.lanes), "", true);
    }
    return at.CreateAdd(at.CreateMul(row, width, "", true, true), x, "", true, true);
}

void ItemLoops::close(llvm::IRBuilder<>& at, llvm::MDNode* accessGroup) {
    for (unsigned i = 0; i < 3; ++i) {
        close(at, i, accessGroup);
    }
}

void ItemLoops::close(llvm::IRBuilder<>& at, unsigned dimension, llvm::MDNode* accessGroup) {
    Loop& loop = loops_[dimension];
    if (loop.header == nullptr) {
        return;
    }
    llvm::LLVMContext& context = at.getContext();
    const uint32_t step = dimension == 0 ? group_.lanes : 1;
    Value* next = at.CreateAdd(loop.number, at.getInt32(step), "", true, true);
    Value* nextGlobal = at.CreateAdd(loop.global, llvm::ConstantInt::get(loop.global->getType(), step), "", true, true);
    BasicBlock* latch = at.GetInsertBlock();
    loop.number->addIncoming(next, latch);
    loop.global->addIncoming(nextGlobal, latch);
    BasicBlock* done = BasicBlock::Create(context, "items.end", latch->getParent());
    const bool ordered = accessesBehindStores(loop.header);
    Value* end = dimension == 0 && end_ != 0 ? at.getInt32(end_) : range_.size[dimension];
    llvm::BranchInst* branch = at.CreateCondBr(at.CreateICmpULT(next, end), loop.header, done);
    const auto hint = [&](const char* words) {
        return llvm::MDNode::get(context, {llvm::MDString::get(context, words)});
    };
    // Vectors are vectorised, and a short body that is unrolled keeps in registers what it has for each of its items
    // from one turn of a loop around it to the next.
    const bool unrolls = group_.lanes > 1 && isStraight(loop.header, latch);
    llvm::SmallVector<llvm::Metadata*, 3> hints{nullptr};
    if (range_.isPart) {
        hints.push_back(hint("llvm.loop.unroll.full"));
    } else if (dimension == innermost() && !unrolls) {
        if (!ordered) {
            hints.push_back(
                llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.parallel_accesses"), accessGroup}));
        }
        // Unrolled by its trip count before the vectoriser runs, the loop would leave the next one to be
        // vectorised, across rows of work-items.
        hints.push_back(hint("llvm.loop.unroll.disable"));
    }
    if (hints.size() > 1) {
        llvm::MDNode* id = llvm::MDNode::getDistinct(context, hints);
        id->replaceOperandWith(0, id);
        branch->setMetadata(llvm::LLVMContext::MD_loop, id);
    }
    at.SetInsertPoint(done);
}

unsigned ItemLoops::innermost() const {
    for (unsigned i = 0; i < 3; ++i) {
        if (!isOne(i)) {
            return i;
        }
    }
    return 0;
}

} // namespace halyard::jit::host
