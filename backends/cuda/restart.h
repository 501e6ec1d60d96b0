// Starting a device anew. The driver can only throw away its primary context, which everybody in the process shares:
// with it go all objects of every open device of this backend that uses it.
#pragma once

#include "device.h"

namespace halyard::cuda {

// A device of this process is open: it ends when its context goes.
void enlistOpen(const std::shared_ptr<Device>& device);

// Ends all open devices with the same primary context and has the driver throw that away. Errors: HY_ERROR_TIMEOUT (the
// driver has not done it yet, and goes on), HY_ERROR_DEVICE_LOST (it cannot). Throws std::bad_alloc.
HyResult restart(Device& device, uint64_t deadline);

// For opening: HY_ERROR_INVALID_STATE while the driver is still at it.
HyResult checkRestarted(const Host& host, CUdevice device);
// Whether the context of a device that was started anew works: HY_ERROR_DEVICE_LOST when not. Cheap for all others.
HyResult tryContext(Device& device);

} // namespace halyard::cuda
