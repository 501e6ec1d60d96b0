// What the two flavours name differently: extended instructions, exactness, bits, memory orders and barriers.
#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/spirv/kernel_emitter.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/Support/AtomicOrdering.h>

#include <spirv/unified1/GLSL.std.450.h>
#include <spirv/unified1/OpenCL.std.h>

namespace halyard::jit::spirv {

using ::spv::Op;
using Mask = ::spv::MemorySemanticsMask;

namespace {

constexpr uint32_t kAllMemory =
    static_cast<uint32_t>(Mask::WorkgroupMemory) | static_cast<uint32_t>(Mask::CrossWorkgroupMemory);

std::optional<uint32_t> openClInstruction(uint32_t glsl) {
    switch (glsl) {
    case GLSLstd450FAbs:
        return OpenCLLIB::Fabs;
    case GLSLstd450Floor:
        return OpenCLLIB::Floor;
    case GLSLstd450Ceil:
        return OpenCLLIB::Ceil;
    case GLSLstd450Trunc:
        return OpenCLLIB::Trunc;
    case GLSLstd450RoundEven:
        return OpenCLLIB::Rint;
    case GLSLstd450Sqrt:
        return OpenCLLIB::Sqrt;
    case GLSLstd450Fma:
        return OpenCLLIB::Fma;
    case GLSLstd450NMin:
        return OpenCLLIB::Fmin;
    case GLSLstd450NMax:
        return OpenCLLIB::Fmax;
    default:
        return std::nullopt;
    }
}

} // namespace

Id KernelEmitter::extended(uint32_t instruction, Id type, const Words& operands) {
    const std::optional<uint32_t> own = openClInstruction(instruction);
    if (!own) {
        refuse("instruction " + std::to_string(instruction) + " of GLSL.std.450");
        return 1;
    }
    Words words{module_.openCl(), *own};
    words.insert(words.end(), operands.begin(), operands.end());
    return emit(Op::OpExtInst, type, words);
}

// Arithmetic is exact unless it says otherwise; ContractionOff says so of the whole kernel.
Id KernelEmitter::exact(Id result, const llvm::Instruction* operation) {
    const auto* arithmetic = operation != nullptr ? llvm::dyn_cast<llvm::BinaryOperator>(operation) : nullptr;
    if (arithmetic == nullptr || !arithmetic->getType()->isFPOrFPVectorTy()) {
        return result;
    }
    using ::spv::FPFastMathModeMask;
    uint32_t mode = 0;
    const auto add = [&](bool is, FPFastMathModeMask bit) { mode |= is ? static_cast<uint32_t>(bit) : 0; };
    add(arithmetic->hasNoNaNs(), FPFastMathModeMask::NotNaN);
    add(arithmetic->hasNoInfs(), FPFastMathModeMask::NotInf);
    add(arithmetic->hasNoSignedZeros(), FPFastMathModeMask::NSZ);
    add(arithmetic->hasAllowReciprocal(), FPFastMathModeMask::AllowRecip);
    add(arithmetic->isFast(), FPFastMathModeMask::Fast);
    if (mode != 0) {
        module_.decorate(result, ::spv::Decoration::FPFastMathMode, {mode});
    }
    return result;
}

Id KernelEmitter::countBits(const llvm::IntrinsicInst& call) {
    const Id type = typeOf(call.getType());
    const Id value = valueOf(call.getArgOperand(0));
    if (call.getIntrinsicID() == llvm::Intrinsic::ctpop) {
        return emit(Op::OpBitCount, type, {value});
    }
    const uint32_t instruction = call.getIntrinsicID() == llvm::Intrinsic::ctlz ? OpenCLLIB::Clz : OpenCLLIB::Ctz;
    return emit(Op::OpExtInst, type, {module_.openCl(), instruction, value});
}

// OpBitReverse is for shaders: neighbours change places, then pairs, and so on.
Id KernelEmitter::reverseBits(Id value, uint32_t bits) {
    const Id type = module_.intType(bits);
    for (uint32_t step = 1; step < bits; step *= 2) {
        uint64_t low = 0;
        for (uint32_t i = 0; i < bits; ++i) {
            low |= (i / step) % 2 == 0 ? uint64_t{1} << i : 0;
        }
        const Id mask = module_.constant(bits, low);
        const Id by = module_.constant(bits, step);
        const Id down = emit(Op::OpBitwiseAnd, type, {emit(Op::OpShiftRightLogical, type, {value, by}), mask});
        const Id up = emit(Op::OpShiftLeftLogical, type, {emit(Op::OpBitwiseAnd, type, {value, mask}), by});
        value = emit(Op::OpBitwiseOr, type, {down, up});
    }
    return value;
}

uint32_t KernelEmitter::semantics(llvm::AtomicOrdering ordering, bool loads, bool stores) const {
    if (ordering == llvm::AtomicOrdering::SequentiallyConsistent) {
        return static_cast<uint32_t>(Mask::SequentiallyConsistent) | kAllMemory;
    }
    const bool acquires = loads && llvm::isAcquireOrStronger(ordering);
    const bool releases = stores && llvm::isReleaseOrStronger(ordering);
    if (!acquires && !releases) {
        return 0;
    }
    return kAllMemory | static_cast<uint32_t>(acquires && releases ? Mask::AcquireRelease
                                              : acquires           ? Mask::Acquire
                                                                   : Mask::Release);
}

Id KernelEmitter::scopeOf(llvm::SyncScope::ID scope) {
    llvm::SmallVector<llvm::StringRef, 8> names;
    kernel_.getContext().getSyncScopeNames(names);
    const llvm::StringRef name = names[scope];
    const auto is = [&](std::string_view wanted) { return name == llvm::StringRef(wanted); };
    return u32(static_cast<uint32_t>(is(kir::kScopeDevice)       ? ::spv::Scope::Device
                                     : is(kir::kScopeWorkgroup)  ? ::spv::Scope::Workgroup
                                     : is(kir::kScopeSubgroup)   ? ::spv::Scope::Subgroup
                                     : is(kir::kScopeInvocation) ? ::spv::Scope::Invocation
                                                                 : ::spv::Scope::CrossDevice));
}

namespace {

// Of either flavour's semantics; memory without an order asks for one, as OpenCL C has it.
uint32_t kernelSemantics(uint32_t given) {
    constexpr uint32_t kOrders = 0x1e;
    if (given == 0) {
        return 0;
    }
    const uint32_t order = given & kOrders;
    return kAllMemory | (order != 0 ? order : static_cast<uint32_t>(Mask::AcquireRelease));
}

} // namespace

bool KernelEmitter::synchronise(const llvm::CallInst& call) {
    const Builtin builtin = builtinOf(call);
    if (builtin != Builtin::Barrier && builtin != Builtin::Fence) {
        return false;
    }
    const unsigned first = builtin == Builtin::Barrier ? 1 : 0;
    for (const llvm::Use& operand : call.args()) {
        if (!llvm::isa<llvm::ConstantInt>(operand)) {
            refuse("a barrier or fence whose scope or order varies");
            return true;
        }
    }
    const auto given = [&](unsigned index) {
        return static_cast<uint32_t>(llvm::cast<llvm::ConstantInt>(call.getArgOperand(index))->getZExtValue());
    };
    const uint32_t order = kernelSemantics(given(first + 1));
    constexpr uint32_t kInvocation = static_cast<uint32_t>(::spv::Scope::Invocation);
    // Newer numbers (a queue family, a shader call) are no scopes of OpenCL; the device's holds them.
    const Id memory = u32(given(first) > kInvocation ? static_cast<uint32_t>(kir::kScopeIdDevice) : given(first));
    if (builtin == Builtin::Fence) {
        if (order != 0) {
            emitVoid(Op::OpMemoryBarrier, {memory, u32(order)});
        }
        return true;
    }
    const uint32_t execution = given(0);
    if (execution != kir::kScopeIdWorkgroup && execution != kir::kScopeIdSubgroup) {
        refuse("a barrier of the whole grid");
        return true;
    }
    emitVoid(Op::OpControlBarrier, {u32(execution), memory, u32(order)});
    return true;
}

} // namespace halyard::jit::spirv
