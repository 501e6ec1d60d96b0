// Vectors as their components. Vulkan has vectors of two to four components, KIR of any number, and LLVM's own
// scalarizer leaves what changes the number of components (bit casts, reductions, parameters) as it is.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::spirv {

// Replaces every operation on vectors by operations on components. What is left of vectors: loads and stores of at most
// four components, bit casts between such, results of calls, and parameters, of which single components are taken.
// What is no operation on components (a call with vectors that no rule of KIR knows) keeps its vectors, for the emitter
// to refuse by name.
// REQUIRES: no unreachable blocks.
void splitVectors(llvm::Function& kernel);

} // namespace halyard::jit::spirv
