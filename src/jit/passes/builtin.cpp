#include "jit/passes/builtin.h"

#include "jit/kir.h"

#include <array>
#include <utility>

#include <llvm/IR/Constants.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/Module.h>

namespace halyard::jit {

namespace {

constexpr std::array<std::pair<std::string_view, Builtin>, 23> kNames{{
    {kir::kGlobalId, Builtin::GlobalId},
    {kir::kLocalId, Builtin::LocalId},
    {kir::kGroupId, Builtin::GroupId},
    {kir::kGlobalSize, Builtin::GlobalSize},
    {kir::kLocalSize, Builtin::LocalSize},
    {kir::kNumGroups, Builtin::NumGroups},
    {kir::kGlobalOffset, Builtin::GlobalOffset},
    {kir::kLocalLinearId, Builtin::LocalLinearId},
    {kir::kGlobalLinearId, Builtin::GlobalLinearId},
    {kir::kSubgroupSize, Builtin::SubgroupSize},
    {kir::kSubgroupMaxSize, Builtin::SubgroupMaxSize},
    {kir::kNumSubgroups, Builtin::NumSubgroups},
    {kir::kSubgroupId, Builtin::SubgroupId},
    {kir::kSubgroupLocalId, Builtin::SubgroupLocalId},
    {kir::kBarrier, Builtin::Barrier},
    {kir::kFence, Builtin::Fence},
    {kir::kPrintf, Builtin::Printf},
    {kir::kPointerSpace, Builtin::PointerSpace},
    {kir::kRegionBegin, Builtin::RegionBegin},
    {kir::kRegionEnd, Builtin::RegionEnd},
    {kir::kAllLanes, Builtin::AllLanes},
    {kir::kRows, Builtin::Rows},
    {kir::kIndex, Builtin::Index},
}};

} // namespace

Builtin builtinOf(const llvm::CallInst& call) {
    const llvm::Function* callee = call.getCalledFunction();
    if (callee == nullptr || !callee->getName().starts_with("hy.")) {
        return Builtin::None;
    }
    const std::string_view name = callee->getName();
    for (const auto& [known, builtin] : kNames) {
        if (known == name) {
            return builtin;
        }
    }
    const bool collective = name.starts_with(kir::kSubgroupPrefix) || name.starts_with(kir::kWorkgroupPrefix);
    return collective ? Builtin::Collective : Builtin::Other;
}

Builtin builtinOf(const llvm::Instruction& instruction) {
    const auto* call = llvm::dyn_cast<llvm::CallInst>(&instruction);
    return call != nullptr ? builtinOf(*call) : Builtin::None;
}

std::optional<unsigned> builtinDimension(const llvm::CallInst& call) {
    if (call.arg_size() != 1) {
        return std::nullopt;
    }
    const auto* constant = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(0));
    return constant != nullptr ? std::optional<unsigned>(constant->getLimitedValue(3)) : std::nullopt;
}

bool isQuery(Builtin builtin) {
    return builtin > Builtin::None && builtin < Builtin::Barrier;
}

bool isPerItem(Builtin builtin) {
    switch (builtin) {
    case Builtin::GlobalId:
    case Builtin::LocalId:
    case Builtin::LocalLinearId:
    case Builtin::GlobalLinearId:
    case Builtin::SubgroupSize: // the last subgroup of a Kernel module may be smaller
    case Builtin::SubgroupId:
    case Builtin::SubgroupLocalId:
        return true;
    default:
        return false;
    }
}

llvm::FunctionCallee builtinDeclaration(llvm::Module& module, std::string_view name) {
    llvm::LLVMContext& context = module.getContext();
    auto* type = llvm::FunctionType::get(llvm::Type::getInt64Ty(context), {llvm::Type::getInt32Ty(context)}, false);
    llvm::FunctionCallee callee = module.getOrInsertFunction(llvm::StringRef(name), type);
    auto* function = llvm::cast<llvm::Function>(callee.getCallee());
    function->setDoesNotAccessMemory();
    function->setDoesNotThrow();
    function->setWillReturn();
    return callee;
}

} // namespace halyard::jit
