#include "jit/passes/spmd/vectorise.h"

#include "jit/passes/builtin.h"
#include "jit/passes/loop_extents.h"
#include "jit/passes/spmd/flow.h"
#include "jit/passes/spmd/gain.h"
#include "jit/passes/spmd/private_rows.h"
#include "jit/passes/spmd/row_guards.h"
#include "jit/passes/spmd/split_rows.h"
#include "jit/passes/spmd/whole_vectors.h"

#include <memory>

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/Analysis/CFG.h>
#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/IR/CFG.h>
#include <llvm/IR/ConstantRange.h>
#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/Scalarizer.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/LCSSA.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LoopSimplify.h>
#include <llvm/Transforms/Utils/LowerSwitch.h>

namespace halyard::jit::spmd {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::Value;

namespace {

constexpr unsigned kMaxLanes = 32; // bits of a mask
constexpr uint64_t kRegistersPerValue = 2;

struct Erased {
    void operator()(llvm::Function* function) const { function->eraseFromParent(); }
};
using Owned = std::unique_ptr<llvm::Function, Erased>;

void unifyReturns(llvm::Function& function) {
    llvm::SmallVector<llvm::ReturnInst*, 4> returns;
    for (BasicBlock& block : function) {
        if (auto* terminator = llvm::dyn_cast<llvm::ReturnInst>(block.getTerminator())) {
            returns.push_back(terminator);
        }
    }
    if (returns.size() < 2) {
        return;
    }
    BasicBlock* exit = BasicBlock::Create(function.getContext(), "exit", &function);
    llvm::ReturnInst::Create(function.getContext(), exit);
    for (llvm::ReturnInst* terminator : returns) {
        llvm::BranchInst::Create(exit, terminator->getIterator());
        terminator->eraseFromParent();
    }
}

// What the ids are below: an index that is an id cut to 32 bits and extended again then is the id, and a row.
void boundIds(llvm::Function& function, const std::array<uint32_t, 3>& workgroupSize) {
    for (Instruction& instruction : llvm::instructions(function)) {
        const Builtin builtin = builtinOf(instruction);
        if (builtin != Builtin::GlobalId && builtin != Builtin::LocalId) {
            continue;
        }
        auto& call = llvm::cast<llvm::CallInst>(instruction);
        const auto dimension = builtinDimension(call);
        const bool local = builtin == Builtin::LocalId && dimension && *dimension < 3;
        const uint64_t end = local ? workgroupSize[*dimension] : uint64_t{1} << 31;
        call.addRangeRetAttr(llvm::ConstantRange(llvm::APInt(64, 0), llvm::APInt(64, end)));
    }
}

// Integers that are cut and extended again, in those words: InstCombine writes shifts and masks, of which shapes.h
// knows less. (x << a) >> b is the low bits of x, extended, and moved up by a - b.
void spellExtensions(llvm::Function& function) {
    using namespace llvm::PatternMatch;
    for (Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(function))) {
        Value* source = nullptr;
        const llvm::APInt* up = nullptr;
        const llvm::APInt* down = nullptr;
        llvm::IRBuilder<> at(&instruction);
        Value* spelt = nullptr;
        if (!instruction.getType()->isIntegerTy(64)) {
            continue;
        }
        if (match(&instruction, m_AShr(m_Shl(m_Value(source), m_APInt(up)), m_APInt(down))) && up->ult(57) &&
            !up->isZero() && down->ule(*up)) {
            const auto bits = static_cast<unsigned>(64 - up->getZExtValue());
            Value* cut = at.CreateTrunc(source, at.getIntNTy(bits));
            spelt = at.CreateShl(at.CreateSExt(cut, at.getInt64Ty()), (*up - *down).getZExtValue());
        } else if (match(&instruction, m_And(m_Value(source), m_SpecificInt(0xffffffff)))) {
            spelt = at.CreateZExt(at.CreateTrunc(source, at.getInt32Ty()), at.getInt64Ty());
        }
        if (spelt != nullptr) {
            instruction.replaceAllUsesWith(spelt);
            instruction.eraseFromParent();
        }
    }
}

// Scalars in place of vectors, branches in place of switches, loops in the forms that levels.h wants.
void prepare(llvm::Function& function) {
    llvm::PassBuilder builder;
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager sccs;
    llvm::ModuleAnalysisManager modules;
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(sccs);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, sccs, modules);
    llvm::ScalarizerPassOptions scalars;
    scalars.ScalarizeLoadStore = true;
    llvm::FunctionPassManager folds;
    folds.addPass(llvm::InstCombinePass(llvm::InstCombineOptions().setVerifyFixpoint(false)));
    folds.run(function, functions);
    spellExtensions(function);
    functions.clear();
    llvm::FunctionPassManager passes;
    passes.addPass(llvm::ScalarizerPass(scalars));
    passes.addPass(llvm::LowerSwitchPass());
    passes.addPass(llvm::LoopSimplifyPass());
    passes.addPass(llvm::LCSSAPass());
    passes.run(function, functions);
}

