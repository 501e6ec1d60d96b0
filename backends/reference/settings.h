// What the environment says: docs/environment.md.
#pragma once

#include "status.h"

namespace halyard::reference {

struct Settings {
    uint32_t devices = 1; // each with its own memory and its own line of work
    uint32_t subgroupSize = 16;
    uint64_t stepLimit = 1'000'000'000;
    bool detectRaces = true;
    bool detectUninitialised = true;
    uint64_t memoryBytes = 0;
};

// A value that makes no sense is logged as a warning that names it, and its default is used.
Settings readSettings(const Host& host);

} // namespace halyard::reference
