// The calls of the rows made with NVIDIA's driver alone, on the objects that Halyard made.
#ifndef HALYARD_TOOLS_BENCH_CALLS_DIRECT_H
#define HALYARD_TOOLS_BENCH_CALLS_DIRECT_H

#include "calls.h"

namespace halyard::bench {

struct DirectObjects {
    const Stream* stream;
    const Stream* waiting;
    HyEvent event;
    const Kernel* kernel;
    uint64_t out;   // the kernel's buffer of one float
    uint64_t other; // another one, to copy from
};

struct DirectSteps {
    Step launch;
    Step launchRecord;
    Step record;
    Step wait;
    Step graph;
    Step copy;
};

// Opens the driver. Throws when it lacks a function or refuses one.
DirectSteps openDirect(const DirectObjects& objects);

// All functions of the driver that Halyard's backend may call.
std::vector<std::string> driverFunctions();

} // namespace halyard::bench

#endif // HALYARD_TOOLS_BENCH_CALLS_DIRECT_H
