#include "jit/passes/spmd/whole_vectors.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/passes/uniformity.h"

#include <optional>
#include <vector>

#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/Cloning.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Value;

namespace {

constexpr unsigned kLongest = 200; // instructions to copy
constexpr unsigned kDeepest = 8;   // operations between a condition and the ids

// A branch on ids to what is done under its condition, or past it.
struct Condition {
    llvm::BranchInst* branch;
    unsigned body; // the successor
};

// Blocks under conditions one behind the other, which all lead past them to the same block.
struct Region {
    std::vector<Condition> conditions;
    llvm::SetVector<BasicBlock*> blocks; // the first is the entry
};

class Finder {
public:
    Finder(const llvm::PostDominatorTree& postDominators, const Uniformity& uniformity)
        : postDominators_(postDominators), uniformity_(uniformity) {}

    std::optional<Region> regionAt(BasicBlock& block) const;

private:
    std::optional<Condition> conditionOf(BasicBlock& block, const BasicBlock& past) const;
    bool isOfIds(const Value& value, unsigned depth) const;
    bool isEndOfConditions(const BasicBlock& block) const;
    bool collect(Region& region, BasicBlock& entry, const BasicBlock& past) const;

    const llvm::PostDominatorTree& postDominators_;
    const Uniformity& uniformity_;
};

bool Finder::isOfIds(const Value& value, unsigned depth) const {
    const auto* instruction = llvm::dyn_cast<Instruction>(&value);
    if (instruction == nullptr || uniformity_.isUniform(value)) {
        return true;
    }
    if (isQuery(builtinOf(*instruction))) {
        return true;
    }
    const bool plain = instruction->isBinaryOp() || instruction->isCast() ||
                       llvm::isa<llvm::ICmpInst, llvm::SelectInst, llvm::FreezeInst>(instruction);
    return plain && depth < kDeepest &&
           llvm::all_of(instruction->operands(), [&](const Value* operand) { return isOfIds(*operand, depth + 1); });
}

std::optional<Condition> Finder::conditionOf(BasicBlock& block, const BasicBlock& past) const {
    auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
    if (branch == nullptr || !branch->isConditional()) {
        return std::nullopt;
    }
    const unsigned body = branch->getSuccessor(0) == &past ? 1 : 0;
    if (branch->getSuccessor(1 - body) != &past || branch->getSuccessor(body) == &past) {
        return std::nullopt;
    }
    // Of the lanes only one is the first.
    const auto* compare = llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition());
    const auto single = body == 0 ? llvm::CmpInst::ICMP_EQ : llvm::CmpInst::ICMP_NE;
    if (compare != nullptr && compare->getPredicate() == single) {
        return std::nullopt;
    }
    return isOfIds(*branch->getCondition(), 0) ? std::optional(Condition{branch, body}) : std::nullopt;
}

// Whether the block does more than compute a further condition.
bool Finder::isEndOfConditions(const BasicBlock& block) const {
    constexpr unsigned kFew = 16;
    return block.getSinglePredecessor() == nullptr || block.size() > kFew ||
           !llvm::all_of(block, [](const Instruction& instruction) {
               return instruction.isTerminator() || llvm::isSafeToSpeculativelyExecute(&instruction);
           });
}

// Takes up all blocks from `entry` to `past`. Whether they can be copied and are worth it.
bool Finder::collect(Region& region, BasicBlock& entry, const BasicBlock& past) const {
    std::vector<BasicBlock*> pending{&entry};
    unsigned length = 0;
    bool accesses = false;
    while (!pending.empty()) {
        BasicBlock* block = pending.back();
        pending.pop_back();
        if (block == &past || !region.blocks.insert(block)) {
            continue;
        }
        for (const Instruction& instruction : *block) {
            const Builtin builtin = builtinOf(instruction);
            const bool together = builtin == Builtin::Barrier || builtin == Builtin::Collective ||
                                  builtin == Builtin::RegionBegin || builtin == Builtin::RegionEnd;
            const Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
            accesses = accesses || (pointer != nullptr && !uniformity_.isUniform(*pointer));
            if (together || builtin == Builtin::Printf || llvm::isa<llvm::AllocaInst>(instruction) ||
                ++length > kLongest) {
                return false;
            }
        }
        pending.insert(pending.end(), llvm::succ_begin(block), llvm::succ_end(block));
    }
    const auto isInside = [&](BasicBlock* block) {
        return llvm::all_of(llvm::predecessors(block), [&](BasicBlock* from) { return region.blocks.contains(from); });
    };
    const BasicBlock* last = region.conditions.back().branch->getParent();
    return accesses && entry.getSinglePredecessor() == last && llvm::all_of(llvm::drop_begin(region.blocks), isInside);
}

