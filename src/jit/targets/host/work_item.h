// The builtins of one work-item as values of the function being built.
#pragma once

#include <array>
#include <cstdint>

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
    uint32_t subgroupSize = 1;               // a power of two
    uint32_t lanes = 1;                      // work-items of dimension 0 that the code of one does at once
    bool countsPartial = false;              // hy.subgroup_size of the last subgroup is what it has, not what fits
};

struct ItemValues {
    const GroupValues* group = nullptr;
    std::array<llvm::Value*, 3> localId{};
    std::array<llvm::Value*, 3> globalId{};
};

// The value that replaces the query builtin `call`, built at `at`. REQUIRES: isQuery(builtinOf(call)).
// A subgroup is subgroupSize work-items in a row, by linear local id; the last one may have fewer.
llvm::Value* lowerQuery(llvm::IRBuilder<>& at, const llvm::CallInst& call, const ItemValues& item);

} // namespace halyard::jit::host
