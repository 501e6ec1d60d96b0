// Whatever runs a SPIR-V module: a device of ours, or another implementation to be compared with.
#pragma once

#include "builder/runner.h"

#include <memory>
#include <string>

namespace halyard::spirvtest::oracle {

class Oracle {
public:
    virtual ~Oracle() = default;
    virtual const std::string& selector() const = 0;
    // The launch's buffers hold their contents after it when the outcome is a success.
    virtual Outcome run(const Words& words, Launch& launch) = 0;
    // Whether it takes modules of this flavour at all.
    virtual bool takes(Flavour flavour) const = 0;
};

// "kernel:" and any of these runs what the target spirv-kernel makes of a module there.
// "pocl" (OpenCL; Kernel modules), "lavapipe" (Vulkan; GLCompute modules), or a device of ours by selector. Null, with
// the reason in *why, when it is not there. A crash of another implementation is an outcome: HY_ERROR_DEVICE_LOST.
std::unique_ptr<Oracle> open(const std::string& selector, std::string* why);

} // namespace halyard::spirvtest::oracle
