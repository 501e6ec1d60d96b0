#include "jit/passes/spmd/flow.h"

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/PromoteMemToReg.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::IRBuilder;
using llvm::Value;

namespace {

constexpr unsigned kWorthGuarding = 10; // vector instructions that cost more than a branch over them

const BasicBlock* headerOf(const Level& level) {
    return level.loop != nullptr ? level.loop->getHeader() : nullptr;
}

} // namespace

Flow::Flow(llvm::Function& from, llvm::Function& to, Levels& levels, const Shapes& shapes, unsigned lanes,
           const BlockSet& apart)
    : from_(from), to_(to), levels_(levels), shapes_(shapes), apart_(apart), widener_(from, to, shapes, lanes) {}

void Flow::emit() {
    BasicBlock* entry = BasicBlock::Create(to_.getContext(), "entry", &to_);
    prepare(levels_.top());
    llvm::BranchInst::Create(blocks_.lookup(levels_.nodeIn(levels_.top(), &from_.getEntryBlock())), entry);
    emitLevel(levels_.top());
    llvm::DominatorTree dominators(to_);
    llvm::PromoteMemToReg(widener_.cells(), dominators);
}

void Flow::prepare(Level& level) {
    llvm::LLVMContext& context = to_.getContext();
    for (const std::unique_ptr<Node>& node : level.nodes) {
        blocks_[node.get()] = BasicBlock::Create(context, node->entry()->getName(), &to_);
        if (node->linear) {
            arrived_[node.get()] = widener_.newCell(widener_.maskType());
        }
        if (node->child == nullptr) {
            continue;
        }
        Loop loop;
        if (node->child->divergent) {
            loop.active = widener_.newCell(widener_.maskType());
            loop.staying = widener_.newCell(widener_.maskType());
            loop.end = BasicBlock::Create(context, "iteration.end", &to_);
        }
        if (node->child->maskedExits) {
            loop.after = BasicBlock::Create(context, "loop.end", &to_);
        }
        loops_[node->child.get()] = loop;
        prepare(*node->child);
    }
}

void Flow::emitLevel(Level& level) {
    for (const std::unique_ptr<Node>& node : level.nodes) {
        if (node->block != nullptr) {
            emitBlock(*node);
        } else {
            emitLoop(*node);
        }
    }
}

void Flow::emitLoop(Node& node) {
    Level& inner = *node.child;
    const Loop loop = loops_.lookup(&inner);
    BasicBlock* header = blocks_.lookup(levels_.nodeIn(inner, headerOf(inner)));
    widener_.beginBlock();
    IRBuilder<> at(blocks_.lookup(&node));
    Value* mask = maskOf(at, node);
    if (loop.active != nullptr) {
        at.CreateStore(mask != nullptr ? mask : llvm::ConstantInt::getTrue(widener_.maskType()), loop.active);
    }
    if (node.linear) {
        at.CreateCondBr(widener_.any(at, mask), header, next(node));
    } else {
        at.CreateBr(header);
    }
    emitLevel(inner);
    if (loop.end != nullptr) {
        at.SetInsertPoint(loop.end);
        Value* staying = at.CreateLoad(widener_.maskType(), loop.staying);
        at.CreateStore(staying, loop.active);
        at.CreateCondBr(widener_.any(at, staying), header, loop.after);
    }
    if (loop.after != nullptr) {
        at.SetInsertPoint(loop.after);
        at.CreateBr(next(node));
    }
}

void Flow::beginIteration(IRBuilder<>& at, Level& level) {
    llvm::Constant* none = llvm::ConstantInt::getFalse(widener_.maskType());
    for (const std::unique_ptr<Node>& node : level.nodes) {
        if (node->linear) {
            at.CreateStore(none, arrived_.lookup(node.get()));
        }
    }
    if (level.divergent) {
        at.CreateStore(none, loops_.lookup(&level).staying);
    }
}

void Flow::emitBlock(Node& node) {
    const BasicBlock* entry = node.level->loop != nullptr ? headerOf(*node.level) : &from_.getEntryBlock();
    widener_.beginBlock();
    IRBuilder<> at(blocks_.lookup(&node));
    if (node.block == entry) {
        beginIteration(at, *node.level);
    }
    Value* mask = maskOf(at, node);
    if (node.linear && needsGuard(*node.block)) {
        BasicBlock* body = BasicBlock::Create(to_.getContext(), "active", &to_);
        at.CreateCondBr(widener_.any(at, mask), body, next(node));
        at.SetInsertPoint(body);
    }
    if (apart_.contains(node.block)) {
        widener_.emitApart(at, *node.block);
        return terminate(at, node, mask);
    }
    for (const Instruction& instruction : *node.block) {
        if (!llvm::isa<llvm::PHINode>(instruction) && !instruction.isTerminator()) {
            widener_.emit(at, instruction, mask);
        }
    }
    terminate(at, node, mask);
}

bool Flow::needsGuard(const BasicBlock& block) const {
    unsigned cost = 0;
    for (const Instruction& instruction : block) {
        if (!widener_.isSpeculatable(instruction)) {
            return true;
        }
        if (!llvm::isa<llvm::PHINode>(instruction) && shapes_.of(&instruction).isVarying()) {
            ++cost;
        }
    }
    return cost > kWorthGuarding;
}

