// Loops that invocations leave in different iterations only because their indices differ.
#pragma once

#include <array>
#include <cstdint>

namespace llvm {
class Function;
}

namespace halyard::jit {

// Puts before each loop of the form `for (i = u + c * id; i < n; i += step)`, with u, n and step the same for the whole
// workgroup, a copy that makes the iterations which all of its invocations make: that one's condition is uniform, so a
// workgroup may take its invocations through it side by side and read memory in the order in which it lies. The loop
// itself is left with the rest, one iteration at most for some of them. Loops in the rotated form, a guard and a
// condition at the end, get theirs at the top. Only loops that access memory at places of their own, one exit, at most
// kMaxInstructions; none in kernels with barriers or operations of several invocations inside of the loop.
// REQUIRES: everything is inlined, liftQueries(), loops are in simplified form; `workgroupSize` is known.
// Returns whether it changed anything.
bool splitCommonIterations(llvm::Function& kernel, const std::array<uint32_t, 3>& workgroupSize);

} // namespace halyard::jit
