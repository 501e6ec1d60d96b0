// Failures, in the words of the runtime's error record, and the wall that no exception passes.
#pragma once

#include "halyard/backend.h"

#include <new>
#include <string>
#include <system_error>

namespace vendor {

struct Failure {
    HyResult code = HY_SUCCESS;
    std::string message;
    const char* hint = "";
    const char* argument = ""; // of the application's call, when known
};

// Sets the calling thread's error record and returns the failure's code.
inline HyResult fail(const HyHostServices* host, const Failure& failure) noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = failure.code;
    error.argument = failure.argument;
    error.message = failure.message.c_str();
    error.hint = failure.hint;
    host->setError(host->context, &error);
    return failure.code;
}

// Runs `body`, which returns a HyResult, and turns what it throws into one.
template <typename Body> HyResult guarded(const HyHostServices* host, Body&& body) noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    try {
        return body();
    } catch (const std::bad_alloc&) {
        error.code = HY_ERROR_OUT_OF_HOST_MEMORY;
        error.message = "the host has no memory left";
    } catch (const std::system_error&) {
        error.code = HY_ERROR_OUT_OF_HOST_MEMORY;
        error.message = "the system has no thread left for a stream";
    } catch (...) {
        error.code = HY_ERROR_INTERNAL;
        error.message = "the vendor backend met an error that it does not know";
    }
    host->setError(host->context, &error);
    return error.code;
}

} // namespace vendor
