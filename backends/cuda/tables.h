// One table a file, in the order of HyBackendInterface, and the slots of tables that lie in files of their own.
#pragma once

#include "halyard/backend.h"

namespace halyard::cuda {

extern const HyBackendDeviceTable kDeviceTable;
extern const HyBackendMemoryTable kMemoryTable;
extern const HyBackendStreamTable kStreamTable;
extern const HyBackendEventTable kEventTable;
extern const HyBackendModuleTable kModuleTable;
extern const HyBackendGraphTable kGraphTable;
extern const HyBackendSemaphoreTable kSemaphoreTable;
extern const HyBackendVirtualMemoryTable kVirtualMemoryTable;
extern const HyBackendProfilingTable kProfilingTable;

} // namespace halyard::cuda
