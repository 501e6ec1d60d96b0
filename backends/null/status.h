// Failures and log lines, through the services of the runtime. A backend with a native driver converts the driver's
// codes here, and nowhere else, into results with the native code and name.
#pragma once

#include "halyard/backend.h"

#include <new>
#include <string>

namespace halyard::null {

// The runtime's services. A copy is as good as the original; valid from initialise until shutdown returns. Thread-safe.
class Host {
public:
    explicit Host(const HyHostServices* services) : services_(services) {}

    // Sets the thread's error record and returns `code`.
    HyResult fail(HyResult code, const std::string& message, const char* hint = "") const noexcept;
    // HY_ERROR_UNSUPPORTED with words; `what` completes "the null device cannot ...".
    HyResult unsupported(const char* what) const noexcept;
    void log(HyLogLevel level, const std::string& message) const noexcept;
    // Null when unset, and in processes with elevated rights.
    const char* getEnv(const char* name) const noexcept;

private:
    const HyHostServices* services_;
};

// Runs `body`, which returns a HyResult, and turns what it throws into one: no exception may cross the interface.
template <typename Body> HyResult guarded(const Host& host, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return host.fail(HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left");
    } catch (...) {
        return host.fail(HY_ERROR_INTERNAL, "the null backend met an error that it does not know");
    }
}

} // namespace halyard::null