// Whether lanes come to the block from different iterations of a loop that it belongs to, as each iteration's own.
bool isBetweenIterations(const BasicBlock& block, const std::vector<LoopExtent>& extents, const Levels& levels) {
    return llvm::any_of(extents, [&](const LoopExtent& extent) {
        return extent.blocks.contains(&block) && !extent.loop->contains(&block) &&
               levels.nodeOf(extent.loop->getHeader()).level->divergent;
    });
}

std::string problemOf(const Instruction& instruction, const Levels& levels, const Shapes& shapes, unsigned lanes) {
    const auto text = [&] { return std::string("the instruction '") + instruction.getOpcodeName() + "' on lanes"; };
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        const Builtin builtin = builtinOf(*call);
        if (builtin == Builtin::Barrier && !shapes.isLaneBarrier(*call) &&
            !isFull(levels.nodeOf(instruction.getParent()))) {
            return "a barrier that not all invocations may come to";
        }
        if (call->isInlineAsm() || call->getCalledFunction() == nullptr) {
            return text();
        }
    }
    if (instruction.isTerminator() &&
        !llvm::isa<llvm::BranchInst, llvm::ReturnInst, llvm::UnreachableInst>(instruction)) {
        return text();
    }
    if (llvm::isa<llvm::AllocaInst>(instruction) &&
        (instruction.getParent() != &instruction.getFunction()->getEntryBlock() ||
         !llvm::cast<llvm::AllocaInst>(instruction).isStaticAlloca())) {
        return text();
    }
    const auto has = [&](const Value& value) { return wideType(value.getType(), lanes) != nullptr; };
    const LaneShape shape = instruction.getType()->isVoidTy() ? LaneShape::uniform() : shapes.of(&instruction);
    if (!shape.isKnown()) {
        return "a value that nothing defines";
    }
    if (shape.isVarying() && !has(instruction)) {
        return text();
    }
    if (shape.isVarying() && instruction.getType()->isStructTy() &&
        llvm::isa<llvm::PHINode, llvm::SelectInst>(instruction)) {
        return text();
    }
    for (const Value* operand : instruction.operands()) {
        const LaneShape of = shapes.of(operand);
        const bool fixed = llvm::isa<BasicBlock, llvm::Function, llvm::MetadataAsValue>(operand);
        if (!fixed && (shape.isVarying() || instruction.getType()->isVoidTy()) && of.isVarying() && !has(*operand)) {
            return text();
        }
        // Operands are picked out lane by lane only of vectors.
        if (!fixed && of.isVarying() && operand->getType()->isStructTy() &&
            !llvm::isa<llvm::ExtractValueInst, llvm::InsertValueInst>(instruction)) {
            return text();
        }
    }
    // An aggregate or a vector that is the same for all lanes, in an operation that is not.
    if (shape.isVarying() && !llvm::isa<llvm::CallInst, llvm::LoadInst, llvm::PHINode>(instruction)) {
        for (const Value* operand : instruction.operands()) {
            if (!llvm::isa<BasicBlock, llvm::Function>(operand) && !has(*operand)) {
                return text();
            }
        }
    }
    return "";
}

// What is known of the function as it is.
struct Analysis {
    Analysis(llvm::Function& function, const Lanes& lanes)
        : dominators(function), loops(dominators), levels(function, loops), problem(levels.problem()) {
        if (problem.empty()) {
            shapes = std::make_unique<Shapes>(function, levels, lanes);
            problem = levels.problem();
        }
    }

    llvm::DominatorTree dominators;
    llvm::LoopInfo loops;
    Levels levels;
    std::unique_ptr<Shapes> shapes;
    std::string problem;
};

// Why the function cannot be vectorised, or "".
std::string problemOf(llvm::Function& function, const Analysis& analysis, unsigned lanes) {
    std::string why = analysis.problem;
    const std::vector<LoopExtent> extents = loopExtents(function, analysis.dominators, analysis.loops);
    for (const Instruction& instruction : llvm::instructions(function)) {
        if (!why.empty()) {
            return why;
        }
        why = problemOf(instruction, analysis.levels, *analysis.shapes, lanes);
        if (builtinOf(instruction) == Builtin::Collective &&
            isBetweenIterations(*instruction.getParent(), extents, analysis.levels)) {
            why = "an operation of those that leave a loop together";
        }
    }
    return why;
}

} // namespace

