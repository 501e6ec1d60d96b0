#include "jit/passes/spmd/gain.h"

#include "jit/passes/builtin.h"
#include "jit/passes/spmd/widen.h"

#include <cmath>

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/Analysis/VectorUtils.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::spmd {

using llvm::Instruction;

namespace {

constexpr double kLoop = 8;     // iterations that a loop is taken to have
constexpr uint64_t kRecord = 4; // elements of a small record, and what one access to it costs
constexpr double kExchange = 3; // of a lane into or out of a vector
// Of a lane's access to a place of its own, by an instruction for all of them and without one. Scalar instructions run
// side by side and those of a gather hardly do: measured with a sparse product, whose rows have places of their own.
constexpr double kGathered = 2.5;
constexpr double kPicked = 4;
// Lanes leave a loop one by one, and the others wait for the last: what a mean number of iterations costs more.
constexpr double kWaiting = 2;

// The cost of all lanes, where one scalar instruction costs 1.
double vectorCost(const Instruction& instruction, const Shapes& shapes, unsigned lanes,
                  const llvm::TargetTransformInfo& costs) {
    const double serial = lanes * (1 + kExchange);
    if (const llvm::Value* pointer = llvm::getLoadStorePointerOperand(&instruction)) {
        const LaneShape shape = shapes.of(pointer);
        const bool simple = llvm::isa<llvm::LoadInst>(instruction)
                                ? llvm::cast<llvm::LoadInst>(instruction).isSimple()
                                : llvm::cast<llvm::StoreInst>(instruction).isSimple();
        if (!simple) {
            return serial;
        }
        const llvm::DataLayout& data = instruction.getModule()->getDataLayout();
        const uint64_t size = data.getTypeStoreSize(llvm::getLoadStoreType(&instruction)).getFixedValue();
        const auto stride = shapes.likelyStride(pointer);
        if (shape.isUniform() || stride == static_cast<int64_t>(size)) {
            return 1;
        }
        if (stride && *stride > 0 && static_cast<uint64_t>(*stride) <= kRecord * size) {
            return kRecord; // rows and shuffles, more often than not (interleave.h)
        }
        llvm::Type* wide = wideType(llvm::getLoadStoreType(&instruction), lanes);
        const llvm::Align align = llvm::getLoadStoreAlignment(&instruction);
        const bool together =
            wide != nullptr && (llvm::isa<llvm::LoadInst>(instruction) ? costs.isLegalMaskedGather(wide, align)
                                                                       : costs.isLegalMaskedScatter(wide, align));
        return (together ? kGathered : kPicked) * lanes;
    }
    if (llvm::isa<llvm::AtomicRMWInst, llvm::AtomicCmpXchgInst>(instruction)) {
        return serial;
    }
    if (const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction)) {
        const Builtin builtin = builtinOf(*call);
        const bool plain = builtin != Builtin::None || llvm::isTriviallyVectorizable(call->getIntrinsicID()) ||
                           call->isLifetimeStartOrEnd() || !shapes.of(call).isVarying();
        return plain && builtin != Builtin::Printf ? 1 : serial;
    }
    if (instruction.isIntDivRem() && shapes.of(&instruction).isVarying()) {
        return serial;
    }
    return 1;
}

} // namespace

bool gains(const llvm::Function& function, const llvm::LoopInfo& loops, const Levels& levels, const Shapes& shapes,
           unsigned lanes, const llvm::TargetTransformInfo& costs) {
    double vector = 0;
    double scalar = 0;
    for (const llvm::BasicBlock& block : function) {
        const double times = std::pow(kLoop, loops.getLoopDepth(&block));
        bool waits = false;
        for (const Level* level = levels.nodeOf(&block).level; level != nullptr; level = level->parent) {
            waits = waits || level->divergent;
        }
        for (const Instruction& instruction : block) {
            vector += times * (waits ? kWaiting : 1) * vectorCost(instruction, shapes, lanes, costs);
            scalar += times * lanes;
        }
    }
    return vector < 0.8 * scalar;
}

} // namespace halyard::jit::spmd
