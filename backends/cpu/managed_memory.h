// Managed memory: the slots of the memory table about it, and what a worker does to prefetch it.
#pragma once

#include "command.h"

#include "halyard/backend.h"

#include <cstdint>

namespace halyard::cpu {

class Stream;

HyResult allocateManaged(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr);
HyResult adviseManaged(HyBackendDevice handle, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice);
HyResult prefetchManaged(HyBackendStream handle, HyDevicePtr ptr, uint64_t bytes, uint32_t toHost);

// As those of copies (transfer.h).
uint64_t pieceCount(const PrefetchCommand& prefetch);
void runPieces(Stream& stream, const PrefetchCommand& prefetch, uint64_t first, uint64_t end);

} // namespace halyard::cpu
