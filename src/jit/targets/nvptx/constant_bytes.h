// Constant data as bytes.
#pragma once

namespace llvm {
class Module;
}

namespace halyard::jit::nvptx {

// Gives every variable of the module whose initial value holds vectors, and no addresses, that value as an array of
// bytes: LLVM's PTX printer forgets the padding of a vector of three.
void flattenConstants(llvm::Module& module);

} // namespace halyard::jit::nvptx
