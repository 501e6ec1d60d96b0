// One table a file, in the order of HyBackendInterface.
#pragma once

#include "halyard/backend.h"

namespace halyard::vulkan {

extern const HyBackendDeviceTable kDeviceTable;
extern const HyBackendMemoryTable kMemoryTable;
extern const HyBackendStreamTable kStreamTable;
extern const HyBackendEventTable kEventTable;
extern const HyBackendModuleTable kModuleTable;
extern const HyBackendSemaphoreTable kSemaphoreTable;
extern const HyBackendGraphTable kGraphTable;
extern const HyBackendProfilingTable kProfilingTable;

} // namespace halyard::vulkan
