#include "jit/targets/host/work_item.h"

#include "jit/passes/builtin.h"

#include <llvm/Support/MathExtras.h>

namespace halyard::jit::host {

using llvm::Value;

namespace {

Value* widen(llvm::IRBuilder<>& at, Value* value) {
    return at.CreateZExt(value, at.getInt64Ty(), "", /*IsNonNeg=*/true);
}

Value* perDimension(llvm::IRBuilder<>& at, const llvm::CallInst& call, const std::array<Value*, 3>& values,
                    uint64_t outside) {
    if (const auto dimension = builtinDimension(call)) {
        return *dimension < 3 ? widen(at, values[*dimension]) : at.getInt64(outside);
    }
    Value* result = at.getInt64(outside);
    for (uint32_t i = 0; i < 3; ++i) {
        result = at.CreateSelect(at.CreateICmpEQ(call.getArgOperand(0), at.getInt32(i)), widen(at, values[i]), result);
    }
    return result;
}

// (z * sizes[1] + y) * sizes[0] + x
Value* linear(llvm::IRBuilder<>& at, const std::array<Value*, 3>& ids, Value* sizeX, Value* sizeY) {
    Value* rows =
        at.CreateAdd(at.CreateMul(widen(at, ids[2]), sizeY, "", true, true), widen(at, ids[1]), "", true, true);
    return at.CreateAdd(at.CreateMul(rows, sizeX, "", true, true), widen(at, ids[0]), "", true, true);
}

Value* globalSize(llvm::IRBuilder<>& at, const GroupValues& group, unsigned dimension) {
    return at.CreateMul(widen(at, group.numGroups[dimension]), widen(at, group.localSize[dimension]), "", true, true);
}

Value* groupItems(llvm::IRBuilder<>& at, const GroupValues& group) {
    Value* plane = at.CreateMul(group.localSize[0], group.localSize[1], "", true, true);
    return at.CreateMul(plane, group.localSize[2], "", true, true);
}

} // namespace

Value* lowerQuery(llvm::IRBuilder<>& at, const llvm::CallInst& call, const ItemValues& item) {
    const GroupValues& group = *item.group;
    const auto localLinear = [&] {
        return linear(at, item.localId, widen(at, group.localSize[0]), widen(at, group.localSize[1]));
    };
    switch (builtinOf(call)) {
    case Builtin::GlobalId:
        return perDimension(at, call, item.globalId, 0);
    case Builtin::LocalId:
        return perDimension(at, call, item.localId, 0);
    case Builtin::GroupId:
        return perDimension(at, call, group.groupId, 0);
    case Builtin::NumGroups:
        return perDimension(at, call, group.numGroups, 1);
    case Builtin::LocalSize:
        return perDimension(at, call, group.localSize, 1);
    case Builtin::GlobalSize: {
        const std::array<Value*, 3> sizes{globalSize(at, group, 0), globalSize(at, group, 1), globalSize(at, group, 2)};
        return perDimension(at, call, sizes, 1);
    }
    case Builtin::LocalLinearId:
        return localLinear();
    case Builtin::GlobalLinearId:
        return linear(at, item.globalId, globalSize(at, group, 0), globalSize(at, group, 1));
    case Builtin::SubgroupId:
        return at.CreateTrunc(at.CreateLShr(localLinear(), llvm::Log2_32(group.subgroupSize)), at.getInt32Ty());
    case Builtin::SubgroupLocalId:
        return at.CreateTrunc(at.CreateAnd(localLinear(), group.subgroupSize - 1), at.getInt32Ty());
    case Builtin::NumSubgroups: {
        Value* full = at.CreateAdd(groupItems(at, group), at.getInt32(group.subgroupSize - 1), "", true, true);
        return at.CreateLShr(full, llvm::Log2_32(group.subgroupSize));
    }
    case Builtin::SubgroupSize: {
        if (!group.countsPartial) {
            return at.getInt32(group.subgroupSize);
        }
        Value* linearId = at.CreateTrunc(localLinear(), at.getInt32Ty());
        Value* first = at.CreateAnd(linearId, ~(group.subgroupSize - 1));
        Value* left = at.CreateSub(groupItems(at, group), first, "", true, true);
        return at.CreateBinaryIntrinsic(llvm::Intrinsic::umin, left, at.getInt32(group.subgroupSize));
    }
    case Builtin::SubgroupMaxSize:
        return at.getInt32(group.subgroupSize);
    default: // GlobalOffset
        return llvm::Constant::getNullValue(call.getType());
    }
}

} // namespace halyard::jit::host
