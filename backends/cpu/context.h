// The backend's state for one instance: what the environment said when it started.
#pragma once

#include "processor.h"

#include <vector>

namespace halyard::cpu {

struct Context {
    Host host;
    Settings settings;
    std::vector<HyDeviceProperties> properties; // one for each device
};

} // namespace halyard::cpu
