// Slots of the memory and the device table: managed memory and memory of other devices. See halyard/backend.h.
#pragma once

#include "device.h"
#include "tables.h"

namespace halyard::cuda {

HyResult allocateManaged(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr);
HyResult adviseManaged(HyBackendDevice device, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice);
HyResult prefetchManaged(HyBackendStream stream, HyDevicePtr ptr, uint64_t bytes, uint32_t toHost);
HyResult getPeerAccess(HyBackendDevice device, HyBackendDevice peer, HyPeerAccess* outAccess);
HyResult enablePeerAccess(HyBackendDevice device, HyBackendDevice peer);

} // namespace halyard::cuda
