#include "base/error.h"

#include "base/default_hint.h"
#include "base/struct_size.h"

#include <fmt/format.h>

namespace halyard {
namespace {

// Plain buffers: no destructor that a late call could outlive, and no allocation while reporting that memory ran out.
struct Record {
    HyResult code;
    bool pending; // set by setLastError, cleared once a call's name is attached
    int64_t nativeCode;
    char call[48];
    char argument[96];
    char backend[32];
    char nativeName[96];
    char hint[1024];
    char message[2048];
};

thread_local Record record;

template <size_t N> void assign(char (&target)[N], std::string_view text) {
    target[text.copy(target, N - 1)] = '\0'; // copy(), because memcpy may not be given the null of an empty view
}

} // namespace

HyResult setLastError(const Failure& failure) {
    record.code = failure.code;
    record.pending = true;
    record.nativeCode = failure.nativeCode;
    record.call[0] = '\0';
    assign(record.argument, failure.argument);
    assign(record.message, failure.message);
    assign(record.hint, failure.hint);
    assign(record.backend, failure.backend);
    assign(record.nativeName, failure.nativeName);
    return failure.code;
}

HyResult failWith(HyResult code, std::string_view argument, std::string_view hint, fmt::string_view format,
                  fmt::format_args args) {
    fmt::basic_memory_buffer<char, 512> buffer;
    fmt::vformat_to(std::back_inserter(buffer), format, args);
    return setLastError({code, argument, {buffer.data(), buffer.size()}, hint, {}, {}, 0});
}

HyResult blameBackend(std::string_view backend, HyResult result) {
    if (result >= 0)
        return result;
    if (!record.pending || record.code != result) {
        fail(result, "", "this is a defect of the backend: please report it to its vendor",
             "the {} backend returned {} without any explanation", backend, hyResultName(result));
    }
    if (record.backend[0] == '\0')
        assign(record.backend, backend);
    return result;
}

HyResult finishFailure(const char* call, std::string_view backend, HyResult result) {
    if (result >= 0)
        return result;
    if (!backend.empty())
        blameBackend(backend, result);
    if (!record.pending || record.code != result)
        fail(result, "", "this is a defect of Halyard: please report it", "no explanation was given");
    assign(record.call, call);
    if (record.hint[0] == '\0')
        assign(record.hint, defaultHint(result));
    record.pending = false;
    return result;
}

struct PreservedError::State {
    Record record;
};

PreservedError::PreservedError() : saved_(std::make_unique<State>(State{record})) {}
PreservedError::~PreservedError() {
    if (saved_ != nullptr)
        record = saved_->record;
}
void PreservedError::dismiss() {
    saved_.reset();
}

} // namespace halyard

extern "C" {

HyResult hyGetLastError(HyErrorInfo* outInfo) {
    using halyard::record;
    if (outInfo == nullptr)
        return HY_ERROR_INVALID_ARGUMENT;
    const HyErrorInfo info = {.structSize = sizeof info,
                              .code = record.code,
                              .call = record.call,
                              .argument = record.argument,
                              .message = record.message,
                              .hint = record.hint,
                              .backend = record.backend,
                              .nativeName = record.nativeName,
                              .nativeCode = record.nativeCode};
    return halyard::writeStruct(outInfo, info, halyard::kErrorInfoV1) ? HY_SUCCESS : HY_ERROR_INVALID_STRUCT;
}

void hyClearLastError(void) {
    halyard::record = {};
}

} // extern "C"
