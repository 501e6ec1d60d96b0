// The thread's error record, and the two ways to fill it. Success never touches it.
//
// Code that finds a fault itself calls fail() and returns what it returns. The public entry point that passes on a
// failure from a backend or from deeper code calls finishFailure(), which adds the call's name and, when nobody left
// any words, says so.
#pragma once

#include "halyard/halyard.h"

#include <fmt/core.h>

#include <memory>
#include <string_view>

namespace halyard {

// Everything but the call; views are copied into fixed buffers and truncated when too long (message: 2,047 bytes).
struct Failure {
    HyResult code = HY_ERROR_INTERNAL;
    std::string_view argument;
    std::string_view message;
    std::string_view hint;
    std::string_view backend;
    std::string_view nativeName;
    int64_t nativeCode = 0;
};

// Sets the record of this thread and returns failure.code. Allocates nothing.
HyResult setLastError(const Failure& failure);

// Names `call` in the record that this failure left; writes a record when it left none (a backend that broke its
// contract). `backend` may be empty. Returns `result`, also when it is not an error (then nothing is touched).
HyResult finishFailure(const char* call, std::string_view backend, HyResult result);

// Names the backend in the record that a failed backend call left, or writes a record when it left none. For use below
// an entry point; finishFailure() still follows. Returns `result`.
HyResult blameBackend(std::string_view backend, HyResult result);

// What fail() comes to. One function, since {fmt}'s code in every source that reports errors is most of their compile
// time.
HyResult failWith(HyResult code, std::string_view argument, std::string_view hint, fmt::string_view format,
                  fmt::format_args args);

// fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "pass at least 1", "bytes is {}", n): argument and hint may be "".
template <typename... Args>
HyResult fail(HyResult code, std::string_view argument, std::string_view hint, fmt::format_string<Args...> format,
              Args&&... args) {
    return failWith(code, argument, hint, format, fmt::make_format_args(args...));
}

// Puts this thread's record back as it was: for work whose failures are reported elsewhere, such as a backend that the
// loader rejects while the call as a whole succeeds.
class PreservedError {
public:
    PreservedError();
    ~PreservedError();
    // The record stays as it is now: the work failed as a whole.
    void dismiss();
    PreservedError(const PreservedError&) = delete;
    PreservedError& operator=(const PreservedError&) = delete;

private:
    struct State;
    std::unique_ptr<State> saved_;
};

} // namespace halyard
