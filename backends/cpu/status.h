// Failures and log lines, through the services of the runtime.
#pragma once

#include "halyard/backend.h"

#include <new>
#include <string>

namespace halyard::cpu {

// printf into a string. Throws std::bad_alloc.
__attribute__((format(printf, 1, 2))) std::string format(const char* pattern, ...);

// The words of one failure. `argument` names the application's argument at fault, or is "".
struct Failure {
    HyResult code;
    std::string message;
    const char* argument = "";
    const char* hint = "";
};

// The runtime's services. A copy is as good as the original; valid from initialise until shutdown returns. Thread-safe.
class Host {
public:
    explicit Host(const HyHostServices* services) : services_(services) {}

    // Sets the thread's error record and returns the failure's code.
    HyResult fail(const Failure& failure) const noexcept;
    // The same for a failing system call; `error` is its errno.
    HyResult failSystem(HyResult code, const std::string& message, int error) const noexcept;
    void log(HyLogLevel level, const std::string& message) const noexcept;
    // Null when unset.
    const char* getEnv(const char* name) const noexcept;

    // Hands over what a kernel prints. False when the runtime is too old to take it.
    bool print(const std::string& text) const noexcept;

    // What the calling thread's commands belong to, for tools; 0 when the runtime is too old to tell.
    uint64_t correlation() const noexcept;

    HyResult jitCompile(const HyJitRequest& request, HyJitArtifact& outArtifact) const noexcept;
    void jitRelease(HyJitArtifact& artifact) const noexcept;

private:
    const HyHostServices* services_;
};

// Runs `body`, which returns a HyResult, and turns what it throws into one: no exception may cross the interface.
template <class Body> HyResult guarded(const Host& host, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return host.fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left"});
    } catch (...) {
        return host.fail({HY_ERROR_INTERNAL, "the cpu backend met an error that it does not know"});
    }
}

} // namespace halyard::cpu