std::optional<Region> Finder::regionAt(BasicBlock& block) const {
    const auto* node = postDominators_.getNode(&block);
    const BasicBlock* past = node != nullptr && node->getIDom() != nullptr ? node->getIDom()->getBlock() : nullptr;
    if (past == nullptr || !uniformity_.isUniformlyExecuted(block)) {
        return std::nullopt;
    }
    Region region;
    BasicBlock* at = &block;
    std::optional<Condition> condition = conditionOf(*at, *past);
    if (!condition || uniformity_.isUniform(*condition->branch->getCondition())) {
        return std::nullopt;
    }
    while (condition) {
        region.conditions.push_back(*condition);
        at = condition->branch->getSuccessor(condition->body);
        condition = isEndOfConditions(*at) ? std::nullopt : conditionOf(*at, *past);
    }
    return collect(region, *at, *past) ? std::optional(std::move(region)) : std::nullopt;
}

void askAllLanes(llvm::BranchInst* branch, unsigned body, BasicBlock* whole, BasicBlock* some) {
    llvm::Module& module = *branch->getModule();
    llvm::IRBuilder<> at(branch);
    Value* condition = branch->getCondition();
    if (body == 1) {
        auto* compare = llvm::dyn_cast<llvm::ICmpInst>(condition);
        condition = compare != nullptr
                        ? at.CreateICmp(compare->getInversePredicate(), compare->getOperand(0), compare->getOperand(1))
                        : at.CreateNot(condition);
    }
    llvm::FunctionCallee all =
        module.getOrInsertFunction(llvm::StringRef(kir::kAllLanes), at.getInt1Ty(), at.getInt1Ty());
    llvm::cast<llvm::Function>(all.getCallee())->setDoesNotAccessMemory();
    at.CreateCondBr(at.CreateCall(all, {condition}), whole, some,
                    llvm::MDBuilder(at.getContext()).createLikelyBranchWeights());
}

void split(const Region& region) {
    llvm::ValueToValueMapTy map;
    BasicBlock* block = region.conditions.front().branch->getParent();
    llvm::Function& function = *block->getParent();
    llvm::SmallVector<BasicBlock*, 16> copies;
    const auto copy = [&](BasicBlock* from) {
        auto* to = llvm::CloneBasicBlock(from, map, ".whole", &function);
        map[from] = to;
        copies.push_back(to);
    };
    for (const Condition& condition : llvm::drop_begin(region.conditions)) {
        copy(condition.branch->getParent());
    }
    for (BasicBlock* from : region.blocks) {
        copy(from);
    }
    llvm::remapInstructionsInBlocks(copies, map);
    const auto copyOf = [&](Value* value) -> Value* {
        const auto found = map.find(value);
        return found != map.end() ? static_cast<Value*>(found->second) : value;
    };
    for (BasicBlock* from : region.blocks) {
        for (BasicBlock* to : llvm::successors(from)) {
            if (region.blocks.contains(to)) {
                continue;
            }
            for (llvm::PHINode& phi : to->phis()) {
                // One entry for each edge: two edges of a branch may lead to one block.
                phi.addIncoming(copyOf(phi.getIncomingValueForBlock(from)), llvm::cast<BasicBlock>(copyOf(from)));
            }
        }
    }
    auto* some = BasicBlock::Create(function.getContext(), "some", &function, region.blocks.front());
    for (const Condition& condition : region.conditions) {
        auto* branch = llvm::cast<llvm::BranchInst>(copyOf(condition.branch));
        auto* whole = llvm::cast<BasicBlock>(copyOf(condition.branch->getSuccessor(condition.body)));
        askAllLanes(branch, condition.body, whole, some);
        if (branch != condition.branch) {
            branch->eraseFromParent();
        }
    }
    llvm::BranchInst* first = region.conditions.front().branch;
    first->moveBefore(*some, some->end());
    for (BasicBlock* to : llvm::successors(some)) {
        to->replacePhiUsesWith(block, some);
    }
}

} // namespace

void splitWholeVectors(llvm::Function& function) {
    const auto isConditional = [](const BasicBlock& block) {
        const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
        return branch != nullptr && branch->isConditional();
    };
    if (llvm::none_of(function, isConditional)) {
        return;
    }
    const llvm::DominatorTree dominators(function);
    const llvm::LoopInfo loops(dominators);
    const llvm::PostDominatorTree postDominators(function);
    const Uniformity uniformity(function, postDominators, loops);
    const Finder finder(postDominators, uniformity);
    // Regions of uniformly executed blocks do not overlap: what is in one is not executed uniformly.
    std::vector<Region> regions;
    for (BasicBlock& block : function) {
        if (std::optional<Region> region = finder.regionAt(block)) {
            regions.push_back(std::move(*region));
        }
    }
    for (const Region& region : regions) {
        split(region);
    }
}

} // namespace halyard::jit::spmd
