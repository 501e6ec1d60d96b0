// Branches over what no lane of a vector has to do.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spmd {

// Puts before each branch on `local id < n`, with n the same for the workgroup, a branch on the first lane's id, which
// is the same for all lanes: most vectors of a tree's lower levels then do nothing, where under an empty mask they
// would do everything. REQUIRES: the ids of a vector begin at multiples of `lanes`, a power of two.
void guardRows(llvm::Function& function, unsigned lanes);

} // namespace halyard::jit::spmd
