// Values of a work-item that several blocks share, moved to memory cells ("slots"), so that pieces of the kernel can be
// cloned freely; mem2reg restores registers inside each piece afterwards.
#pragma once

#include "jit/targets/host/cuts.h"

#include <cstdint>
#include <memory>
#include <vector>

#include <llvm/ADT/BitVector.h>
#include <llvm/ADT/DenseMap.h>

namespace llvm {
class AllocaInst;
class BasicBlock;
class Function;
class Instruction;
class Type;
} // namespace llvm

namespace halyard::jit::host {

// How a slot's value gets from one piece to the next when it is live across a cut.
enum class Carry {
    PerItem,    // one cell a work-item in the scratch area
    Uniform,    // the same for all work-items, which pass the cut together: kept once
    Recomputed, // cheap, from ids and arguments: done again in each piece
};

struct Slot {
    llvm::AllocaInst* cell = nullptr; // in the kernel's entry block
    llvm::Type* type = nullptr;
    Carry carry = Carry::PerItem;
    std::vector<llvm::Instruction*> recipe; // Recomputed: detached instructions in order; the last one is the value
};

class Slots {
public:
    // Demotes every value of `kernel` that crosses blocks. Static allocas of the entry block stay as they are.
    Slots(llvm::Function& kernel, const CutList& cuts);
    ~Slots();
    Slots(const Slots&) = delete;
    Slots& operator=(const Slots&) = delete;

    const std::vector<Slot>& all() const { return slots_; }
    // Slots that may be read before they are written, from the start of `block` on.
    const llvm::BitVector& liveIn(const llvm::BasicBlock* block) const { return liveIn_.find(block)->second; }
    // Slots that `block` writes.
    const llvm::BitVector& writes(const llvm::BasicBlock* block) const { return writes_.find(block)->second; }

private:
    void demote(llvm::Function& kernel, bool together);
    void computeLiveness(llvm::Function& kernel);
    void hoistEdgeWrites(llvm::Function& kernel, const CutList& cuts);
    void forwardWrites(llvm::BasicBlock& block) const;
    void coalesce(llvm::Function& kernel);
    bool interfere(llvm::Function& kernel, unsigned kept, unsigned merged) const;

    std::vector<Slot> slots_;
    llvm::DenseMap<const llvm::AllocaInst*, unsigned> index_;
    llvm::DenseMap<const llvm::BasicBlock*, llvm::BitVector> liveIn_, reads_, writes_;
    std::unique_ptr<llvm::BasicBlock, void (*)(llvm::BasicBlock*)> recipes_;
};

} // namespace halyard::jit::host
