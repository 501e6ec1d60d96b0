#include "jit/targets/nvptx/work_item.h"

#include "jit/kir.h"
#include "jit/passes/builtin.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InstIterator.h>
#include <llvm/IR/IntrinsicsNVPTX.h>

namespace halyard::jit::nvptx {
namespace {

using llvm::Value;
namespace Intrinsic = llvm::Intrinsic;

constexpr uint32_t kWarp = 32;

class Lowering {
public:
    Lowering(llvm::CallInst& call, bool countsPartial) : at_(&call), countsPartial_(countsPartial) {}

    Value* lower(llvm::CallInst& call) {
        const Builtin builtin = builtinOf(call);
        switch (builtin) {
        case Builtin::GlobalId:
        case Builtin::LocalId:
        case Builtin::GroupId:
        case Builtin::GlobalSize:
        case Builtin::LocalSize:
        case Builtin::NumGroups:
        case Builtin::GlobalOffset:
            return perDimension(call, builtin);
        case Builtin::LocalLinearId:
            return wide(linearId());
        case Builtin::GlobalLinearId: {
            Value* linear = ofDimension(Builtin::GlobalId, 2);
            for (unsigned i = 2; i-- > 0;) {
                linear = at_.CreateAdd(at_.CreateMul(linear, ofDimension(Builtin::GlobalSize, i)),
                                       ofDimension(Builtin::GlobalId, i));
            }
            return linear;
        }
        case Builtin::SubgroupMaxSize:
            return at_.getInt32(kWarp);
        case Builtin::SubgroupSize: {
            if (!countsPartial_) {
                return at_.getInt32(kWarp);
            }
            Value* left = at_.CreateSub(groupItems(), at_.CreateAnd(linearId(), at_.getInt32(~(kWarp - 1))));
            return at_.CreateBinaryIntrinsic(Intrinsic::umin, left, at_.getInt32(kWarp));
        }
        case Builtin::NumSubgroups:
            return at_.CreateLShr(at_.CreateAdd(groupItems(), at_.getInt32(kWarp - 1)), 5);
        case Builtin::SubgroupId:
            return at_.CreateLShr(linearId(), 5);
        case Builtin::SubgroupLocalId: // warps are consecutive invocations, x fastest (PTX ISA, 10.4)
            return read(Intrinsic::nvvm_read_ptx_sreg_laneid);
        default:
            return nullptr;
        }
    }

private:
    Value* read(Intrinsic::ID id) { return at_.CreateIntrinsic(id, {}); }
    Value* wide(Value* value) { return at_.CreateZExt(value, at_.getInt64Ty()); }
    Value* item(unsigned dimension) {
        constexpr Intrinsic::ID kIds[] = {Intrinsic::nvvm_read_ptx_sreg_tid_x, Intrinsic::nvvm_read_ptx_sreg_tid_y,
                                          Intrinsic::nvvm_read_ptx_sreg_tid_z};
        return read(kIds[dimension]);
    }
    Value* items(unsigned dimension) {
        constexpr Intrinsic::ID kIds[] = {Intrinsic::nvvm_read_ptx_sreg_ntid_x, Intrinsic::nvvm_read_ptx_sreg_ntid_y,
                                          Intrinsic::nvvm_read_ptx_sreg_ntid_z};
        return read(kIds[dimension]);
    }
    Value* group(unsigned dimension) {
        constexpr Intrinsic::ID kIds[] = {Intrinsic::nvvm_read_ptx_sreg_ctaid_x, Intrinsic::nvvm_read_ptx_sreg_ctaid_y,
                                          Intrinsic::nvvm_read_ptx_sreg_ctaid_z};
        return read(kIds[dimension]);
    }
    Value* groups(unsigned dimension) {
        constexpr Intrinsic::ID kIds[] = {Intrinsic::nvvm_read_ptx_sreg_nctaid_x,
                                          Intrinsic::nvvm_read_ptx_sreg_nctaid_y,
                                          Intrinsic::nvvm_read_ptx_sreg_nctaid_z};
        return read(kIds[dimension]);
    }
    // At most 1,024: 32 bits are plenty.
    Value* linearId() {
        Value* plane = at_.CreateAdd(at_.CreateMul(item(2), items(1), "", true, true), item(1), "", true, true);
        return at_.CreateAdd(at_.CreateMul(plane, items(0), "", true, true), item(0), "", true, true);
    }
    Value* groupItems() {
        return at_.CreateMul(at_.CreateMul(items(0), items(1), "", true, true), items(2), "", true, true);
    }
    Value* ofDimension(Builtin builtin, unsigned dimension) {
        switch (builtin) {
        case Builtin::GlobalId: {
            Value* base = at_.CreateMul(wide(group(dimension)), wide(items(dimension)), "", true, true);
            return at_.CreateAdd(base, wide(item(dimension)), "", true, true);
        }
        case Builtin::LocalId:
            return wide(item(dimension));
        case Builtin::GroupId:
            return wide(group(dimension));
        case Builtin::GlobalSize:
            return at_.CreateMul(wide(groups(dimension)), wide(items(dimension)), "", true, true);
        case Builtin::LocalSize:
            return wide(items(dimension));
        case Builtin::NumGroups:
            return wide(groups(dimension));
        default: // the offset of the grid
            return at_.getInt64(0);
        }
    }
    Value* perDimension(llvm::CallInst& call, Builtin builtin) {
        const bool isSize =
            builtin == Builtin::GlobalSize || builtin == Builtin::LocalSize || builtin == Builtin::NumGroups;
        Value* outside = at_.getInt64(isSize ? 1 : 0); // of a dimension that is none
        if (const std::optional<unsigned> dimension = builtinDimension(call)) {
            return *dimension < 3 ? ofDimension(builtin, *dimension) : outside;
        }
        Value* asked = call.getArgOperand(0);
        Value* result = outside;
        for (unsigned i = 0; i < 3; ++i) {
            result = at_.CreateSelect(at_.CreateICmpEQ(asked, llvm::ConstantInt::get(asked->getType(), i)),
                                      ofDimension(builtin, i), result);
        }
        return result;
    }

    llvm::IRBuilder<> at_;
    bool countsPartial_;
};

} // namespace

void lowerWorkItems(llvm::Function& kernel, bool countsPartial) {
    for (llvm::Instruction& instruction : llvm::make_early_inc_range(llvm::instructions(kernel))) {
        auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
        if (call == nullptr || !isQuery(builtinOf(*call))) {
            continue;
        }
        if (Value* value = Lowering(*call, countsPartial).lower(*call)) {
            call->replaceAllUsesWith(value);
            call->eraseFromParent();
        }
    }
}

} // namespace halyard::jit::nvptx
