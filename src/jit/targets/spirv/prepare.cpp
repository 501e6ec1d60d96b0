#include "jit/targets/spirv/prepare.h"

#include "jit/kir.h"
#include "jit/passes/optimise.h"
#include "jit/targets/spirv/soften.h"
#include "jit/targets/spirv/wide_integers.h"

#include <llvm/Analysis/TargetTransformInfo.h>
#include <llvm/CodeGen/AtomicExpandUtils.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/Module.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Target/TargetMachine.h>
#include <llvm/Transforms/Scalar/InferAddressSpaces.h>
#include <llvm/Transforms/Scalar/Reg2Mem.h>
#include <llvm/Transforms/Scalar/Scalarizer.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>
#include <llvm/Transforms/Utils/FixIrreducible.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/LowerMemIntrinsics.h>
#include <llvm/Transforms/Utils/LowerSwitch.h>

namespace halyard::jit::spirv {
namespace {

constexpr uint64_t kArrayBytes = 512; // a GPU keeps them in registers

// Analyses of one function, for passes of LLVM's.
struct Analyses {
    explicit Analyses(llvm::TargetMachine* machine) : builder(machine) {
        builder.registerModuleAnalyses(modules);
        builder.registerCGSCCAnalyses(sccs);
        builder.registerFunctionAnalyses(functions);
        builder.registerLoopAnalyses(loops);
        builder.crossRegisterProxies(loops, functions, sccs, modules);
    }
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager sccs;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder;
};

template <typename T> llvm::SmallVector<T*, 16> allOf(llvm::Function& function) {
    llvm::SmallVector<T*, 16> found;
    for (llvm::Instruction& instruction : llvm::instructions(function)) {
        if (auto* match = llvm::dyn_cast<T>(&instruction)) {
            found.push_back(match);
        }
    }
    return found;
}

// Copies and fills of memory as loops: a device has no such instruction.
void lowerMemoryIntrinsics(llvm::Function& function, const llvm::TargetTransformInfo& costs) {
    for (auto* call : allOf<llvm::MemIntrinsic>(function)) {
        if (auto* copy = llvm::dyn_cast<llvm::MemCpyInst>(call)) {
            llvm::expandMemCpyAsLoop(copy, costs);
        } else if (auto* move = llvm::dyn_cast<llvm::MemMoveInst>(call)) {
            if (!llvm::expandMemMoveAsLoop(move, costs)) {
                continue;
            }
        } else if (auto* fill = llvm::dyn_cast<llvm::MemSetInst>(call)) {
            llvm::expandMemSetAsLoop(fill);
        }
        call->eraseFromParent();
    }
}

// A device has the integer operations; the rest is compare and exchange until it holds.
bool isNative(const llvm::AtomicRMWInst& operation) {
    switch (operation.getOperation()) {
    case llvm::AtomicRMWInst::Xchg:
        return true;
    case llvm::AtomicRMWInst::Add:
    case llvm::AtomicRMWInst::Sub:
    case llvm::AtomicRMWInst::And:
    case llvm::AtomicRMWInst::Or:
    case llvm::AtomicRMWInst::Xor:
    case llvm::AtomicRMWInst::Max:
    case llvm::AtomicRMWInst::Min:
    case llvm::AtomicRMWInst::UMax:
    case llvm::AtomicRMWInst::UMin:
        return operation.getType()->isIntegerTy();
    default:
        return false;
    }
}

void expandAtomics(llvm::Function& function) {
    for (auto* operation : allOf<llvm::AtomicRMWInst>(function)) {
        if (isNative(*operation)) {
            continue;
        }
        llvm::expandAtomicRMWToCmpXchg(operation, [](llvm::IRBuilderBase& builder, llvm::Value* pointer,
                                                     llvm::Value* loaded, llvm::Value* wanted, llvm::Align align,
                                                     llvm::AtomicOrdering ordering, llvm::SyncScope::ID scope,
                                                     llvm::Value*& success, llvm::Value*& found, llvm::Instruction*) {
            llvm::Type* type = wanted->getType();
            llvm::Type* integer = type->isFloatingPointTy() ? builder.getIntNTy(type->getScalarSizeInBits()) : type;
            auto* pair = builder.CreateAtomicCmpXchg(
                pointer, builder.CreateBitCast(loaded, integer), builder.CreateBitCast(wanted, integer), align,
                ordering, llvm::AtomicCmpXchgInst::getStrongestFailureOrdering(ordering), scope);
            success = builder.CreateExtractValue(pair, 1);
            found = builder.CreateBitCast(builder.CreateExtractValue(pair, 0), type);
        });
    }
    // The parts of a pair right behind it: a pair cannot be kept in a variable.
    for (auto* exchange : allOf<llvm::AtomicCmpXchgInst>(function)) {
        llvm::IRBuilder<> builder(exchange->getNextNode());
        llvm::Value* parts[] = {builder.CreateExtractValue(exchange, 0), builder.CreateExtractValue(exchange, 1)};
        for (llvm::User* user : llvm::make_early_inc_range(exchange->users())) {
            auto* part = llvm::dyn_cast<llvm::ExtractValueInst>(user);
            if (part != nullptr && part != parts[0] && part != parts[1]) {
                part->replaceAllUsesWith(parts[part->getIndices()[0]]);
                part->eraseFromParent();
            }
        }
    }
}

// Saturating arithmetic and arithmetic with overflow, in plain operations.
llvm::Value* saturated(llvm::IRBuilder<>& builder, llvm::IntrinsicInst& call) {
    if (call.arg_size() != 2) {
        return nullptr;
    }
    llvm::Value* a = call.getArgOperand(0);
    llvm::Value* b = call.getArgOperand(1);
    llvm::Type* type = call.getType();
    const unsigned bits = type->getScalarSizeInBits();
    switch (call.getIntrinsicID()) {
    case llvm::Intrinsic::uadd_sat: {
        llvm::Value* sum = builder.CreateAdd(a, b);
        return builder.CreateSelect(builder.CreateICmpULT(sum, a), llvm::Constant::getAllOnesValue(type), sum);
    }
    case llvm::Intrinsic::usub_sat:
        return builder.CreateSelect(builder.CreateICmpULT(a, b), llvm::Constant::getNullValue(type),
                                    builder.CreateSub(a, b));
    case llvm::Intrinsic::sadd_sat:
    case llvm::Intrinsic::ssub_sat: {
        const bool adds = call.getIntrinsicID() == llvm::Intrinsic::sadd_sat;
        llvm::Value* result = adds ? builder.CreateAdd(a, b) : builder.CreateSub(a, b);
        // It overflowed when the result's sign is another than it can be (Hacker's Delight, 2-13).
        llvm::Value* other = adds ? b : builder.CreateNot(b);
        llvm::Value* overflow = builder.CreateAnd(builder.CreateXor(a, result), builder.CreateXor(other, result));
        llvm::Value* sign = builder.CreateAShr(a, bits - 1);
        llvm::Value* limit =
            builder.CreateXor(sign, llvm::ConstantInt::get(type, llvm::APInt::getSignedMaxValue(bits)));
        return builder.CreateSelect(builder.CreateICmpSLT(overflow, llvm::Constant::getNullValue(type)), limit, result);
    }
    default:
        return nullptr;
    }
}

// A vector of booleans seen as an integer: each bit from its element.
void expandBooleanCasts(llvm::Function& function) {
    for (auto* cast : allOf<llvm::BitCastInst>(function)) {
        const auto* from = llvm::dyn_cast<llvm::FixedVectorType>(cast->getSrcTy());
        if (from == nullptr || !from->getElementType()->isIntegerTy(1) || !cast->getDestTy()->isIntegerTy()) {
            continue;
        }
        const unsigned count = from->getNumElements();
        llvm::IRBuilder<> builder(cast);
        llvm::Type* word = builder.getIntNTy(count <= 32 ? 32 : 64);
        llvm::Value* bits = llvm::ConstantInt::get(word, 0);
        for (unsigned i = 0; i < count && count <= 64; ++i) {
            llvm::Value* bit = builder.CreateZExt(builder.CreateExtractElement(cast->getOperand(0), i), word);
            bits = builder.CreateOr(bits, builder.CreateShl(bit, i));
        }
        // Comparisons with a constant are what becomes of it; the integer itself may have a width that no device has.
        for (llvm::User* user : llvm::make_early_inc_range(cast->users())) {
            auto* comparison = llvm::dyn_cast<llvm::ICmpInst>(user);
            const auto* constant =
                comparison != nullptr ? llvm::dyn_cast<llvm::ConstantInt>(comparison->getOperand(1)) : nullptr;
            if (constant == nullptr || comparison->isSigned() || count > 64) {
                continue;
            }
            llvm::IRBuilder<> behind(comparison);
            comparison->replaceAllUsesWith(
                behind.CreateICmp(comparison->getPredicate(), bits,
                                  llvm::ConstantInt::get(word, constant->getValue().zext(word->getIntegerBitWidth()))));
            comparison->eraseFromParent();
        }
        if (cast->use_empty()) {
            cast->eraseFromParent();
        }
    }
}

void expandIntrinsics(llvm::Function& function) {
    for (auto* call : allOf<llvm::IntrinsicInst>(function)) {
        llvm::IRBuilder<> builder(call);
        llvm::Value* result = nullptr;
        switch (call->getIntrinsicID()) {
        case llvm::Intrinsic::arithmetic_fence: // nothing is moved across it once the optimiser is done
            result = call->getArgOperand(0);
            break;
        case llvm::Intrinsic::bswap: {
            // The bytes in the other order, each from its place.
            llvm::Value* value = call->getArgOperand(0);
            llvm::Type* type = call->getType();
            const unsigned bits = type->getScalarSizeInBits();
            for (unsigned from = 0; from < bits; from += 8) {
                llvm::Value* byte =
                    builder.CreateAnd(builder.CreateLShr(value, from), llvm::ConstantInt::get(type, 255));
                byte = builder.CreateShl(byte, bits - 8 - from);
                result = result == nullptr ? byte : builder.CreateOr(result, byte);
            }
            break;
        }
        case llvm::Intrinsic::ucmp:
        case llvm::Intrinsic::scmp: {
            const bool isSigned = call->getIntrinsicID() == llvm::Intrinsic::scmp;
            llvm::Value* a = call->getArgOperand(0);
            llvm::Value* b = call->getArgOperand(1);
            llvm::Value* above = builder.CreateZExt(
                isSigned ? builder.CreateICmpSGT(a, b) : builder.CreateICmpUGT(a, b), call->getType());
            llvm::Value* below = builder.CreateZExt(
                isSigned ? builder.CreateICmpSLT(a, b) : builder.CreateICmpULT(a, b), call->getType());
            result = builder.CreateSub(above, below);
            break;
        }
        default:
            result = saturated(builder, *call);
            break;
        }
        if (result != nullptr) {
            call->replaceAllUsesWith(result);
            call->eraseFromParent();
        }
    }
}

// Private variables get an address space of their own, so that what follows their pointers knows what they are.
void placePrivate(llvm::Function& function) {
    for (auto* variable : allOf<llvm::AllocaInst>(function)) {
        llvm::IRBuilder<> builder(variable->getNextNode());
        llvm::SmallVector<llvm::Use*, 16> uses;
        for (llvm::Use& use : variable->uses()) {
            uses.push_back(&use);
        }
        llvm::Value* own = builder.CreateAddrSpaceCast(variable, builder.getPtrTy(kir::kPrivate));
        llvm::Value* generic = builder.CreateAddrSpaceCast(own, builder.getPtrTy(kir::kGeneric));
        for (llvm::Use* use : uses) {
            use->set(generic);
        }
    }
}

void foldEqualBranches(llvm::Function& function) {
    for (llvm::BasicBlock& block : function) {
        auto* branch = llvm::dyn_cast<llvm::BranchInst>(block.getTerminator());
        if (branch != nullptr && branch->isConditional() && branch->getSuccessor(0) == branch->getSuccessor(1)) {
            llvm::BasicBlock* target = branch->getSuccessor(0);
            target->removePredecessor(&block, true);
            llvm::BranchInst::Create(target, branch->getIterator());
            branch->eraseFromParent();
        }
    }
}

} // namespace

void prepare(llvm::Module& module, llvm::Function& kernel, llvm::TargetMachine& machine) {
    simplify(module, machine, kArrayBytes);
    optimise(module, machine);
    Analyses analyses(&machine);
    lowerMemoryIntrinsics(kernel, analyses.functions.getResult<llvm::TargetIRAnalysis>(kernel));
    llvm::FunctionPassManager scalars;
    llvm::ScalarizerPassOptions options;
    options.ScalarizeLoadStore = true;
    scalars.addPass(llvm::ScalarizerPass(options));
    scalars.run(kernel, analyses.functions);
    expandAtomics(kernel);
    expandFloats(kernel);
    expandIntrinsics(kernel);
    expandBooleanCasts(kernel);
    placePrivate(kernel);
    analyses.functions.clear();
    llvm::FunctionPassManager spaces;
    spaces.addPass(llvm::InferAddressSpacesPass(kir::kGeneric));
    spaces.run(kernel, analyses.functions);
}

void separateBlocks(llvm::Function& kernel) {
    Analyses analyses(nullptr);
    llvm::FunctionPassManager flow;
    flow.addPass(llvm::LowerSwitchPass());
    flow.run(kernel, analyses.functions);
    llvm::removeUnreachableBlocks(kernel);
    // fix-irreducible miscompiles a branch whose two targets are one (llvm-project#191979).
    foldEqualBranches(kernel);
    analyses.functions.clear();
    llvm::FunctionPassManager rest;
    rest.addPass(llvm::FixIrreduciblePass());
    rest.addPass(llvm::RegToMemPass());
    rest.run(kernel, analyses.functions);
    foldEqualBranches(kernel);
    splitWideIntegers(kernel);
}

} // namespace halyard::jit::spirv
