// The driver's own messages about failures (CUDA 12.9 and newer), forwarded to the logs of all instances: they are of
// the process, as the driver is.
#pragma once

#include "status.h"
#include "symbols.h"

namespace halyard::cuda {

// From now on `host` gets what the driver says, on the thread that it says it on; nothing on older drivers. Throws
// std::bad_alloc.
void watchDriverLog(const Symbols& cu, const HyHostServices* host);
// When it returns, `host` is used no more. Allowed for one that was never watched.
void unwatchDriverLog(const HyHostServices* host) noexcept;

// While it lives, what the driver says on this thread is about a question whose answer may be no: for the debug level.
class ExpectFailure {
public:
    ExpectFailure();
    ~ExpectFailure();
    ExpectFailure(const ExpectFailure&) = delete;
    ExpectFailure& operator=(const ExpectFailure&) = delete;

private:
    const bool before_;
};

} // namespace halyard::cuda
