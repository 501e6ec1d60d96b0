// The backend's state for one instance: what the environment said when it started.
#pragma once

#include "processor.h"

namespace halyard::cpu {

struct Context {
    Host host;
    Settings settings;
    HyDeviceProperties properties;
};

} // namespace halyard::cpu
