#include "jit/targets/nvptx/matrix.h"

#include "jit/kir.h"
#include "jit/ptx_matrix_shapes.h"
#include "jit/targets/nvptx/bfloat.h"
#include "jit/targets/nvptx/warp.h"

#include <llvm/IR/InstIterator.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

namespace halyard::jit::nvptx {

namespace {

using llvm::CallInst;
using llvm::Value;

bool isNamed(const CallInst& call, std::string_view prefix) {
    const llvm::Function* callee = call.getCalledFunction();
    return callee != nullptr && callee->getName().starts_with(llvm::StringRef(prefix));
}

spv::Error partialWarps(const spv::KernelInfo& info, uint64_t items) {
    return {HY_ERROR_UNSUPPORTED_SPIRV,
            "kernel '" + info.name + "' has cooperative matrices, which need whole subgroups: its workgroup of " +
                std::to_string(items) + " invocations is no multiple of " + std::to_string(kWarpSize),
            "choose another workgroup size"};
}

std::string sizeText(uint32_t rows, uint32_t columns) {
    return std::to_string(rows) + " x " + std::to_string(columns);
}

spv::Error tooLarge(const spv::KernelInfo& info, const MatrixProduct& what) {
    return {HY_ERROR_UNSUPPORTED_SPIRV,
            "kernel '" + info.name + "' multiplies cooperative matrices of " + sizeText(what.rows, what.inner) +
                " and " + sizeText(what.inner, what.columns) +
                " elements, which takes too much code without matrix instructions for them",
            "take a shape that hyDeviceGetCooperativeMatrix lists, or multiples of 8"};
}

} // namespace

Value* addAccumulator(llvm::IRBuilder<>& at, const MatrixOperands& operands, Value* products) {
    const uint32_t flags = operands.what.flags;
    if ((flags & spv::kMatrixSaturating) == 0) {
        return at.CreateAdd(products, operands.c);
    }
    const unsigned bits = operands.what.c->getScalarSizeInBits();
    const bool isSigned = (flags & spv::kMatrixResultSigned) != 0;
    llvm::Type* wide = products->getType()->getWithNewType(at.getIntNTy(2 * bits));
    Value* sum = at.CreateAdd(at.CreateIntCast(products, wide, isSigned),
                              at.CreateIntCast(operands.c, wide, (flags & spv::kMatrixCSigned) != 0));
    using llvm::APInt;
    const APInt low = isSigned ? APInt::getSignedMinValue(bits).sext(2 * bits) : APInt::getZero(2 * bits);
    const APInt high =
        isSigned ? APInt::getSignedMaxValue(bits).sext(2 * bits) : APInt::getMaxValue(bits).zext(2 * bits);
    sum = at.CreateBinaryIntrinsic(llvm::Intrinsic::smax, sum, llvm::ConstantInt::get(wide, low));
    sum = at.CreateBinaryIntrinsic(llvm::Intrinsic::smin, sum, llvm::ConstantInt::get(wide, high));
    return at.CreateTrunc(sum, products->getType());
}

bool usesMatrices(llvm::Function& kernel) {
    return llvm::any_of(llvm::instructions(kernel), [](llvm::Instruction& instruction) {
        const auto* call = llvm::dyn_cast<CallInst>(&instruction);
        return call != nullptr &&
               (isNamed(*call, kir::kMatrixLoad) || isNamed(*call, kir::kMatrixStore) || isMatrixMulAdd(*call));
    });
}

spv::Status lowerMatrices(llvm::Module&, llvm::Function& kernel, const spv::KernelInfo& info,
                          const std::array<uint32_t, 3>& workgroupSize, uint32_t sm, uint32_t ptx) {
    std::vector<CallInst*> accesses;
    std::vector<CallInst*> products;
    for (llvm::Instruction& instruction : llvm::instructions(kernel)) {
        auto* call = llvm::dyn_cast<CallInst>(&instruction);
        if (call != nullptr && (isNamed(*call, kir::kMatrixLoad) || isNamed(*call, kir::kMatrixStore))) {
            accesses.push_back(call);
        } else if (call != nullptr && isMatrixMulAdd(*call)) {
            products.push_back(call);
        }
    }
    if (accesses.empty() && products.empty()) {
        return spv::Unit{};
    }
    const uint64_t items = uint64_t{workgroupSize[0]} * workgroupSize[1] * workgroupSize[2];
    if (items % kWarpSize != 0) {
        return partialWarps(info, items);
    }
    for (CallInst* call : accesses) {
        lowerMatrixAccess(*call, isNamed(*call, kir::kMatrixLoad), hasMatrixInstructions(sm, ptx));
    }
    for (CallInst* call : products) {
        const auto known = collectiveOf(*call);
        if (!known) {
            return spv::Error{HY_ERROR_INTERNAL, "kernel '" + info.name + "': a malformed product of matrices", ""};
        }
        llvm::IRBuilder<> at(call);
        const MatrixOperands operands{known->matrix, call->getArgOperand(0), call->getArgOperand(1),
                                      call->getArgOperand(2)};
        Value* result = multiplyWithMma(at, operands, sm, ptx);
        if (result == nullptr) {
            result = multiplyWithShuffles(at, operands);
        }
        if (result == nullptr) {
            return tooLarge(info, known->matrix);
        }
        call->replaceAllUsesWith(result);
        call->eraseFromParent();
    }
    lowerBfloat(kernel, sm);
    return spv::Unit{};
}

} // namespace halyard::jit::nvptx
