// The code of one subgroup or workgroup operation: loops over the lanes' cells in scratch memory.
#pragma once

#include "jit/targets/host/exchange.h"

#include <array>
#include <cstdint>

#include <llvm/ADT/DenseMap.h>
#include <llvm/IR/IRBuilder.h>

namespace halyard::jit::host {

// The work-items of a workgroup as lanes, by linear local id.
struct Lanes {
    llvm::Value* items = nullptr;       // i64, how many
    std::array<llvm::Value*, 2> size{}; // i64, in x and y
    uint32_t subgroupSize = 1;
    bool allFull = false;           // no subgroup is smaller than that
    llvm::Value* waiting = nullptr; // i32 for each item; those that wait at `cut` take part. Null: all do.
    llvm::Value* cut = nullptr;     // i32
};

// Emits the operation at `at`, which is left behind it, as a call of a function that operations of one kind share.
// `cells` has the address of each mailbox's array. Returns the value of exchange.shared, or null when the exchange has
// a mailbox for the results; there, cells of lanes that do not take part hold anything afterwards. Reads no cell beyond
// the items, whatever lane is asked for: the value of a lane that does not exist or take part is the asking lane's own.
llvm::Value* emitCollective(llvm::IRBuilder<>& at, const Exchange& exchange, const Lanes& lanes,
                            const llvm::DenseMap<const llvm::AllocaInst*, llvm::Value*>& cells);

} // namespace halyard::jit::host
