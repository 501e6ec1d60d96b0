// printf on the host: the kernel's object exports a place for the backend's function (hyHostPrint), and each call goes
// through it.
#pragma once

namespace llvm {
class Module;
} // namespace llvm

namespace halyard::jit::host {

// Gives `hy.printf` its definition when the module calls it.
void definePrint(llvm::Module& module);

} // namespace halyard::jit::host
