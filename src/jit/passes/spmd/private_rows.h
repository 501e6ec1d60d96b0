// Private arrays as rows of one element of every lane, so that lanes that are at the same index read and write a vector
// where arrays one behind the other would be gathered and scattered.
#pragma once

#include <cstdint>

namespace llvm {
class AllocaInst;
class Function;
} // namespace llvm

namespace halyard::jit::spmd {

// Gives each array of `function` whose elements alone are accessed, all of one size, `lanes` times the room, with
// element i at i * lanes: the lanes' copies then fit between each other.
void spreadPrivateArrays(llvm::Function& function, unsigned lanes);

// Bytes from one lane's copy of a variable to the next one's: of an element where it was spread, else of all of it.
uint64_t laneStride(const llvm::AllocaInst& variable);
bool isSpread(const llvm::AllocaInst& variable);

} // namespace halyard::jit::spmd
