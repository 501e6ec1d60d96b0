// A tree written down as SPIR-V's structured control flow, through a sink that knows what the blocks do.
#pragma once

#include "jit/targets/spirv/structure.h"

namespace halyard::jit::spirv {

// Receives a function's instructions in order. Labels and conditions are ids of the sink's making. Variables are 32-bit
// integers of the function, 0 at its start.
class CodeSink {
public:
    using Id = uint32_t;
    virtual ~CodeSink() = default;
    virtual Id newLabel() = 0;
    virtual void label(Id id) = 0; // begins a block
    // What ends a block:
    virtual void branch(Id target) = 0;
    virtual void selection(Id merge, Id condition, Id yes, Id no) = 0; // OpSelectionMerge, OpBranchConditional
    virtual void once(Id merge, Id body) = 0;                // OpSelectionMerge, OpSwitch with a default alone
    virtual void loopHeader(Id merge, Id next, Id body) = 0; // OpLoopMerge, OpBranch
    virtual void returnFromFunction() = 0;
    virtual void unreachable() = 0;
    // What blocks of the graph do; `condition` does it and gives what decides about its successors.
    virtual void code(uint32_t block) = 0;
    virtual Id condition(uint32_t block) = 0;
    // Variables: 0 is the way out, others number the exits that loops were left by.
    virtual void set(uint32_t variable, uint32_t value) = 0;
    virtual Id equals(uint32_t variable, uint32_t value) = 0;
};

// Writes the function from its second block on (the first holds the variables and branches to `first`, which is begun
// here). Variables are numbered from 0; returns how many there are.
uint32_t writeStructured(const Tree& tree, CodeSink& sink, CodeSink::Id first);

// How many selections and loops are open at once at most when `tree` is written down.
uint32_t nesting(const Tree& tree);

} // namespace halyard::jit::spirv
