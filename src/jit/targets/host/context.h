// Where the state of a workgroup's items is kept while they wait at cuts: the layout of scratch memory.
#pragma once

#include "jit/targets/host/cuts.h"
#include "jit/targets/host/slots.h"

#include <cstdint>
#include <vector>

#include <llvm/ADT/DenseMap.h>

namespace halyard::jit::host {

// Bytes of scratch for each work-item: the context arrays of values that live across cuts, private variables that do,
// the mailboxes of exchanges, and where the item waits. The layout is the same for every shape of the workgroup. Each
// array starts at its offset times the number of items, rounded up to a multiple of 64.
struct Context {
    explicit Context(llvm::Function& kernel, const CutList& cuts, const Slots& slots);
    std::vector<uint64_t> slotOffset; // by slot, in bytes per item; kNone when the slot has no array
    struct PrivateArray {
        uint64_t offset = 0; // bytes per item, as above
        uint64_t stride = 0; // bytes from one work-item's copy to the next
    };
    llvm::DenseMap<const llvm::AllocaInst*, PrivateArray> privateArrays; // private variables kept in scratch
    uint64_t waitingOffset = kNone; // dispatched cuts: an i32 for each item, the number of the cut that it waits at
    uint64_t bytesPerItem = 0;
    static constexpr uint64_t kNone = ~uint64_t{0};
};

} // namespace halyard::jit::host
