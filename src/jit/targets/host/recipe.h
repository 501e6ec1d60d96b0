// Deciding that a value is cheaper to compute again than to keep, and how.
#pragma once

#include <vector>

namespace llvm {
class BasicBlock;
class Instruction;
} // namespace llvm

namespace halyard::jit::host {

// When `value` is a short, pure function of ids, sizes, arguments, constants and private variables' addresses, appends
// clones of what computes it to `holder` and lists them in order in `recipe` (the last one is the value). False and no
// change otherwise.
bool makeRecipe(llvm::Instruction& value, llvm::BasicBlock& holder, std::vector<llvm::Instruction*>& recipe);

} // namespace halyard::jit::host
