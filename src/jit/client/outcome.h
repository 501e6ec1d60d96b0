// The result of one compilation, shareable between the threads that asked for it.
#pragma once

#include "cache/cache.h"
#include "halyard/halyard.h"

#include <memory>
#include <string>

namespace halyard::jit {

struct Outcome {
    HyResult code = HY_SUCCESS;
    std::string message; // of a failure
    std::string hint;
    std::shared_ptr<const CacheBlob> artifact; // of a success
    bool fromCache = false;

    // Of a failure, for the dump.
    bool dump = false;       // worth keeping the input of
    std::string stage;       // the last that was announced; empty when none was
    std::string diagnostics; // what the worker wrote to its standard error, its end

    static Outcome failure(HyResult code, std::string message, std::string hint);
};

// Sets the calling thread's error record from a failure and returns its code. `argument` is the application's, or "".
HyResult report(const Outcome& outcome, const char* argument = "");

} // namespace halyard::jit
