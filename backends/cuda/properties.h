// What a device is, from the driver's attributes; no context is made.
#pragma once

#include "driver_types.h"
#include "halyard/backend.h"
#include "symbols.h"

namespace halyard::cuda {

struct DeviceInfo {
    CUdevice handle = 0;
    HyDeviceProperties properties{};
    uint32_t computeCapability = 0; // 90: sm_90
    uint32_t defaultLocalBytes = 0; // workgroup memory that a kernel may have without asking for more
    uint64_t maxPitch = 0;          // of the driver's 2D copies and fills
    bool concurrentManagedAccess = false;
};

// The driver's code when it does not answer.
CUresult describeDevice(const Symbols& cu, int driverVersion, int ordinal, DeviceInfo& out);

} // namespace halyard::cuda
