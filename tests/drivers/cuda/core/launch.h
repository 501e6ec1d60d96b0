// Kernel launches: checked when they are submitted, run by a stream.
#pragma once

#include "module.h"

#include <array>
#include <memory>
#include <vector>

namespace halyard::softcuda {

struct LaunchRequest {
    std::array<uint32_t, 3> grid{1, 1, 1}, block{1, 1, 1}, cluster{1, 1, 1};
    uint32_t dynamicShared = 0;
    bool cooperative = false;
    void** parameters = nullptr; // one pointer to each value
    void** extra = nullptr;      // or the packed block, as CU_LAUNCH_PARAM_* says
};

// All that a launch needs, its values copied.
struct KernelCall {
    std::shared_ptr<Function> function;
    ptx::Launch launch;
    std::vector<std::byte> parameters;
};

// Changes what a node's attributes say.
Status reshapeLaunch(KernelCall& call, std::array<uint32_t, 3> cluster, bool cooperative);
Status prepareLaunch(std::shared_ptr<Function> function, const LaunchRequest& request, KernelCall& out);
// Runs it to its end; a fault's status is the context's error.
Status runKernel(const KernelCall& call);
// Counts launches, for the knob `lost`.
void countLaunch();

} // namespace halyard::softcuda
