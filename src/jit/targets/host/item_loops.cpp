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
    item_.group = &group_;
    for (unsigned i = 0; i < 3; ++i) {
        item_.localId[i] = loops_[i].local != nullptr ? static_cast<Value*>(loops_[i].local) : at.getInt32(0);
        item_.globalId[i] = loops_[i].global != nullptr ? static_cast<Value*>(loops_[i].global) : firstId_[i];
    }
    return item_;
}

bool ItemLoops::isOne(unsigned dimension) const {
    return dimension == 0 ? knownSize_[0] == group_.lanes && length_ == nullptr : knownSize_[dimension] == 1;
}

void ItemLoops::open(llvm::IRBuilder<>& at, unsigned dimension) {
    if (isOne(dimension)) {
        return;
    }
    Loop& loop = loops_[dimension];
    BasicBlock* before = at.GetInsertBlock();
    loop.header = BasicBlock::Create(at.getContext(), "items", before->getParent());
    at.CreateBr(loop.header);
    at.SetInsertPoint(loop.header);
    loop.local = at.CreatePHI(at.getInt32Ty(), 2, "local");
    loop.local->addIncoming(at.getInt32(0), before);
    // Its own counter: the optimiser believes "no wrap" of an increment more readily than of a sum.
    loop.global = at.CreatePHI(firstId_[dimension]->getType(), 2, "global");
    loop.global->addIncoming(firstId_[dimension], before);
}

Value* ItemLoops::index(llvm::IRBuilder<>& at) const {
    const auto wide = [&](Value* value) { return at.CreateZExt(value, at.getInt64Ty(), "", true); };
    Value* row = at.CreateAdd(at.CreateMul(wide(item_.localId[2]), wide(group_.localSize[1]), "", true, true),
                              wide(item_.localId[1]), "", true, true);
    // Known sizes are multiples of the lanes.
    Value* width = wide(group_.localSize[0]);
    Value* x = wide(item_.localId[0]);
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
    Value* next = at.CreateAdd(loop.local, at.getInt32(step), "", true, true);
    Value* nextGlobal = at.CreateAdd(loop.global, llvm::ConstantInt::get(loop.global->getType(), step), "", true, true);
    BasicBlock* latch = at.GetInsertBlock();
    loop.local->addIncoming(next, latch);
    loop.global->addIncoming(nextGlobal, latch);
    BasicBlock* done = BasicBlock::Create(context, "items.end", latch->getParent());
    const bool ordered = accessesBehindStores(loop.header);
    Value* end = dimension == 0 && end_ != 0            ? at.getInt32(end_)
                 : dimension == 0 && length_ != nullptr ? length_
                                                        : group_.localSize[dimension];
    llvm::BranchInst* branch = at.CreateCondBr(at.CreateICmpULT(next, end), loop.header, done);
    // Vectors are vectorised, and a short body that is unrolled keeps in registers what it has for each of its items
    // from one turn of a loop around it to the next.
    const bool unrolls = group_.lanes > 1 && isStraight(loop.header, latch);
    if (dimension == innermost() && !unrolls) {
        llvm::MDNode* parallel =
            llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.parallel_accesses"), accessGroup});
        // Unrolled by its trip count before the vectoriser runs, the loop would leave the next one to be
        // vectorised, across rows of work-items.
        llvm::MDNode* whole = llvm::MDNode::get(context, {llvm::MDString::get(context, "llvm.loop.unroll.disable")});
        llvm::MDNode* id = ordered ? llvm::MDNode::getDistinct(context, {nullptr, whole})
                                   : llvm::MDNode::getDistinct(context, {nullptr, parallel, whole});
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
