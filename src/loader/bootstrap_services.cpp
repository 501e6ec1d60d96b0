#include "loader/bootstrap_services.h"

#include "base/env.h"
#include "base/error.h"
#include "base/struct_size.h"

namespace halyard {
namespace {

constexpr size_t kBackendErrorV1 = 48;

std::string_view view(const char* text) {
    return text != nullptr ? text : "";
}

HyResult refuse(const char* service) {
    return fail(HY_ERROR_INVALID_STATE, "", "call it from initialise or later",
                "hyBackendGetInterface called {}, which is not available yet", service);
}

void log(void* context, HyLogLevel level, const char* message) {
    if (message != nullptr && level > HY_LOG_OFF && level <= HY_LOG_DEBUG)
        static_cast<Log*>(context)->write(level, "loader", message);
}

void setError(void*, const HyBackendError* error) {
    HyBackendError complete;
    if (error == nullptr || readStruct(error, complete, kBackendErrorV1) == StructFault::TooSmall)
        return;
    setLastError({.code = complete.code,
                  .argument = view(complete.argument),
                  .message = view(complete.message),
                  .hint = view(complete.hint),
                  .backend = {}, // not known yet
                  .nativeName = view(complete.nativeName),
                  .nativeCode = complete.nativeCode});
}

const char* getEnvironment(void*, const char* name) {
    return name != nullptr ? getEnv(name) : nullptr;
}

HyResult jitCompile(void*, const HyJitRequest*, HyJitArtifact*) {
    return refuse("jitCompile");
}

void jitRelease(void*, HyJitArtifact*) {} // there is no artifact to release

HyResult cacheGet(void*, const void*, uint64_t, HyJitArtifact*) {
    return refuse("cacheGet");
}

void cachePut(void*, const void*, uint64_t, const void*, uint64_t) {} // documented as never failing

void print(void*, const char*, uint64_t) {} // nothing runs yet

uint64_t getCorrelation(void*) { // nothing is submitted yet
    return 0;
}

} // namespace

HyHostServices bootstrapServices(Log& target) {
    return {.structSize = sizeof(HyHostServices),
            .abi = HY_BACKEND_ABI,
            .context = &target,
            .log = log,
            .setError = setError,
            .getEnv = getEnvironment,
            .jitCompile = jitCompile,
            .jitRelease = jitRelease,
            .cacheGet = cacheGet,
            .cachePut = cachePut,
            .print = print,
            .getCorrelation = getCorrelation};
}

} // namespace halyard
