// Calls into a backend: a C++ exception that escapes from one, against the contract, becomes words instead of the end
// of the host process.
#pragma once

#include "halyard/backend.h"

#include <functional>
#include <string>

namespace halyard {

struct CallOutcome {
    HyResult code;
    std::string words; // "" on success
};

// Calls `function`, which is `what` of a backend. When it did not answer HY_SUCCESS, the words are what it left in the
// error record with their hint, the code when it left none, or the exception. Replaces this thread's error record.
CallOutcome guardedCall(const char* what, const std::function<HyResult()>& function);

} // namespace halyard
