// Library functions of OpenCL C that a producer left as calls of imported functions: clang-22 does so with the older
// atomics, the plain fences, conversions to half and double, integer dot products, the subgroup barrier, and the
// questions where a generic pointer points.
#pragma once

#include "spv/module.h"
#include "spv/status.h"

#include <memory>

namespace halyard::interp {

// The module with such calls replaced by the instructions that they stand for; itself when it has none. Ids keep their
// meaning, positions in words do not. A call of any other imported function stays, and is refused where it is decoded.
// Errors: those of parsing, when the module leaves no room for more ids.
spv::Result<std::shared_ptr<const spv::Module>> replaceLibraryCalls(std::shared_ptr<const spv::Module> module);

} // namespace halyard::interp
