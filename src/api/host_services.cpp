// The services that a backend gets: thin adapters from C to the instance.
#include "api/object.h"
#include "base/env.h"
#include "base/struct_size.h"

#include <algorithm>

namespace halyard {
namespace {

HostContext& from(void* context) {
    return *static_cast<HostContext*>(context);
}

void logLine(void* context, HyLogLevel level, const char* message) {
    HostContext& host = from(context);
    if (message != nullptr && level != HY_LOG_OFF)
        host.instance->log.write(std::min(level, HY_LOG_DEBUG), host.backend.c_str(), message);
}

std::string_view text(const char* string) {
    return string != nullptr ? string : "";
}

void setError(void* context, const HyBackendError* error) {
    if (error == nullptr)
        return;
    HyBackendError full;
    readTable(error, full);
    setLastError({full.code, text(full.argument), text(full.message), text(full.hint), from(context).backend,
                  text(full.nativeName), full.nativeCode});
}

const char* environment(void*, const char* name) {
    return name != nullptr ? getEnv(name) : nullptr;
}

HyResult jitCompile(void* context, const HyJitRequest* request, HyJitArtifact* outArtifact) {
    HyJitRequest full;
    readTable(request, full);
    return from(context).instance->compiler.compile(full, outArtifact);
}

void jitRelease(void*, HyJitArtifact* artifact) {
    Compiler::release(artifact);
}

HyResult cacheGet(void* context, const void* key, uint64_t keyBytes, HyJitArtifact* outArtifact) {
    return from(context).instance->compiler.cacheGet(key, keyBytes, outArtifact);
}

void cachePut(void* context, const void* key, uint64_t keyBytes, const void* data, uint64_t bytes) {
    from(context).instance->compiler.cachePut(key, keyBytes, data, bytes);
}

void print(void* context, const char* text, uint64_t bytes) {
    if (text != nullptr)
        from(context).instance->printer.write({text, bytes});
}

} // namespace

const HyHostServices* Instance::makeServices(const std::string& backend) {
    auto context = std::make_unique<HostContext>();
    context->instance = this;
    context->backend = backend;
    context->services = {.structSize = sizeof(HyHostServices),
                         .abi = HY_BACKEND_ABI,
                         .context = context.get(),
                         .log = logLine,
                         .setError = setError,
                         .getEnv = environment,
                         .jitCompile = jitCompile,
                         .jitRelease = jitRelease,
                         .cacheGet = cacheGet,
                         .cachePut = cachePut,
                         .print = print,
                         .getCorrelation = [](void*) { return ActivityHub::correlation(); }};
    hostContexts.push_back(std::move(context));
    return &hostContexts.back()->services;
}

} // namespace halyard
