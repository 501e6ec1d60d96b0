// Ids and sizes. A workgroup is one-dimensional to the driver (vulkan_kernel_abi.h), so that subgroups are consecutive
// invocations; the three dimensions are computed.
#include "jit/kir.h"
#include "jit/passes/builtin.h"
#include "jit/targets/spirv/emitter.h"

namespace halyard::jit::spirv {

using ::spv::Op;

Id Emitter::groupComponent(::spv::BuiltIn builtin, uint32_t dimension) {
    const Id vector = module_.vectorType(uint32Type(), 3);
    const Id all = emit(Op::OpLoad, vector, {module_.builtin(builtin, vector)});
    return emit(Op::OpCompositeExtract, uint32Type(), {all, dimension});
}

Id Emitter::localComponent(uint32_t dimension) {
    const Id linear =
        emit(Op::OpLoad, uint32Type(), {module_.builtin(::spv::BuiltIn::LocalInvocationIndex, uint32Type())});
    if (dimension == 0) {
        return emit(Op::OpUMod, uint32Type(), {linear, sizes_[0]});
    }
    const Id rows = emit(Op::OpUDiv, uint32Type(), {linear, sizes_[0]});
    return dimension == 1 ? emit(Op::OpUMod, uint32Type(), {rows, sizes_[1]})
                          : emit(Op::OpUDiv, uint32Type(), {rows, sizes_[1]});
}

// 32 bits of the HyVulkanLaunch.
Id Emitter::launchWord(uint32_t offset) {
    const Id at = offset == 0 ? launch_ : emit(Op::OpIAdd, uint64Type(), {launch_, u64(offset)});
    return loadGlobal(at, 32, 1, 4, false);
}

bool Emitter::query(const llvm::CallInst& call) {
    const Builtin builtin = builtinOf(call);
    const std::optional<unsigned> constant = builtinDimension(call);
    const auto wide = [&](Id value) { return resizeInteger(value, 32, 64, false); };
    const auto product = [&](Id a, Id b) { return emit(Op::OpIMul, uint64Type(), {wide(a), wide(b)}); };
    const auto globalId = [&](uint32_t dimension) {
        const Id base = product(groupComponent(::spv::BuiltIn::WorkgroupId, dimension), sizes_[dimension]);
        return emit(Op::OpIAdd, uint64Type(), {base, wide(localComponent(dimension))});
    };
    const auto globalSize = [&](uint32_t dimension) { return product(launchWord(dimension * 4), sizes_[dimension]); };
    const auto ofDimension = [&](uint32_t dimension) {
        switch (builtin) {
        case Builtin::GlobalId:
            return globalId(dimension);
        case Builtin::LocalId:
            return wide(localComponent(dimension));
        case Builtin::GroupId:
            return wide(groupComponent(::spv::BuiltIn::WorkgroupId, dimension));
        case Builtin::GlobalSize:
            return globalSize(dimension);
        case Builtin::LocalSize:
            return wide(sizes_[dimension]);
        case Builtin::NumGroups:
            return wide(launchWord(dimension * 4));
        default:
            return u64(0); // the offset of the grid
        }
    };
    const auto input = [&](::spv::BuiltIn which) {
        module_.capability(::spv::Capability::GroupNonUniform);
        return emit(Op::OpLoad, uint32Type(), {module_.builtin(which, uint32Type())});
    };
    const auto linearId = [&] {
        return emit(Op::OpLoad, uint32Type(), {module_.builtin(::spv::BuiltIn::LocalInvocationIndex, uint32Type())});
    };
    const auto invocations = [&] {
        const Id plane = emit(Op::OpIMul, uint32Type(), {sizes_[0], sizes_[1]});
        return emit(Op::OpIMul, uint32Type(), {plane, sizes_[2]});
    };
    switch (builtin) {
    case Builtin::GlobalId:
    case Builtin::LocalId:
    case Builtin::GroupId:
    case Builtin::GlobalSize:
    case Builtin::LocalSize:
    case Builtin::NumGroups:
    case Builtin::GlobalOffset: {
        if (constant) {
            define(&call, ofDimension(*constant));
            return true;
        }
        const Id dimension =
            resizeInteger(valueOf(call.getArgOperand(0)), bitsOf(call.getArgOperand(0)->getType()), 32, false);
        Id result = ofDimension(2);
        for (uint32_t i = 2; i-- > 0;) {
            const Id is = emit(Op::OpIEqual, module_.boolType(), {dimension, u32(i)});
            result = emit(Op::OpSelect, uint64Type(), {is, ofDimension(i), result});
        }
        define(&call, result);
        return true;
    }
    case Builtin::LocalLinearId:
        define(&call, wide(emit(Op::OpLoad, uint32Type(),
                                {module_.builtin(::spv::BuiltIn::LocalInvocationIndex, uint32Type())})));
        return true;
    case Builtin::GlobalLinearId: {
        Id linear = globalId(2);
        for (uint32_t i = 2; i-- > 0;) {
            linear =
                emit(Op::OpIAdd, uint64Type(), {emit(Op::OpIMul, uint64Type(), {linear, globalSize(i)}), globalId(i)});
        }
        define(&call, linear);
        return true;
    }
    // Subgroups are consecutive invocations of the flattened workgroup, all full but perhaps the last. Their number is
    // computed: drivers have rounded it down.
    case Builtin::SubgroupMaxSize:
        define(&call, input(::spv::BuiltIn::SubgroupSize));
        return true;
    case Builtin::SubgroupSize: {
        const Id size = input(::spv::BuiltIn::SubgroupSize);
        if (info_.flavour == halyard::spv::Flavour::GLCompute) {
            define(&call, size);
            return true;
        }
        const Id before = emit(Op::OpIMul, uint32Type(), {emit(Op::OpUDiv, uint32Type(), {linearId(), size}), size});
        const Id rest = emit(Op::OpISub, uint32Type(), {invocations(), before});
        const Id isLast = emit(Op::OpULessThan, module_.boolType(), {rest, size});
        define(&call, emit(Op::OpSelect, uint32Type(), {isLast, rest, size}));
        return true;
    }
    case Builtin::NumSubgroups: {
        const Id size = input(::spv::BuiltIn::SubgroupSize);
        const Id above = emit(Op::OpIAdd, uint32Type(), {invocations(), size});
        const Id rounded = emit(Op::OpISub, uint32Type(), {above, u32(1)});
        define(&call, emit(Op::OpUDiv, uint32Type(), {rounded, size}));
        return true;
    }
    case Builtin::SubgroupId:
        define(&call, emit(Op::OpUDiv, uint32Type(), {linearId(), input(::spv::BuiltIn::SubgroupSize)}));
        return true;
    case Builtin::SubgroupLocalId:
        define(&call, input(::spv::BuiltIn::SubgroupLocalInvocationId));
        return true;
    case Builtin::PointerSpace: {
        // 1, 3 and 5 by the tag: 0 and 3 are global memory.
        const Id tag = resizeInteger(
            emit(Op::OpShiftRightLogical, uint64Type(), {valueOf(call.getArgOperand(0)), u64(62)}), 64, 32, false);
        const Id own = emit(Op::OpIEqual, module_.boolType(), {tag, u32(2)});
        const Id workgroup = emit(Op::OpIEqual, module_.boolType(), {tag, u32(1)});
        const Id other = emit(Op::OpSelect, uint32Type(), {workgroup, u32(kir::kWorkgroup), u32(kir::kGlobal)});
        define(&call, emit(Op::OpSelect, uint32Type(), {own, u32(kir::kPrivate), other}));
        return true;
    }
    default:
        return false;
    }
}

} // namespace halyard::jit::spirv
