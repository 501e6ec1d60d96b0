// Operations whose results Vulkan leaves open, or that it lacks, from exact parts: GLSL's Fma may round twice, and no
// device has bfloat16.
#pragma once

#include "spv/status.h"

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace halyard::jit::spirv {

// Before the functions are inlined: fma and round come from the device library, conversions of bfloat16 become integer
// operations. Errors: those of linkDevlib.
// `exactFma`: the target's fma rounds once and is left alone.
halyard::spv::Status soften(llvm::Module& module, bool exactFma);
// After the optimiser: classes of floats and saturating conversions, which it may have made, in comparisons.
void expandFloats(llvm::Function& kernel);

} // namespace halyard::jit::spirv
