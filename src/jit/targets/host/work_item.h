// The builtins of one work-item as values of the function being built.
#pragma once

#include <array>

#include <llvm/IR/IRBuilder.h>

namespace llvm {
class CallInst;
class Value;
} // namespace llvm

namespace halyard::jit::host {

// All values are i32; the global ids are i32 or, where an id may not fit in 31 bits, i64.
struct GroupValues {
    std::array<llvm::Value*, 3> groupId{};
    std::array<llvm::Value*, 3> numGroups{};
    std::array<llvm::Value*, 3> localSize{}; // constants when the size is known
};

struct ItemValues {
    const GroupValues* group = nullptr;
    std::array<llvm::Value*, 3> localId{};
    std::array<llvm::Value*, 3> globalId{};
};

// The value that replaces the query builtin `call`, built at `at`. REQUIRES: isQuery(builtinOf(call)).
// A subgroup is one work-item on this target.
llvm::Value* lowerQuery(llvm::IRBuilder<>& at, const llvm::CallInst& call, const ItemValues& item);

} // namespace halyard::jit::host
