// Atomic operations through generic pointers, which may point to private memory: PTX leaves those undefined there.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::nvptx {

// Makes plain accesses of those that certainly work on private memory, which no other invocation sees, and a choice
// between both forms at run time of those that may. What surely points elsewhere stays as it is.
void separatePrivateAtomics(llvm::Function& kernel);

} // namespace halyard::jit::nvptx
