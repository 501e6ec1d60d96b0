// Which memory a generic pointer names, told by where its address lies.
#pragma once

#include <cstdint>

namespace llvm {
class Function;
}

namespace halyard::jit::host {

// Whether the kernel asks. Its private variables then lie in scratch memory, all of them (context.h).
bool asksPointerSpaces(const llvm::Function& kernel);

// Replaces the questions in a group function by comparisons with its local and scratch memory. What is in neither is
// global memory. `kernelParameters`: how many parameters precede those of GroupParameter.
void lowerPointerSpaces(llvm::Function& group, unsigned kernelParameters, uint64_t scratchBytesPerItem);

} // namespace halyard::jit::host
