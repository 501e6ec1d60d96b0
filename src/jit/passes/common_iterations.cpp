#include "jit/passes/common_iterations.h"

#include "jit/kir.h"
#include "jit/passes/analyses.h"
#include "jit/passes/builtin.h"
#include "jit/passes/uniformity.h"

#include <optional>

#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/PostDominators.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

namespace halyard::jit {

namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::PHINode;
using llvm::SCEV;
using llvm::Value;

constexpr unsigned kMaxInstructions = 200; // of a loop that is worth having twice
constexpr unsigned kMaxLoops = 8;          // of a kernel

// `index predicate bound` holds for those that make an iteration.
struct Condition {
    llvm::CmpInst::Predicate predicate;
    Value* index;
    Value* bound;
};

// What must hold for the branch to go to `to`, with the smaller on the left.
std::optional<Condition> conditionOf(const BasicBlock& block, const BasicBlock* to) {
    const auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
    const auto* compare =
        branch != nullptr && branch->isConditional() ? llvm::dyn_cast<llvm::ICmpInst>(branch->getCondition()) : nullptr;
    if (compare == nullptr) {
        return std::nullopt;
    }
    const bool stays = branch->getSuccessor(0) == to;
    const auto predicate = stays ? compare->getPredicate() : compare->getInversePredicate();
    switch (predicate) {
    case llvm::CmpInst::ICMP_ULT:
    case llvm::CmpInst::ICMP_SLT:
        return Condition{predicate, compare->getOperand(0), compare->getOperand(1)};
    case llvm::CmpInst::ICMP_UGT:
    case llvm::CmpInst::ICMP_SGT:
        return Condition{llvm::CmpInst::getSwappedPredicate(predicate), compare->getOperand(1), compare->getOperand(0)};
    default:
        return std::nullopt;
    }
}

struct Unknowns {
    llvm::SmallSetVector<Value*, 8> values;
    bool follow(const SCEV* part) {
        if (const auto* unknown = llvm::dyn_cast<llvm::SCEVUnknown>(part)) {
            values.insert(unknown->getValue());
        }
        return true;
    }
    static bool isDone() { return false; }
};

class Splitter {
public:
    Splitter(llvm::Function& kernel, const std::array<uint32_t, 3>& workgroupSize, Analyses& analyses)
        : kernel_(kernel), size_(workgroupSize), loops_(analyses.functions.getResult<llvm::LoopAnalysis>(kernel)),
          evolution_(analyses.functions.getResult<llvm::ScalarEvolutionAnalysis>(kernel)),
          uniformity_(kernel, analyses.functions.getResult<llvm::PostDominatorTreeAnalysis>(kernel), loops_) {}

    // Splits the first loop that can be, and is not in `done`; adds it, or those that cannot be, there.
    bool splitOne(llvm::SmallPtrSetImpl<BasicBlock*>& done) {
        for (llvm::Loop* loop : loops_.getLoopsInPreorder()) {
            if (!done.insert(loop->getHeader()).second || !isCandidate(*loop)) {
                continue;
            }
            if (const std::optional<Plan> plan = planFor(*loop)) {
                split(*loop, *plan, done);
                return true;
            }
        }
        return false;
    }

private:
    // The index of invocation id (0 to the workgroup's size) is `first` + scale * id + iteration * step.
    struct Plan {
        Condition condition;
        const llvm::SCEVAddRecExpr* index;
        const SCEV* first;
        uint64_t scale;
        BasicBlock* guard; // rotated: decides whether there is a first iteration; else null
    };

