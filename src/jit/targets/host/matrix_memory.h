// Loads and stores of cooperative matrices on the host.
#pragma once

#include <cstdint>

namespace llvm {
class Function;
} // namespace llvm

namespace halyard::jit::host {

// Whether the kernel moves or multiplies cooperative matrices, which all invocations of a subgroup must be there for.
// REQUIRES: everything is inlined; before lowerMatrixMemory.
bool usesMatrices(const llvm::Function& kernel);

// Replaces hy.matrix.load and hy.matrix.store by each invocation's loads and stores of its own elements.
void lowerMatrixMemory(llvm::Function& kernel, uint32_t subgroupSize);

} // namespace halyard::jit::host
