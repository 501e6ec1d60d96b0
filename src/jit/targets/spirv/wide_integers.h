// Integers of 128 bits, which no device has, as two of 64.
#pragma once

namespace llvm {
class Function;
} // namespace llvm

namespace halyard::jit::spirv {

// After values that cross blocks have become variables (prepare.h). Leaves divisions and conversions to floats, which
// the emitter refuses.
void splitWideIntegers(llvm::Function& kernel);

} // namespace halyard::jit::spirv
