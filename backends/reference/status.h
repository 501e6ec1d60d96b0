// Failures and log lines, through the services of the runtime.
#pragma once

#include "halyard/backend.h"
#include "spv/status.h"

#include <new>
#include <string>
#include <string_view>

namespace halyard::reference {

using Status = spv::Status;
using Failure = spv::Error;

// The runtime's services. A copy is as good as the original; valid from initialise until shutdown returns. Thread-safe.
class Host {
public:
    explicit Host(const HyHostServices* services) : services_(services) {}

    // Sets the thread's error record and returns the failure's code. `argument` is the application's, when known.
    HyResult fail(const Failure& failure, const char* argument = "") const noexcept;
    // HY_SUCCESS, or fail().
    HyResult report(const Status& status, const char* argument = "") const noexcept {
        return status ? HY_SUCCESS : fail(status.error(), argument);
    }
    void log(HyLogLevel level, const std::string& message) const noexcept;
    // Null when unset, and in processes with elevated rights.
    const char* getEnv(const char* name) const noexcept;
    // What a kernel prints. Lost, with one warning a call, when the runtime is older than printing.
    void print(std::string_view text) const noexcept;
    // What the calling thread's commands belong to, for tools; 0 when the runtime is too old to tell.
    uint64_t correlation() const noexcept;

private:
    const HyHostServices* services_;
};

// Runs `body`, which returns a HyResult, and turns what it throws into one: no exception may cross the interface.
template <typename Body> HyResult guarded(const Host& host, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return host.fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left", ""});
    } catch (...) {
        return host.fail({HY_ERROR_INTERNAL, "the reference backend met an error that it does not know", ""});
    }
}

} // namespace halyard::reference
