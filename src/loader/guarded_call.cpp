#include "loader/guarded_call.h"

#include <fmt/format.h>

#include <cxxabi.h>
#include <exception>

namespace halyard {
namespace {

std::string failureWords(const char* what, HyResult result) {
    HyErrorInfo info{};
    info.structSize = sizeof info;
    if (hyGetLastError(&info) != HY_SUCCESS || info.code == HY_SUCCESS || info.message[0] == '\0')
        return fmt::format("{} returned {} without any explanation", what, hyResultName(result));
    std::string words = info.message;
    if (info.nativeName[0] != '\0')
        words += fmt::format(" ({}, {})", info.nativeName, info.nativeCode);
    if (info.hint[0] != '\0')
        words += fmt::format("; {}", info.hint);
    return words;
}

} // namespace

CallOutcome guardedCall(const char* what, const std::function<HyResult()>& function) {
    hyClearLastError();
    try {
        const HyResult result = function();
        return {result, result == HY_SUCCESS ? std::string() : failureWords(what, result)};
    } catch (abi::__forced_unwind&) {
        throw; // the thread is being cancelled: swallowing that ends the process
    } catch (const std::exception& exception) {
        return {HY_ERROR_INTERNAL, fmt::format("{} threw a C++ exception: {}", what, exception.what())};
    } catch (...) {
        return {HY_ERROR_INTERNAL, fmt::format("{} threw a C++ exception of an unknown type", what)};
    }
}

} // namespace halyard
