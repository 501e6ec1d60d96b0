// Recognising the hy.* calls of KIR, so that no pass compares names.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <llvm/IR/DerivedTypes.h>

namespace llvm {
class CallInst;
class Instruction;
class Module;
} // namespace llvm

namespace halyard::jit {

enum class Builtin : uint8_t {
    None, // not a hy.* call
    GlobalId,
    LocalId,
    GroupId,
    GlobalSize,
    LocalSize,
    NumGroups,
    GlobalOffset,
    LocalLinearId,
    GlobalLinearId,
    SubgroupSize,
    SubgroupMaxSize,
    NumSubgroups,
    SubgroupId,
    SubgroupLocalId,
    Barrier,
    Fence,
    Printf,
    PointerSpace,
    RegionBegin,
    RegionEnd,
    AllLanes,
    Rows,
    Index,
    Collective, // a subgroup or workgroup operation, known or not
    Other,      // a hy.* call that is none of these (maths, a newer name)
};

// What a call means; None for a call of anything else.
Builtin builtinOf(const llvm::CallInst& call);
// The same for any instruction; None unless it is a call.
Builtin builtinOf(const llvm::Instruction& instruction);
// The constant dimension operand of a per-dimension builtin, or nothing when there is no such operand or it varies.
std::optional<unsigned> builtinDimension(const llvm::CallInst& call);
// Whether the builtin reads an id or a size (and so is free of side effects).
bool isQuery(Builtin builtin);
// Whether invocations of one workgroup see different values.
bool isPerItem(Builtin builtin);
// The declaration of an `i64 (i32)` builtin, with its attributes; added when the module lacks it.
llvm::FunctionCallee builtinDeclaration(llvm::Module& module, std::string_view name);

} // namespace halyard::jit