    bool isCandidate(const llvm::Loop& loop) const {
        if (!loop.isLoopSimplifyForm() || loop.getExitingBlock() == nullptr || loop.getExitBlock() == nullptr) {
            return false;
        }
        unsigned count = 0;
        bool accesses = false;
        for (const BasicBlock* block : loop.blocks()) {
            for (const Instruction& instruction : *block) {
                const Builtin builtin = builtinOf(instruction);
                const bool together = builtin == Builtin::Barrier || builtin == Builtin::Collective ||
                                      builtin == Builtin::RegionBegin || builtin == Builtin::RegionEnd;
                if (++count > kMaxInstructions || together || llvm::isa<llvm::AllocaInst>(instruction)) {
                    return false;
                }
                const Value* pointer = llvm::getLoadStorePointerOperand(&instruction);
                accesses = accesses || (pointer != nullptr && !uniformity_.isUniform(*pointer));
            }
        }
        return accesses;
    }

    std::optional<Plan> planFor(const llvm::Loop& loop) const {
        BasicBlock* exiting = loop.getExitingBlock();
        const auto stays =
            llvm::find_if(llvm::successors(exiting), [&](BasicBlock* block) { return loop.contains(block); });
        const std::optional<Condition> condition = conditionOf(*exiting, *stays);
        if (!condition || !isSame(*condition->bound, loop)) {
            return std::nullopt;
        }
        const llvm::SCEVAddRecExpr* index = recurrence(evolution_.getSCEV(condition->index), loop);
        if (index == nullptr) {
            return std::nullopt;
        }
        Plan plan{*condition, index, nullptr, 0, nullptr};
        if (exiting == loop.getLoopLatch()) {
            plan.index = recurrence(evolution_.getMinusSCEV(index, index->getStepRecurrence(evolution_)), loop);
            plan.guard = plan.index != nullptr ? guardOf(loop, plan) : nullptr;
            if (plan.guard == nullptr || !uniformity_.isUniformlyExecuted(*plan.guard)) {
                return std::nullopt;
            }
        } else if (exiting != loop.getHeader() || !isPure(*exiting) ||
                   !uniformity_.isUniformlyExecuted(*loop.getLoopPreheader())) {
            return std::nullopt;
        }
        return separate(plan, loop) ? std::optional(plan) : std::nullopt;
    }

    bool isSame(const Value& value, const llvm::Loop& loop) const {
        return uniformity_.isUniform(value) && loop.isLoopInvariant(&value);
    }

    const llvm::SCEVAddRecExpr* recurrence(const SCEV* value, const llvm::Loop& loop) const {
        const auto* found = llvm::dyn_cast<llvm::SCEVAddRecExpr>(value);
        return found != nullptr && found->getLoop() == &loop && found->isAffine() ? found : nullptr;
    }

    static bool isPure(const BasicBlock& block) {
        return llvm::none_of(block, [](const Instruction& instruction) {
            return instruction.mayReadOrWriteMemory() ||
                   (!instruction.isTerminator() && !llvm::isa<PHINode>(instruction) &&
                    !llvm::isSafeToSpeculativelyExecute(&instruction));
        });
    }

    // The block that decides, on the first index and the same bound, whether there is a first iteration, and otherwise
    // goes where the loop's end leads; or null.
    BasicBlock* guardOf(const llvm::Loop& loop, const Plan& plan) const {
        BasicBlock* preheader = loop.getLoopPreheader();
        BasicBlock* guard = preheader->getSinglePredecessor();
        BasicBlock* exit = loop.getExitBlock();
        BasicBlock* behind = exit->getSingleSuccessor();
        const bool empty = behind != nullptr && llvm::all_of(*exit, [](const Instruction& instruction) {
                               return llvm::isa<PHINode>(instruction) || instruction.isTerminator();
                           });
        const std::optional<Condition> first =
            guard != nullptr && empty ? conditionOf(*guard, preheader) : std::nullopt;
        const bool fits = first && isPure(*preheader) && llvm::is_contained(llvm::successors(guard), behind) &&
                          first->predicate == plan.condition.predicate && first->bound == plan.condition.bound &&
                          evolution_.getSCEV(first->index) == plan.index->getStart();
        return fits ? guard : nullptr;
    }

