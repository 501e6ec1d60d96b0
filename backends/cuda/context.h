// The backend's state for one instance: the driver's functions and what its devices said when it started.
#pragma once

#include "common/shared_page.h"
#include "properties.h"
#include "status.h"
#include "symbols.h"

#include <vector>

namespace halyard::cuda {

// What this backend shares with other processes is of no use to other backends.
inline constexpr common::SharedOwner kSharedOwner{"cuda", 0x31306375'73796148}; // "Haysuc01" in memory

struct Context {
    Host host;
    Symbols cu;
    int driverVersion = 0;           // 12080: CUDA 12.8
    std::vector<DeviceInfo> devices; // one for each device that can be used
};

} // namespace halyard::cuda
