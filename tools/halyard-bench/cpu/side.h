// The sides of `halyard-bench cpu`: each has the twin's buffers in memory of its own and runs one launch at a time.
#pragma once

#include <memory>
#include <string>

#include "bench.h"
#include "cpu/twin.h"

namespace halyard::bench::cpu {

class Side {
public:
    virtual ~Side() = default;
    virtual void reset() = 0;   // the buffers hold what the twin says
    virtual void run() = 0;     // one launch, waited for
    virtual Words output() = 0; // of the buffer to check
};

// Ours. The device and the stream outlive it.
std::unique_ptr<Side> makeHalyardSide(const Device& device, const Stream& stream, const Twin& twin);

// A function of the host on memory with huge pages, as our device's has them.
std::unique_ptr<Side> makeHostSide(const Twin& twin, HostVersion version);

// A device of another OpenCL implementation. Thread: one at a time.
class OpenCl {
public:
    virtual ~OpenCl() = default;
    virtual std::string name() const = 0; // platform, version and device
    virtual std::unique_ptr<Side> makeSide(const Twin& twin) = 0;
};

// PoCL's processor device, or null with the reason: not built in, no loader's platform, no such device. `hasty`: it
// takes less time to compile, for code that nobody times.
std::unique_ptr<OpenCl> openOpenCl(bool hasty, std::string& outReason);

} // namespace halyard::bench::cpu