    // Finds what of the first index is the invocation's own.
    bool separate(Plan& plan, const llvm::Loop& loop) const {
        const SCEV* start = plan.index->getStart();
        const SCEV* step = plan.index->getStepRecurrence(evolution_);
        Unknowns unknowns;
        llvm::visitAll(step, unknowns);
        if (!llvm::all_of(unknowns.values, [&](const Value* value) { return isSame(*value, loop); })) {
            return false;
        }
        unknowns.values.clear();
        llvm::visitAll(start, unknowns);
        llvm::ValueToSCEVMapTy without;
        llvm::ValueToSCEVMapTy with;
        const SCEV* id = nullptr;
        for (Value* value : unknowns.values) {
            const auto* call = llvm::dyn_cast<llvm::CallInst>(value);
            const Builtin builtin = call != nullptr ? builtinOf(*call) : Builtin::None;
            const bool row = size_[1] == 1 && size_[2] == 1;
            if ((builtin == Builtin::LocalId && builtinDimension(*call) == 0U) ||
                (builtin == Builtin::LocalLinearId && row)) {
                id = evolution_.getSCEV(localId());
                without[value] = evolution_.getZero(value->getType());
                with[value] = evolution_.getTruncateOrZeroExtend(id, value->getType());
            } else if (builtin == Builtin::GlobalId && builtinDimension(*call) == 0U) {
                id = evolution_.getSCEV(localId());
                const SCEV* first = evolution_.getMulExpr(evolution_.getSCEV(groupId()),
                                                          evolution_.getConstant(value->getType(), size_[0]));
                without[value] = first;
                with[value] = evolution_.getAddExpr(first, id);
            } else if (!isSame(*value, loop)) {
                return false;
            }
        }
        if (id == nullptr) {
            return false;
        }
        plan.first = llvm::SCEVParameterRewriter::rewrite(start, evolution_, without);
        const SCEV* own =
            evolution_.getMinusSCEV(llvm::SCEVParameterRewriter::rewrite(start, evolution_, with), plan.first);
        plan.scale = 1;
        if (const auto* product = llvm::dyn_cast<llvm::SCEVMulExpr>(own)) {
            const auto* factor = llvm::dyn_cast<llvm::SCEVConstant>(product->getOperand(0));
            if (factor == nullptr || product->getNumOperands() != 2 || factor->getAPInt().getActiveBits() > 16) {
                return false;
            }
            plan.scale = factor->getAPInt().getZExtValue();
            own = product->getOperand(1);
        }
        const bool cut = own == id || (llvm::isa<llvm::SCEVTruncateExpr>(own) &&
                                       llvm::cast<llvm::SCEVTruncateExpr>(own)->getOperand() == id);
        return cut && own->getType()->getIntegerBitWidth() >= 32;
    }

    Value* localId() const { return query(kir::kLocalId); }
    Value* groupId() const { return query(kir::kGroupId); }
    // In front of everything: liftQueries() has put those there that the kernel had.
    Value* query(std::string_view name) const {
        BasicBlock& entry = kernel_.getEntryBlock();
        llvm::FunctionCallee function = builtinDeclaration(*kernel_.getParent(), name);
        for (Instruction& instruction : entry) {
            auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
            if (call != nullptr && call->getCalledOperand() == function.getCallee() && builtinDimension(*call) == 0U) {
                return call;
            }
        }
        llvm::IRBuilder<> at(&entry, entry.getFirstNonPHIOrDbgOrAlloca());
        return at.CreateCall(function, {at.getInt32(0)});
    }

