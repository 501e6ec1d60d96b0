// One table a file, in the order of HyBackendInterface, and the slots of tables that lie in files of their own.
#pragma once

#include "halyard/backend.h"

namespace halyard::cuda {

extern const HyBackendDeviceTable kDeviceTable;
extern const HyBackendMemoryTable kMemoryTable;
extern const HyBackendStreamTable kStreamTable;
extern const HyBackendEventTable kEventTable;
extern const HyBackendModuleTable kModuleTable;
extern const HyBackendSemaphoreTable kSemaphoreTable;
extern const HyBackendGraphTable kGraphTable;
extern const HyBackendVirtualMemoryTable kVirtualMemoryTable;

HyResult signalSemaphore(HyBackendStream stream, HyBackendSemaphore semaphore, uint64_t value);
HyResult waitSemaphore(HyBackendStream stream, HyBackendSemaphore semaphore, uint64_t value);

} // namespace halyard::cuda