void Flow::terminate(IRBuilder<>& at, Node& node, Value* mask) {
    const Instruction& terminator = *node.block->getTerminator();
    at.SetCurrentDebugLocation(terminator.getDebugLoc());
    if (llvm::isa<llvm::ReturnInst>(terminator)) {
        at.CreateRetVoid();
        return;
    }
    const auto* branch = llvm::dyn_cast<llvm::BranchInst>(&terminator);
    if (branch == nullptr) {
        if (node.linear) {
            at.CreateBr(next(node));
        } else {
            at.CreateUnreachable();
        }
        return;
    }
    const bool parts = branch->isConditional() && branch->getSuccessor(0) != branch->getSuccessor(1);
    if (node.linear || node.starts) {
        if (!parts) {
            route(at, node.block, branch->getSuccessor(0), mask, true);
        } else {
            Value* condition = widener_.vector(at, branch->getCondition());
            Value* none = llvm::ConstantInt::getFalse(widener_.maskType());
            Value* other = at.CreateNot(condition);
            Value* taken[] = {mask != nullptr ? at.CreateSelect(mask, condition, none) : condition,
                              mask != nullptr ? at.CreateSelect(mask, other, none) : other};
            for (unsigned i = 0; i < 2; ++i) {
                route(at, node.block, branch->getSuccessor(i), taken[i], true);
            }
        }
        at.CreateBr(next(node));
        return;
    }
    if (!parts) {
        follow(at, node, branch->getSuccessor(0), mask);
        return;
    }
    BasicBlock* edges[] = {BasicBlock::Create(to_.getContext(), "edge", &to_),
                           BasicBlock::Create(to_.getContext(), "edge", &to_)};
    at.CreateCondBr(widener_.scalar(at, branch->getCondition()), edges[0], edges[1],
                    branch->getMetadata(llvm::LLVMContext::MD_prof));
    for (unsigned i = 0; i < 2; ++i) {
        widener_.beginBlock();
        at.SetInsertPoint(edges[i]);
        follow(at, node, branch->getSuccessor(i), maskOf(at, node));
    }
}

void Flow::follow(IRBuilder<>& at, Node& node, BasicBlock* to, Value* mask) {
    const Level& level = target(node.block, to);
    // A back edge, or a way out of loops.
    BasicBlock* jump = nullptr;
    if (to == headerOf(level)) {
        const Loop loop = loops_.lookup(&level);
        jump = loop.end != nullptr ? loop.end : blocks_.lookup(levels_.nodeIn(level, to));
    } else {
        jump = blocks_.lookup(levels_.nodeIn(level, to));
        const Level* left = node.level;
        while (left != &level && !left->maskedExits) {
            left = left->parent;
        }
        if (left != &level) {
            jump = loops_.lookup(left).after;
        }
    }
    route(at, node.block, to, mask, !levels_.isBranch(node.block, to));
    at.CreateBr(jump);
}

void Flow::route(IRBuilder<>& at, const BasicBlock* from, const BasicBlock* to, Value* mask, bool masked) {
    assignPhis(at, from, to, masked ? mask : nullptr);
    const Level& level = target(from, to);
    if (to == headerOf(level)) {
        if (level.divergent) {
            arrive(at, loops_.lookup(&level).staying, mask);
        }
        return;
    }
    const Node* node = levels_.nodeIn(level, to);
    if (node->linear) {
        arrive(at, arrived_.lookup(node), mask);
    }
}

void Flow::arrive(IRBuilder<>& at, llvm::AllocaInst* cell, Value* mask) {
    Value* all = llvm::ConstantInt::getTrue(widener_.maskType());
    at.CreateStore(mask == nullptr ? all : at.CreateOr(at.CreateLoad(widener_.maskType(), cell), mask), cell);
}

void Flow::assignPhis(IRBuilder<>& at, const BasicBlock* from, const BasicBlock* to, Value* mask) {
    // A loop's header takes what its active lanes bring; the others do not come back.
    const Level& home = *levels_.nodeOf(to).level;
    const bool keepsOthers = mask != nullptr && to != headerOf(home);
    llvm::SmallVector<std::pair<Value*, llvm::AllocaInst*>, 8> writes;
    for (const llvm::PHINode& phi : to->phis()) {
        const Value* incoming = phi.getIncomingValueForBlock(from);
        llvm::AllocaInst* cell = widener_.cell(phi);
        if (llvm::isa<llvm::UndefValue>(incoming)) {
            continue;
        }
        Value* value = widener_.isWide(phi) ? widener_.vector(at, incoming) : widener_.scalar(at, incoming);
        if (keepsOthers && widener_.isWide(phi)) {
            value = at.CreateSelect(mask, value, at.CreateLoad(value->getType(), cell));
        }
        writes.emplace_back(value, cell);
    }
    for (const auto& [value, cell] : writes) {
        at.CreateStore(value, cell);
    }
}

Level& Flow::target(const BasicBlock* from, const BasicBlock* to) const {
    Level* level = levels_.nodeOf(from).level;
    while (levels_.nodeIn(*level, to) == nullptr) {
        level = level->parent;
    }
    return *level;
}

BasicBlock* Flow::next(const Node& node) const {
    return node.next != nullptr ? blocks_.lookup(node.next) : loops_.lookup(node.level).end;
}

Value* Flow::levelMask(IRBuilder<>& at, const Level& level) {
    if (level.parent == nullptr) {
        return nullptr;
    }
    return level.divergent ? static_cast<Value*>(at.CreateLoad(widener_.maskType(), loops_.lookup(&level).active))
                           : maskOf(at, *level.node);
}

Value* Flow::maskOf(IRBuilder<>& at, const Node& node) {
    return node.linear ? static_cast<Value*>(at.CreateLoad(widener_.maskType(), arrived_.lookup(&node)))
                       : levelMask(at, *node.level);
}

} // namespace halyard::jit::spmd