    void split(llvm::Loop& loop, Plan plan, llvm::SmallPtrSetImpl<BasicBlock*>& done) {
        // Before the control flow changes under its analyses.
        BasicBlock* preheader = loop.getLoopPreheader();
        Instruction* before = preheader->getTerminator();
        llvm::Type* type = plan.condition.bound->getType();
        llvm::SmallPtrSet<Value*, 8> indices;
        for (BasicBlock* block : loop.blocks()) {
            for (Instruction& instruction : *block) {
                if (instruction.getType() == type && evolution_.getSCEV(&instruction) == plan.index) {
                    indices.insert(&instruction);
                }
            }
        }
        Value* id = localId();
        llvm::SCEVExpander expander(evolution_, "common", /*PreserveLCSSA=*/false);
        Value* first = expander.expandCodeFor(plan.first, type, before);
        Value* step = expander.expandCodeFor(plan.index->getStepRecurrence(evolution_), type, before);
        std::vector<BasicBlock*> blocks(loop.block_begin(), loop.block_end());
        BasicBlock* header = loop.getHeader();
        if (plan.guard != nullptr) {
            header = moveConditionUp(loop, plan);
            blocks.insert(blocks.begin(), header);
        }
        done.insert(header);
        copyLoop(blocks, header, preheader, plan, {first, step, id}, indices);
    }

    // do { } while behind a guard becomes while: returns the new header, which is but the condition.
    BasicBlock* moveConditionUp(llvm::Loop& loop, Plan& plan) {
        BasicBlock* preheader = loop.getLoopPreheader();
        BasicBlock* latch = loop.getLoopLatch();
        BasicBlock* body = loop.getHeader();
        BasicBlock* exit = loop.getExitBlock();
        BasicBlock* behind = exit->getSingleSuccessor();
        const Condition begins = *conditionOf(*plan.guard, preheader);
        BasicBlock* header = BasicBlock::Create(kernel_.getContext(), "round", &kernel_, body);
        llvm::IRBuilder<> at(header);
        const auto either = [&](Value* none, Value* some) -> Value* {
            for (PHINode& known : header->phis()) {
                if (known.getIncomingValueForBlock(preheader) == none &&
                    known.getIncomingValueForBlock(latch) == some) {
                    return &known;
                }
            }
            PHINode* phi = at.CreatePHI(none->getType(), 2);
            phi->addIncoming(none, preheader);
            phi->addIncoming(some, latch);
            return phi;
        };
        for (PHINode& phi : llvm::make_early_inc_range(body->phis())) {
            phi.moveBefore(*header, header->end());
        }
        Value* index = either(begins.index, plan.condition.index);
        // What is read behind the loop: where the guard leads, or where the loop ends.
        for (PHINode& phi : behind->phis()) {
            Value* ended = phi.getIncomingValueForBlock(exit);
            if (auto* inner = llvm::dyn_cast<PHINode>(ended); inner != nullptr && inner->getParent() == exit) {
                ended = inner->getIncomingValueForBlock(latch);
            }
            phi.setIncomingValueForBlock(exit, either(phi.getIncomingValueForBlock(plan.guard), ended));
            phi.removeIncomingValue(plan.guard, /*DeletePHIIfEmpty=*/false);
        }
        for (PHINode& phi : llvm::make_early_inc_range(exit->phis())) {
            phi.replaceAllUsesWith(llvm::PoisonValue::get(phi.getType())); // its users were the phis behind it
            phi.eraseFromParent();
        }
        at.CreateCondBr(at.CreateICmp(plan.condition.predicate, index, plan.condition.bound), body, exit);
        for (const auto& [block, to] : {std::pair(plan.guard, preheader), {preheader, header}, {latch, header}}) {
            block->getTerminator()->eraseFromParent();
            llvm::BranchInst::Create(to, block);
        }
        return header;
    }

    struct Inputs {
        Value* first;
        Value* step;
        Value* id;
    };

