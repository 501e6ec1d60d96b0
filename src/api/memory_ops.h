// Device memory for other parts of the core.
#pragma once

#include "api/object.h"

namespace halyard {

// hyMemAlloc. `ofGraph`: hyMemFree refuses the address.
HyResult allocateMemory(Device& device, uint64_t bytes, bool ofGraph, HyDevicePtr* outPtr);
// Frees what was allocated with `ofGraph`, after waiting for submitted work. Errors: HY_ERROR_TIMEOUT, and what the
// backend says.
HyResult releaseGraphMemory(Device& device, HyDevicePtr base);

} // namespace halyard
