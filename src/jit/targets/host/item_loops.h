// The loops over the work-items of a workgroup, x innermost, around the code of one piece.
#pragma once

#include "jit/targets/host/work_item.h"

#include <array>
#include <cstdint>

#include <llvm/IR/IRBuilder.h>

namespace llvm {
class MDNode;
}

namespace halyard::jit::host {

class ItemLoops {
public:
    // `knownSize`: 0 where it is not known. `firstId`: the global ids of the group's first item. Both outlive this.
    ItemLoops(const GroupValues& group, const std::array<uint32_t, 3>& knownSize,
              const std::array<llvm::Value*, 3>& firstId)
        : group_(group), knownSize_(knownSize), firstId_(firstId) {}

    // Only for the items whose id in dimension 0 is below `end`, a multiple of the lanes. REQUIRES: one dimension.
    void limit(uint32_t end) { end_ = end; }
    // As if the workgroup had `length` items in dimension 0, a multiple of those that it has.
    void extend(llvm::Value* length) { length_ = length; }
    // Opens the loops at `at` and leaves it in the body.
    ItemValues open(llvm::IRBuilder<>& at);
    // The item's linear local id, i64; with lanes, the number of those items before it. REQUIRES: open.
    llvm::Value* index(llvm::IRBuilder<>& at) const;
    // Closes the loops at the end of the body and leaves `at` behind them. Accesses in `accessGroup` are independent.
    void close(llvm::IRBuilder<>& at, llvm::MDNode* accessGroup);

private:
    struct Loop {
        llvm::BasicBlock* header = nullptr;
        llvm::PHINode* local = nullptr;
        llvm::PHINode* global = nullptr;
    };

    void open(llvm::IRBuilder<>& at, unsigned dimension);
    // The whole dimension is done at once.
    bool isOne(unsigned dimension) const;
    void close(llvm::IRBuilder<>& at, unsigned dimension, llvm::MDNode* accessGroup);
    unsigned innermost() const;

    const GroupValues& group_;
    const std::array<uint32_t, 3>& knownSize_;
    const std::array<llvm::Value*, 3>& firstId_;
    uint32_t end_ = 0;              // 0: all
    llvm::Value* length_ = nullptr; // null: the workgroup's own
    std::array<Loop, 3> loops_;
    ItemValues item_;
};

} // namespace halyard::jit::host