    // The iterations of all, between the preheader and the loop.
    void copyLoop(const std::vector<BasicBlock*>& blocks, BasicBlock* header, BasicBlock* preheader, const Plan& plan,
                  const Inputs& inputs, const llvm::SmallPtrSetImpl<Value*>& indices) {
        llvm::ValueToValueMapTy map;
        llvm::SmallVector<BasicBlock*, 8> copies;
        for (BasicBlock* block : blocks) {
            BasicBlock* copy = llvm::CloneBasicBlock(block, map, ".all", &kernel_);
            copy->moveBefore(header);
            map[block] = copy;
            copies.push_back(copy);
        }
        llvm::remapInstructionsInBlocks(copies, map);
        auto* top = llvm::cast<BasicBlock>(map[header]);
        BasicBlock* rest = BasicBlock::Create(kernel_.getContext(), "rest", &kernel_, header);
        llvm::BranchInst::Create(header, rest);
        preheader->getTerminator()->replaceSuccessorWith(header, top);
        for (PHINode& phi : header->phis()) {
            const int old = phi.getBasicBlockIndex(preheader);
            phi.setIncomingValue(static_cast<unsigned>(old), map[&phi]);
            phi.setIncomingBlock(static_cast<unsigned>(old), rest);
        }
        // The condition of the last invocation, in what all have alike.
        llvm::Type* type = inputs.first->getType();
        const bool isSigned = plan.condition.predicate == llvm::CmpInst::ICMP_SLT;
        llvm::IRBuilder<> at(preheader->getTerminator());
        Value* reach = llvm::ConstantInt::get(type, plan.scale * (size_[0] - 1));
        Value* bound = at.CreateBinaryIntrinsic(isSigned ? llvm::Intrinsic::ssub_sat : llvm::Intrinsic::usub_sat,
                                                plan.condition.bound, reach);
        at.SetInsertPoint(top, top->begin());
        PHINode* common = at.CreatePHI(type, 2, "common");
        BasicBlock* latch = nullptr;
        for (BasicBlock* block : llvm::predecessors(top)) {
            latch = block != preheader ? block : latch;
        }
        at.SetInsertPoint(latch->getTerminator());
        common->addIncoming(inputs.first, preheader);
        common->addIncoming(at.CreateAdd(common, inputs.step), latch);
        auto* branch = llvm::cast<llvm::BranchInst>(top->getTerminator());
        BasicBlock* body =
            llvm::is_contained(copies, branch->getSuccessor(0)) ? branch->getSuccessor(0) : branch->getSuccessor(1);
        BasicBlock* start = BasicBlock::Create(kernel_.getContext(), "common", &kernel_, body);
        llvm::BranchInst::Create(body, start);
        body->replacePhiUsesWith(top, start);
        at.SetInsertPoint(branch);
        at.CreateCondBr(at.CreateICmp(plan.condition.predicate, common, bound), start, rest);
        branch->eraseFromParent();
        // The index, known not to wrap, wherever the condition has held.
        at.SetInsertPoint(start->getTerminator());
        Value* own = at.CreateZExtOrTrunc(inputs.id, type);
        if (plan.scale != 1) {
            own = at.CreateMul(own, llvm::ConstantInt::get(type, plan.scale), "", true, true);
        }
        Value* index = at.CreateAdd(common, own, "index", !isSigned, isSigned);
        for (Value* old : indices) {
            const auto found = map.find(old);
            if (found != map.end()) {
                found->second->replaceUsesWithIf(index, [&](const llvm::Use& use) {
                    const BasicBlock* user = llvm::cast<Instruction>(use.getUser())->getParent();
                    return user != top && llvm::is_contained(copies, user);
                });
            }
        }
    }

    llvm::Function& kernel_;
    const std::array<uint32_t, 3>& size_;
    llvm::LoopInfo& loops_;
    llvm::ScalarEvolution& evolution_;
    Uniformity uniformity_;
};

} // namespace

bool splitCommonIterations(llvm::Function& kernel, const std::array<uint32_t, 3>& workgroupSize) {
    llvm::SmallPtrSet<BasicBlock*, 8> done;
    for (unsigned i = 0; i < kMaxLoops; ++i) {
        Analyses analyses(nullptr);
        if (!Splitter(kernel, workgroupSize, analyses).splitOne(done)) {
            return i > 0;
        }
    }
    return true;
}

} // namespace halyard::jit
