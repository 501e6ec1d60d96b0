// Keeps the source lines of a kernel while it becomes the functions of a host object.
#pragma once

namespace llvm {
class Function;
class IRBuilderBase;
} // namespace llvm

namespace halyard::jit::host {

// `group` has become what `kernel` was: its lines belong to `group` from here on, when the kernel has any.
// A second group function of the same kernel keeps none, for a subprogram describes one function.
void takeLines(llvm::Function& kernel, llvm::Function& group);

// Gives `run`, which calls functions made from `kernel`, a subprogram, and everything that `at` makes a place in it.
// Does nothing when the kernel has no lines.
void describeEntry(const llvm::Function& kernel, llvm::Function& run, llvm::IRBuilderBase& at);

} // namespace halyard::jit::host
