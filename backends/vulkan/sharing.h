// Slots of the memory table for memory of several processes. See halyard/backend.h.
#pragma once

#include "halyard/backend.h"

namespace halyard::vulkan {

HyResult allocateShareable(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost);
HyResult getIpcHandle(HyBackendDevice device, HyDevicePtr ptr, HyBackendIpcHandle* outHandle);
HyResult openIpcHandle(HyBackendDevice device, const HyBackendIpcHandle* handle, uint64_t bytes, HyDevicePtr* outPtr,
                       void** outHost);
HyResult closeIpcHandle(HyBackendDevice device, HyDevicePtr ptr);

} // namespace halyard::vulkan
