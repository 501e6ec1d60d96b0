// Ids and sizes of the Kernel flavour: built-in variables.
#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/spirv/kernel_emitter.h"

namespace halyard::jit::spirv {

using ::spv::BuiltIn;
using ::spv::Op;

namespace {

std::optional<BuiltIn> ofDimensions(Builtin builtin) {
    switch (builtin) {
    case Builtin::GlobalId:
        return BuiltIn::GlobalInvocationId;
    case Builtin::LocalId:
        return BuiltIn::LocalInvocationId;
    case Builtin::GroupId:
        return BuiltIn::WorkgroupId;
    case Builtin::GlobalSize:
        return BuiltIn::GlobalSize;
    case Builtin::LocalSize:
        return BuiltIn::WorkgroupSize;
    case Builtin::NumGroups:
        return BuiltIn::NumWorkgroups;
    case Builtin::GlobalOffset:
        return BuiltIn::GlobalOffset;
    default:
        return std::nullopt;
    }
}

std::optional<BuiltIn> ofSubgroups(Builtin builtin, bool countsPartial) {
    switch (builtin) {
    case Builtin::SubgroupSize: // a shader's says what a full one has
        return countsPartial ? BuiltIn::SubgroupSize : BuiltIn::SubgroupMaxSize;
    case Builtin::SubgroupMaxSize:
        return BuiltIn::SubgroupMaxSize;
    case Builtin::NumSubgroups:
        return BuiltIn::NumSubgroups;
    case Builtin::SubgroupId:
        return BuiltIn::SubgroupId;
    case Builtin::SubgroupLocalId:
        return BuiltIn::SubgroupLocalInvocationId;
    default:
        return std::nullopt;
    }
}

} // namespace

bool KernelEmitter::query(const llvm::CallInst& call) {
    const Builtin builtin = builtinOf(call);
    if (const std::optional<BuiltIn> which = ofDimensions(builtin)) {
        const Id type = module_.vectorType(uint64Type(), 3);
        const Id all = emit(Op::OpLoad, type, {module_.builtin(*which, type)});
        const auto part = [&](uint32_t i) { return emit(Op::OpCompositeExtract, uint64Type(), {all, i}); };
        if (const std::optional<unsigned> constant = builtinDimension(call)) {
            define(&call, part(*constant));
            return true;
        }
        const Id dimension = valueOf(call.getArgOperand(0));
        const uint32_t bits = bitsOf(call.getArgOperand(0)->getType());
        Id result = part(2);
        for (uint32_t i = 2; i-- > 0;) {
            const Id is = emit(Op::OpIEqual, module_.boolType(), {dimension, module_.constant(bits, i)});
            result = emit(Op::OpSelect, uint64Type(), {is, part(i), result});
        }
        define(&call, result);
        return true;
    }
    const bool countsPartial = info_.flavour == halyard::spv::Flavour::Kernel;
    if (const std::optional<BuiltIn> which = ofSubgroups(builtin, countsPartial)) {
        define(&call, emit(Op::OpLoad, uint32Type(), {module_.builtin(*which, uint32Type())}));
        return true;
    }
    switch (builtin) {
    case Builtin::LocalLinearId:
    case Builtin::GlobalLinearId: {
        const BuiltIn which =
            builtin == Builtin::LocalLinearId ? BuiltIn::LocalInvocationIndex : BuiltIn::GlobalLinearId;
        define(&call, emit(Op::OpLoad, uint64Type(), {module_.builtin(which, uint64Type())}));
        return true;
    }
    case Builtin::Printf:
        refuse("printf");
        return true;
    case Builtin::PointerSpace: {
        const Id pointer = valueOf(call.getArgOperand(0));
        const Id memory = emit(Op::OpGenericPtrMemSemantics, uint32Type(), {pointer});
        const auto in = [&](::spv::MemorySemanticsMask mask) {
            const Id bit = emit(Op::OpBitwiseAnd, uint32Type(), {memory, u32(static_cast<uint32_t>(mask))});
            return emit(Op::OpINotEqual, module_.boolType(), {bit, u32(0)});
        };
        const Id address = comparable(pointer, call.getArgOperand(0)->getType());
        const Id isNull = emit(Op::OpIEqual, module_.boolType(), {address, u64(0)});
        const Id isGlobal =
            emit(Op::OpLogicalOr, module_.boolType(), {isNull, in(::spv::MemorySemanticsMask::CrossWorkgroupMemory)});
        const Id isWorkgroup = in(::spv::MemorySemanticsMask::WorkgroupMemory);
        const Id other = emit(Op::OpSelect, uint32Type(), {isWorkgroup, u32(kir::kWorkgroup), u32(kir::kPrivate)});
        define(&call, emit(Op::OpSelect, uint32Type(), {isGlobal, u32(kir::kGlobal), other}));
        return true;
    }
    default:
        return false;
    }
}

} // namespace halyard::jit::spirv
