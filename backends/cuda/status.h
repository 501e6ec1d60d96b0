// Failures and log lines, through the services of the runtime, and the one conversion of the driver's codes.
#pragma once

#include "common/fault.h"
#include "driver_types.h"
#include "halyard/backend.h"

#include <new>
#include <string>

namespace halyard::cuda {

// The words of one failure. `argument` names the application's argument at fault, or is "".
struct Failure {
    HyResult code;
    std::string message;
    const char* argument = "";
    const char* hint = "";
    const char* nativeName = "";
    int64_t nativeCode = 0;
};

// What went wrong in code that all backends have.
Failure describeFault(const common::Fault& fault);

// What a code of the driver means.
struct Meaning {
    HyResult result;
    const char* name;  // "CUDA_ERROR_ILLEGAL_ADDRESS"; "an unknown CUDA error" for codes of newer drivers
    const char* words; // plain words, without a full stop
    const char* hint;  // what the user can do, or ""
    bool sticky;       // the context is gone: every later call fails, until the process ends
};

// The only place where a CUresult becomes a HyResult.
Meaning meaningOf(CUresult code) noexcept;

// The runtime's services. A copy is as good as the original; valid from initialise until shutdown returns. Thread-safe.
class Host {
public:
    explicit Host(const HyHostServices* services) : services_(services) {}

    const HyHostServices* services() const { return services_; }

    // Sets the thread's error record and returns the failure's code.
    HyResult fail(const Failure& failure) const noexcept;
    void log(HyLogLevel level, const std::string& message) const noexcept;
    // Null when unset, and in processes with elevated rights.
    const char* getEnv(const char* name) const noexcept;
    // What a kernel prints. Lost, with one warning a call, when the runtime is older than printing.
    void print(const std::string& text) const noexcept;
    // What the calling thread's commands belong to, for tools; 0 when the runtime is too old to tell.
    uint64_t correlation() const noexcept;

    HyResult jitCompile(const HyJitRequest& request, HyJitArtifact& outArtifact) const noexcept;
    void jitRelease(HyJitArtifact& artifact) const noexcept;

private:
    const HyHostServices* services_;
};

// Runs `body`, which returns a HyResult, and turns what it throws into one: no exception may cross the interface.
template <typename Body> HyResult guarded(const Host& host, Body&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return host.fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left"});
    } catch (...) {
        return host.fail({HY_ERROR_INTERNAL, "the cuda backend met an error that it does not know"});
    }
}

} // namespace halyard::cuda
