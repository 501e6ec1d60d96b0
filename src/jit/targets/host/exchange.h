// How the invocations of a workgroup pass values to each other at a cut: through one cell a work-item in scratch
// memory.
#pragma once

#include "jit/passes/collective.h"

#include <array>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace llvm {
class AllocaInst;
class CallInst;
class Function;
class Value;
} // namespace llvm

namespace halyard::jit::host {

// One collective operation, taken out of the kernel's code.
struct Exchange {
    Collective what;
    std::array<llvm::Value*, 4> operands{}; // a mailbox (AllocaInst) or a constant
    llvm::AllocaInst* result = nullptr;     // the mailbox of the result, or null:
    llvm::CallInst* shared = nullptr;       // then the value is the same for all, and takes the place of this call
};

// Private variables that stand for the cells. A work-item waits at one cut at a time and reads the result at once, so
// all cuts share them. Cells of different sizes stay apart: their arrays would overlap between work-items.
class Mailboxes {
public:
    explicit Mailboxes(llvm::Function& kernel) : kernel_(&kernel) {}

    // REQUIRES: collectiveOf(call), and the call is the first instruction of its block, behind a block of its own.
    // The operands are stored at the end of the block before, and the result is loaded at the start of the block
    // behind. `sharedResult`: all invocations reach the call together, so that one value does for all of them.
    Exchange take(llvm::CallInst& call, bool sharedResult);

    const std::vector<llvm::AllocaInst*>& all() const { return all_; }

private:
    llvm::AllocaInst* get(unsigned role, uint64_t bytes);

    llvm::Function* kernel_;
    std::map<std::pair<unsigned, uint64_t>, llvm::AllocaInst*> known_;
    std::vector<llvm::AllocaInst*> all_;
};

} // namespace halyard::jit::host
