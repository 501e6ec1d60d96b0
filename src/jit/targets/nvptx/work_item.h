// Ids and sizes: KIR's builtins as PTX's special registers.
#pragma once

namespace llvm {
class Function;
}

namespace halyard::jit::nvptx {

// Replaces every query of `kernel`. `countsPartial`: the last subgroup of a workgroup may have fewer invocations than
// 32, and subgroup_size says so.
void lowerWorkItems(llvm::Function& kernel, bool countsPartial);

} // namespace halyard::jit::nvptx
