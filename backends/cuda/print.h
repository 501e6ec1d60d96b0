// What kernels print, from the buffer that their launch filled to the application.
#pragma once

#include "kernel.h"

namespace halyard::cuda {

// Hands over what a launch of `kernel` wrote: `memory` is the host's copy of its HyPtxPrintBuffer. Calls no driver.
void deliverPrint(const Host& host, const PrintFormats& formats, const char* kernel, const uint8_t* memory) noexcept;

// Empties the buffer before a launch, in stream order.
HyResult preparePrint(Stream& stream, const PrintMemory& memory);
// Hands over what the launch before it printed, in stream order. REQUIRES: submitMutex is held since preparePrint.
// Throws std::bad_alloc.
HyResult collectPrint(Stream& stream, const Kernel& kernel, const PrintMemory& memory);

} // namespace halyard::cuda
