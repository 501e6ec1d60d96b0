#include "jit/passes/private_arrays.h"

#include <llvm/ADT/SetVector.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/ScalarEvolution.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/Transforms/Utils/LoopUtils.h>

namespace halyard::jit {

namespace {

constexpr uint64_t kMaxUnrolled = 2048; // instructions of one outermost loop, once unrolled
constexpr uint64_t kMaxAnyway = 150;    // what LLVM unrolls by itself

// Whether the address is `variable` plus counters of loops and constants.
bool isKnownOnceUnrolled(const llvm::SCEV* address, const llvm::AllocaInst& variable) {
    return !llvm::SCEVExprContains(address, [&](const llvm::SCEV* part) {
        const auto* unknown = llvm::dyn_cast<llvm::SCEVUnknown>(part);
        return llvm::isa<llvm::SCEVCouldNotCompute>(part) || (unknown != nullptr && unknown->getValue() != &variable);
    });
}

class Planner {
public:
    Planner(llvm::LoopInfo& loops, llvm::ScalarEvolution& evolution, const llvm::DataLayout& data, uint64_t arrayBytes)
        : loops_(loops), evolution_(evolution), data_(data), arrayBytes_(arrayBytes) {}

    // Adds the loops around `access` that decide which element of a private array it touches.
    void add(llvm::Instruction& access) {
        llvm::Value* pointer = llvm::getLoadStorePointerOperand(&access);
        if (pointer == nullptr || loops_.getLoopFor(access.getParent()) == nullptr) {
            return;
        }
        const auto* variable = llvm::dyn_cast<llvm::AllocaInst>(llvm::getUnderlyingObject(pointer));
        if (variable == nullptr || !variable->isStaticAlloca() ||
            variable->getAllocationSize(data_).value_or(llvm::TypeSize::getFixed(arrayBytes_ + 1)) > arrayBytes_) {
            return;
        }
        const llvm::SCEV* address = evolution_.getSCEV(pointer);
        if (!isKnownOnceUnrolled(address, *variable)) {
            return;
        }
        for (llvm::Loop* loop = loops_.getLoopFor(access.getParent()); loop != nullptr; loop = loop->getParentLoop()) {
            if (!evolution_.isLoopInvariant(address, loop)) {
                wanted_.insert(loop);
            }
        }
    }

    void mark() {
        for (llvm::Loop* loop : loops_.getTopLevelLoops()) {
            markNest(*loop);
        }
    }

private:
    // Returns the number of instructions of `loop` once unrolled; more than the limit when it stays a loop. Copies of a
    // loop that stays would each be optimised by themselves, so the loops around it stay too.
    uint64_t markNest(llvm::Loop& loop) {
        uint64_t size = 0;
        for (const llvm::BasicBlock* block : loop.blocks()) {
            size += loops_.getLoopFor(block) == &loop ? block->size() : 0;
        }
        for (llvm::Loop* inner : loop) {
            size += markNest(*inner);
        }
        const uint64_t count = evolution_.getSmallConstantTripCount(&loop);
        const bool wanted = wanted_.contains(&loop);
        if (count == 0 || size * count > (wanted ? kMaxUnrolled : kMaxAnyway)) {
            return kMaxUnrolled + 1;
        }
        if (wanted) {
            llvm::addStringMetadataToLoop(&loop, "llvm.loop.unroll.full");
        }
        return size * count;
    }

    llvm::LoopInfo& loops_;
    llvm::ScalarEvolution& evolution_;
    const llvm::DataLayout& data_;
    uint64_t arrayBytes_;
    llvm::SmallPtrSet<llvm::Loop*, 8> wanted_;
};

} // namespace

llvm::PreservedAnalyses UnrollPrivateArraysPass::run(llvm::Function& function,
                                                     llvm::FunctionAnalysisManager& analyses) {
    Planner planner(analyses.getResult<llvm::LoopAnalysis>(function),
                    analyses.getResult<llvm::ScalarEvolutionAnalysis>(function), function.getDataLayout(), arrayBytes);
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        planner.add(instruction);
    }
    planner.mark();
    return llvm::PreservedAnalyses::all();
}

} // namespace halyard::jit
