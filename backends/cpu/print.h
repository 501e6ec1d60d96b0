// What kernels print, from their compiled code to the application.
#pragma once

#include "status.h"

#include "jit/host_kernel_abi.h"

namespace halyard::cpu {

// What a code object's hyHostPrint gets. REQUIRES: `host` outlives the code object.
HyHostPrint printService(const Host& host);

} // namespace halyard::cpu