llvm::Function* vectorise(llvm::Function& kernel, const Lanes& lanes, const llvm::TargetMachine* weigh,
                          std::string& why) {
    for (const Instruction& instruction : llvm::instructions(kernel)) {
        const Builtin builtin = builtinOf(instruction);
        if (builtin == Builtin::Collective) {
            if (!isLaneOperation(llvm::cast<llvm::CallInst>(instruction))) {
                why = "operations of the workgroup";
                return nullptr;
            }
            if (lanes.subgroupSize != lanes.count) {
                why = "operations of a subgroup that is not the lanes";
                return nullptr;
            }
        }
        const bool asksSubgroups =
            builtin == Builtin::SubgroupId || builtin == Builtin::SubgroupLocalId || builtin == Builtin::SubgroupSize;
        if (asksSubgroups && lanes.subgroupSize % lanes.count != 0) {
            why = "subgroups smaller than a vector";
            return nullptr;
        }
    }
    llvm::ValueToValueMapTy map;
    const Owned work(llvm::CloneFunction(&kernel, map));
    llvm::removeUnreachableBlocks(*work);
    unifyReturns(*work);
    splitAtRegionEnds(*work);
    if (lanes.masked != MaskedMemory::All) {
        splitWholeVectors(*work);
    }
    guardRows(*work, lanes.count);
    boundIds(*work, lanes.workgroupSize);
    prepare(*work);
    spreadPrivateArrays(*work, lanes.count);
    const llvm::DominatorTree dominators(*work);
    const llvm::LoopInfo loops(dominators);
    const llvm::ReversePostOrderTraversal<llvm::Function*> order(work.get());
    if (llvm::containsIrreducibleCFG<BasicBlock*>(order, loops)) {
        why = "irreducible control flow";
        return nullptr;
    }
    auto analysis = std::make_unique<Analysis>(*work, lanes);
    why = problemOf(*work, *analysis, lanes.count);
    if (why.empty() && weigh != nullptr &&
        !gains(*work, analysis->loops, analysis->levels, *analysis->shapes, lanes.count,
               weigh->getTargetTransformInfo(*work))) {
        why = "no gain: too much is done one lane after the other";
    }
    const BlockSet apart = why.empty() ? splitRows(*work, analysis->levels, *analysis->shapes) : BlockSet{};
    if (!apart.empty()) {
        analysis = std::make_unique<Analysis>(*work, lanes);
        why = analysis->problem;
    }
    if (!why.empty()) {
        return nullptr;
    }
    auto* vector = llvm::Function::Create(kernel.getFunctionType(), kernel.getLinkage(), kernel.getName() + ".lanes",
                                          kernel.getParent());
    vector->copyAttributesFrom(&kernel);
    vector->setSubprogram(work->getSubprogram());
    Flow(*work, *vector, analysis->levels, *analysis->shapes, lanes.count, apart).emit();
    return vector;
}

unsigned chooseLanes(const llvm::Function& kernel, const llvm::TargetMachine& machine,
                     const std::array<uint32_t, 3>& workgroupSize, uint32_t subgroupSize) {
    bool asksSubgroups = false;
    bool doubles = false;
    for (const Instruction& instruction : llvm::instructions(kernel)) {
        const Builtin builtin = builtinOf(instruction);
        if (builtin == Builtin::Collective && subgroupSize >= 4 && subgroupSize <= kMaxLanes &&
            workgroupSize[0] % subgroupSize == 0) {
            return subgroupSize;
        }
        asksSubgroups = asksSubgroups || builtin == Builtin::SubgroupId || builtin == Builtin::SubgroupLocalId ||
                        builtin == Builtin::SubgroupSize;
        doubles = doubles || instruction.getType()->getScalarType()->isDoubleTy();
    }
    const llvm::TargetTransformInfo costs = machine.getTargetTransformInfo(kernel);
    const uint64_t bits = costs.getRegisterBitWidth(llvm::TargetTransformInfo::RGK_FixedWidthVector).getFixedValue();
    // Two registers for each value: an instruction of one need not wait for that of the other, and what is done once
    // for all lanes is done half as often.
    unsigned lanes = std::min(kMaxLanes, static_cast<unsigned>(kRegistersPerValue * bits / (doubles ? 64 : 32)));
    if (asksSubgroups) {
        lanes = std::min(lanes, subgroupSize);
    }
    while (lanes > 1 && workgroupSize[0] % lanes != 0) {
        lanes /= 2;
    }
    return lanes >= 4 ? lanes : 1;
}

MaskedMemory maskedMemory(const llvm::TargetMachine& machine) {
    if (!machine.getTargetTriple().isX86()) {
        return MaskedMemory::None; // as far as code for vectors of one size goes
    }
    const llvm::MCSubtargetInfo& processor = *machine.getMCSubtargetInfo();
    // Stores under AVX2's masks are slow on processors of one vendor: a dozen cycles each.
    return processor.checkFeatures("+avx512vl") ? MaskedMemory::All
           : processor.checkFeatures("+avx")    ? MaskedMemory::Loads
                                                : MaskedMemory::None;
}

} // namespace halyard::jit::spmd
