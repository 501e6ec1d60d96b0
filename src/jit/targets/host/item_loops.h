// The loops over work-items of a workgroup, x innermost, around the code of one piece.
#pragma once

#include "jit/targets/host/work_item.h"

#include <array>
#include <cstdint>

#include <llvm/IR/IRBuilder.h>

namespace llvm {
class MDNode;
}

namespace halyard::jit::host {

// The items that loops go over: a workgroup, a part of one, or several in a row.
struct ItemRange {
    std::array<uint32_t, 3> knownSize{}; // 0 where it is not known
    std::array<llvm::Value*, 3> size{};  // i32
    // The first item's ids.
    std::array<llvm::Value*, 3> firstLocal{}; // i32; null: 0
    std::array<llvm::Value*, 3> firstGlobal{};
    bool isPart = false; // of few items, so that the loops are worth unrolling
};

class ItemLoops {
public:
    // Both outlive this.
    ItemLoops(const GroupValues& group, const ItemRange& range) : group_(group), range_(range) {}

    // Only for the items whose id in dimension 0 is below `end`, a multiple of the lanes. REQUIRES: one dimension, and
    // the range is the workgroup.
    void limit(uint32_t end) { end_ = end; }
    // Opens the loops at `at` and leaves it in the body.
    ItemValues open(llvm::IRBuilder<>& at);
    // The item's linear number in the range, i64; with lanes, the number of those items before it. REQUIRES: open.
    llvm::Value* index(llvm::IRBuilder<>& at) const;
    // Closes the loops at the end of the body and leaves `at` behind them. Accesses in `accessGroup` are independent.
    void close(llvm::IRBuilder<>& at, llvm::MDNode* accessGroup);

private:
    struct Loop {
        llvm::BasicBlock* header = nullptr;
        llvm::PHINode* number = nullptr; // in the range
        llvm::PHINode* global = nullptr;
    };

    void open(llvm::IRBuilder<>& at, unsigned dimension);
    // The whole dimension is done at once.
    bool isOne(unsigned dimension) const;
    llvm::Value* number(llvm::IRBuilder<>& at, unsigned dimension) const;
    void close(llvm::IRBuilder<>& at, unsigned dimension, llvm::MDNode* accessGroup);
    unsigned innermost() const;

    const GroupValues& group_;
    const ItemRange& range_;
    uint32_t end_ = 0; // 0: all
    std::array<Loop, 3> loops_;
};

} // namespace halyard::jit::host
