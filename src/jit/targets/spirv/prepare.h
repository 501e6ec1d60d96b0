// What makes a kernel of KIR fit for the emitter: one function of scalars, no value used outside of its block but
// through a private variable, no irreducible loop, pointers in the narrowest address space that can be proved.
#pragma once

#include "jit/targets/target.h"

namespace llvm {
class Function;
class TargetMachine;
} // namespace llvm

namespace halyard::jit::spirv {

// `kernel` holds all code of the module (inlineAll). Runs the optimiser.
void prepare(llvm::Module& module, llvm::Function& kernel, llvm::TargetMachine& machine);
// The second half, after the last look at readable IR: from here on values live in memory between blocks.
void separateBlocks(llvm::Function& kernel);

} // namespace halyard::jit::spirv
