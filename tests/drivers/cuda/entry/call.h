// What every entry point does first and last.
#pragma once

#include "extra_symbols.h"
#include "symbols.h"

#include "../core/context.h"
#include "../core/driver.h"
#include "../core/knobs.h"
#include "../core/status.h"
#include "../core/stream.h"

#include <exception>
#include <memory>
#include <new>
#include <string>

// The definitions must have the types of the table that the backend calls by.
namespace halyard::cuda {
#define HALYARD_SOFTCUDA_DECLARE(presence, version, result, name, parameters)                                          \
    extern "C" __attribute__((visibility("default"))) result name parameters;
HALYARD_CUDA_SYMBOLS(HALYARD_SOFTCUDA_DECLARE)
HALYARD_SOFTCUDA_EXTRA_SYMBOLS(HALYARD_SOFTCUDA_DECLARE)
#undef HALYARD_SOFTCUDA_DECLARE
} // namespace halyard::cuda

namespace halyard::softcuda {

using ContextPtr = std::shared_ptr<Context>;

// The knob `fail`: counts the calls of functions that it names.
Status injected(const char* function);
// The knobs' failures, lost devices, calls from host functions and forked processes.
Status admit(const char* function);
// The current context, if it is alive and has no error.
Status enter(ContextPtr& out);
// Tells the log and the listeners of cuLogsRegisterCallback of a failure.
void reportFailure(const char* function, Status status);

template <class Body> cuda::CUresult finish(const char* function, Body body) {
    Status status = Status::Unknown;
    try {
        status = body();
    } catch (const std::bad_alloc&) {
        status = Status::OutOfMemory;
    } catch (const std::exception& error) {
        note(std::string(function) + ": " + error.what());
    }
    if (status != Status::Success && status != Status::NotReady)
        reportFailure(function, status);
    return static_cast<cuda::CUresult>(status);
}

// body() without a context, and without cuInit.
template <class Body> cuda::CUresult always(const char* function, Body body) {
    return finish(function, [&] {
        Status status = admit(function);
        return status == Status::Success ? body() : status;
    });
}

// body() after cuInit.
template <class Body> cuda::CUresult initialised(const char* function, Body body) {
    return always(function, [&] { return driver().initialised ? body() : Status::NotInitialized; });
}

// body(context) in a current context without an error.
template <class Body> cuda::CUresult inContext(const char* function, Body body) {
    return initialised(function, [&] {
        ContextPtr context;
        Status status = enter(context);
        return status == Status::Success ? body(context) : status;
    });
}

// body(context, stream). The stream may be of another context unless `same`.
template <class Body>
cuda::CUresult onStream(const char* function, cuda::CUstream handle, Body body, bool same = false) {
    return inContext(function, [&](const ContextPtr& context) {
        constexpr uintptr_t kLegacy = 1, kPerThread = 2;
        auto number = reinterpret_cast<uintptr_t>(handle);
        if (number == kPerThread)
            return Status::NotSupported;
        std::shared_ptr<Stream> stream =
            number == 0 || number == kLegacy ? context->defaultStream() : driver().streams.find(handle);
        if (!stream || (same && stream->context != context))
            return Status::InvalidHandle;
        Status status = stream->context->status();
        return status == Status::Success ? body(context, stream) : status;
    });
}

// body(device) for an ordinal that exists.
template <class Body> cuda::CUresult onDevice(const char* function, cuda::CUdevice ordinal, Body body) {
    return initialised(function, [&] {
        if (ordinal < 0 || static_cast<size_t>(ordinal) >= driver().devices.size())
            return Status::InvalidDevice;
        return body(*driver().devices[static_cast<size_t>(ordinal)]);
    });
}

template <class Handle> Handle handleOf(uint64_t number) {
    return reinterpret_cast<Handle>(number);
}

} // namespace halyard::softcuda
