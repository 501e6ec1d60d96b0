// Variables at program scope: data of a module, which its kernels' objects share.
#pragma once

namespace llvm {
class Module;
}

namespace halyard::jit::host {

// Defines `hyHostProgram` (host_kernel_abi.h) and makes all functions reach the block through it. Does nothing in a
// module without such variables. REQUIRES: the functions have their final form; what follows is optimisation only.
void shareProgramData(llvm::Module& module);

} // namespace halyard::jit::host
