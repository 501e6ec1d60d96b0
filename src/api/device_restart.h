// hyDeviceReset on a device that is started anew.
#pragma once

#include "api/object.h"

namespace halyard {

// Has the backend end the device, destroys all that the instance made on it, and opens it again. Errors: as
// hyDeviceReset documents.
HyResult restartDevice(Device& device, uint64_t timeoutNs);

} // namespace halyard
