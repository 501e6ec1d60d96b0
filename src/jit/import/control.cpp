// Control flow. LLVM takes any CFG, and so do unstructured Kernel modules; of SPIR-V's merge instructions only the
// Unroll hint is used, and, for kernels with subgroup operations, where a loop's invocations meet again. Blocks that
// cannot be reached are left out.
#include "jit/import/importer.h"

#include <llvm/IR/CFG.h>
#include <llvm/IR/MDBuilder.h>

#include <algorithm>

namespace halyard::jit {

namespace sv = ::spv;

std::vector<Id> Importer::successors(const Instruction& terminator) {
    switch (terminator.op()) {
    case sv::Op::OpBranch:
        return {literal(terminator, 0)};
    case sv::Op::OpBranchConditional:
        return {literal(terminator, 1), literal(terminator, 2)};
    case sv::Op::OpSwitch: {
        std::vector<Id> result{literal(terminator, 1)};
        const uint32_t step = operandType(terminator, 0).width == 64 ? 3 : 2;
        for (uint32_t i = 2; i + step <= terminator.operandCount(); i += step) {
            result.push_back(terminator.operand(i + step - 1));
        }
        return result;
    }
    default:
        return {};
    }
}

// Reverse post-order: a block comes after every block that dominates it, whatever the order in the file.
std::vector<const spv::Block*> Importer::reachableBlocks(const spv::Function& function) {
    std::unordered_map<Id, const spv::Block*> byLabel;
    for (const spv::Block& block : function.blocks) {
        byLabel[block.label] = &block;
    }
    struct Visit {
        const spv::Block* block;
        std::vector<Id> next;
    };
    std::vector<const spv::Block*> postOrder;
    std::set<Id> seen;
    std::vector<Visit> stack;
    auto enter = [&](Id label) {
        auto found = byLabel.find(label);
        if (found == byLabel.end()) {
            invalid(fmt::format("%{} is no block of this function", label));
        }
        check(found->second->endInstruction > found->second->firstInstruction, "a block is empty");
        current_ = &source_.instructions()[found->second->endInstruction - 1];
        if (seen.insert(label).second) {
            stack.push_back({found->second, successors(*current_)});
        }
    };
    enter(function.blocks.front().label);
    while (!stack.empty()) {
        if (stack.back().next.empty()) {
            postOrder.push_back(stack.back().block);
            stack.pop_back();
            continue;
        }
        const Id label = stack.back().next.back();
        stack.back().next.pop_back();
        enter(label);
    }
    std::reverse(postOrder.begin(), postOrder.end());
    return postOrder;
}

void Importer::emitBlocks(const std::vector<const spv::Block*>& order) {
    for (const spv::Block* source : order) {
        currentLabel_ = source->label;
        emitted_.insert(source->label);
        builder_.SetInsertPoint(block(source->label));
        lines_.startBlock();
        for (uint32_t i = source->firstInstruction; i < source->endInstruction; ++i) {
            const Instruction& instruction = source_.instructions()[i];
            current_ = &instruction;
            check(builder_.GetInsertBlock()->getTerminator() == nullptr, "an instruction follows a terminator");
            lines_.note(instruction);
            builder_.SetCurrentDebugLocation(lines_.location());
            dispatch(instruction);
        }
        check(builder_.GetInsertBlock()->getTerminator() != nullptr, "a block does not end in a terminator");
        exits_[source->label] = builder_.GetInsertBlock();
    }
    lines_.startBlock();
    builder_.SetCurrentDebugLocation(lines_.location());
    finishPhis();
}

llvm::BasicBlock* Importer::block(Id label) const {
    auto found = blocks_.find(label);
    if (found == blocks_.end()) {
        invalid(fmt::format("%{} is no block of this function", label));
    }
    return found->second;
}

void Importer::branch(const Instruction& instruction) {
    const Id target = literal(instruction, 0);
    markLoop(builder_.CreateBr(block(target)), target);
}

void Importer::branchConditional(const Instruction& instruction) {
    llvm::Value* condition = operand(instruction, 0, builder_.getInt1Ty());
    const Id whenTrue = literal(instruction, 1);
    const Id whenFalse = literal(instruction, 2);
    if (whenTrue == whenFalse) {
        markLoop(builder_.CreateBr(block(whenTrue)), whenTrue);
        return;
    }
    llvm::MDNode* weights = nullptr;
    if (instruction.operandCount() >= 5) {
        weights = llvm::MDBuilder(context_).createBranchWeights(instruction.operand(3), instruction.operand(4));
    }
    llvm::Instruction* terminator = builder_.CreateCondBr(condition, block(whenTrue), block(whenFalse), weights);
    markLoop(terminator, whenTrue);
    markLoop(terminator, whenFalse);
}

void Importer::switchInstruction(const Instruction& instruction) {
    llvm::Value* selector = operand(instruction, 0);
    auto* type = llvm::dyn_cast<llvm::IntegerType>(selector->getType());
    check(type != nullptr, "a switch selects on an integer");
    const uint32_t words = type->getBitWidth() == 64 ? 2 : 1;
    llvm::SwitchInst* result = builder_.CreateSwitch(selector, block(literal(instruction, 1)));
    std::set<uint64_t> seen;
    for (uint32_t i = 2; i < instruction.operandCount(); i += words + 1) {
        uint64_t bits = literal(instruction, i);
        if (words == 2) {
            bits |= uint64_t(literal(instruction, i + 1)) << 32;
        }
        const llvm::APInt number(type->getBitWidth(), bits, false, true);
        check(seen.insert(number.getZExtValue()).second, "a switch lists one value twice");
        result->addCase(llvm::ConstantInt::get(context_, number), block(literal(instruction, i + words)));
    }
}

void Importer::returnInstruction(const Instruction& instruction) {
    llvm::Type* expected = currentPlan_->function->getReturnType();
    if (instruction.op() == sv::Op::OpReturn) {
        check(expected->isVoidTy(), "the function must return a value");
        builder_.CreateRetVoid();
        return;
    }
    builder_.CreateRet(operand(instruction, 0, expected));
}

void Importer::unreachable(const Instruction&) {
    builder_.CreateUnreachable();
}

void Importer::phi(const Instruction& instruction) {
    llvm::BasicBlock* home = builder_.GetInsertBlock();
    check(home->empty() || llvm::isa<llvm::PHINode>(home->back()), "a phi follows another instruction");
    llvm::PHINode* result = builder_.CreatePHI(resultType(instruction).llvmType, instruction.operandCount() / 2);
    define(instruction, result);
    phis_.emplace_back(&instruction, result);
}

void Importer::finishPhis() {
    std::unordered_map<llvm::BasicBlock*, Id> labels;
    for (const auto& [label, exit] : exits_) {
        labels[exit] = label;
    }
    for (const auto& [instruction, node] : phis_) {
        current_ = instruction;
        std::unordered_map<Id, Id> incoming;
        for (uint32_t i = 0; i + 1 < instruction->operandCount(); i += 2) {
            incoming[instruction->operand(i + 1)] = instruction->operand(i);
        }
        for (llvm::BasicBlock* predecessor : llvm::predecessors(node->getParent())) {
            auto found = incoming.find(labels[predecessor]);
            check(found != incoming.end(), "a phi lacks the value of a predecessor");
            llvm::Value* value = this->value(found->second);
            check(value->getType() == node->getType(), "a phi has a value of another type");
            node->addIncoming(value, predecessor);
        }
    }
}

void Importer::loopMerge(const Instruction& instruction) {
    loopMerges_.emplace_back(currentLabel_, literal(instruction, 0));
    unrolledLoops_[currentLabel_] = (literal(instruction, 2) & uint32_t(sv::LoopControlMask::Unroll)) != 0;
}

void Importer::emitRegion(std::string_view marker, uint32_t region) {
    const std::string name(marker);
    convergentCall(name, builder_.getVoidTy(), {builder_.getInt32(region)});
    // No access of the program's is ordered by it.
    module_->getFunction(name)->setOnlyAccessesInaccessibleMemory();
    module_->getFunction(name)->setWillReturn();
}

// What runs between a `break` and the loop's end belongs to the iteration, but a CFG alone does not tell it from what
// comes after the loop.
void Importer::markRegions() {
    if (!plans_.at(entryPoint_->function).collective) {
        return;
    }
    llvm::IRBuilderBase::InsertPointGuard guard(builder_);
    const auto mark = [&](Id label, std::string_view marker, uint32_t region) {
        llvm::BasicBlock* where = block(label);
        builder_.SetInsertPoint(where, where->getFirstNonPHIIt());
        emitRegion(marker, region);
    };
    // Each goes to the front: the ends last, so that a block ends one loop before it begins another.
    uint32_t region = nextRegion_;
    for (const auto& [header, merge] : loopMerges_) {
        mark(header, kir::kRegionBegin, region++);
    }
    for (const auto& [header, merge] : loopMerges_) {
        const uint32_t ended = nextRegion_++;
        if (blocks_.count(merge) != 0) {
            mark(merge, kir::kRegionEnd, ended);
        }
    }
}

// The Unroll hint goes on the branch back to the header.
void Importer::markLoop(llvm::Instruction* terminator, Id target) {
    auto found = unrolledLoops_.find(target);
    if (found == unrolledLoops_.end() || !found->second || !emitted_.count(target)) {
        return;
    }
    llvm::Metadata* enable = llvm::MDNode::get(context_, llvm::MDString::get(context_, "llvm.loop.unroll.enable"));
    llvm::MDNode* loop = llvm::MDNode::getDistinct(context_, {nullptr, enable});
    loop->replaceOperandWith(0, loop);
    terminator->setMetadata(llvm::LLVMContext::MD_loop, loop);
}

} // namespace halyard::jit
