// A backend that is the one in HALYARD_FAULTY_TARGET but for the mistake that HALYARD_FAULT names: "none" for no
// mistake at all. It measures the suite: a fault that no test notices is a hole in it.
#include "books.h"
#include "target.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>

namespace halyard::faulty {
namespace {

struct ContextServices;

struct State {
    Tables tables{};
    std::string fault; // the name
    std::string why;   // the backend cannot be used: the words
    std::atomic<HyResult (*)(void*, const HyJitRequest*, HyJitArtifact*)> compile{};
};

State& state() {
    static auto& one = *new State;
    return one;
}

// Code of wrong words must not be found in the cache by the right ones.
std::array<uint8_t, 32> digestOf(const uint8_t* digest, const std::string& fault) {
    std::array<uint8_t, 32> other{};
    std::memcpy(other.data(), digest, other.size());
    for (size_t i = 0; i < fault.size(); ++i)
        other[i % other.size()] = static_cast<uint8_t>(other[i % other.size()] * 31 + fault[i] + 1);
    return other;
}

HyResult compile(void* context, const HyJitRequest* request, HyJitArtifact* outArtifact) {
    State& own = state();
    HyJitRequest changed = *request;
    changed.flags |= own.tables.jitFlags;
    std::vector<uint32_t> words;
    std::array<uint8_t, 32> digest{};
    if (own.tables.rewrite != nullptr) {
        words = own.tables.rewrite({static_cast<const uint32_t*>(request->spirv), request->spirvBytes / 4});
        digest = digestOf(request->spirvDigest, own.fault);
        changed.spirv = words.data();
        changed.spirvBytes = words.size() * 4;
        changed.spirvDigest = digest.data();
    }
    return own.compile.load()(context, &changed, outArtifact);
}

HyResult fail(const HyHostServices* host, HyResult code, const std::string& words, const char* hint) {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = code;
    error.message = words.c_str();
    error.hint = hint;
    host->setError(host->context, &error);
    return error.code;
}

HyResult initialise(const HyHostServices* host, HyBackendContext* outContext) {
    State& own = state();
    if (!own.why.empty())
        return fail(host, HY_ERROR_INVALID_ARGUMENT, own.why,
                    "HALYARD_FAULT takes a name that halyard-faults lists, HALYARD_FAULTY_TARGET the "
                    "absolute path of a backend");
    auto services = std::make_shared<HyHostServices>();
    std::memcpy(services.get(), host, std::min<size_t>(host->structSize, sizeof *services));
    services->structSize = sizeof *services;
    own.compile = host->jitCompile;
    services->jitCompile = compile;
    if (own.tables.print != nullptr)
        services->print = own.tables.print;
    const HyResult result = openTarget(nullptr, 0, nullptr).interface->initialise(services.get(), outContext);
    if (result == HY_SUCCESS)
        books<ContextServices, HyBackendContext, std::shared_ptr<HyHostServices>>().put(*outContext, services);
    return result;
}

void shutdown(HyBackendContext context) {
    openTarget(nullptr, 0, nullptr).interface->shutdown(context);
    books<ContextServices, HyBackendContext, std::shared_ptr<HyHostServices>>().take(context);
}

// The tables are read once, so the fault is in them from the start.
void prepare(const HyHostServices* host, uint32_t hostAbi) {
    State& own = state();
    const Target& target = openTarget(host->getEnv(host->context, "HALYARD_FAULTY_TARGET"), hostAbi, host);
    own.tables = target.tables;
    const char* name = host->getEnv(host->context, "HALYARD_FAULT");
    own.fault = name != nullptr ? name : "";
    const Fault* fault = findFault(own.fault);
    if (target.interface == nullptr)
        own.why = "the real backend cannot be used: " + target.fault;
    else if (fault != nullptr)
        fault->install(own.tables);
    else if (own.fault != "none")
        own.why = name == nullptr ? "HALYARD_FAULT is not set" : "HALYARD_FAULT=" + own.fault + " is no fault";
}

const HyBackendInterface& interface() {
    const Tables& tables = state().tables;
    static const HyBackendInterface one{
        .structSize = sizeof(HyBackendInterface),
        .abiMajor = HY_BACKEND_ABI_MAJOR,
        .abiMinor = HY_BACKEND_ABI_MINOR,
        .name = "faulty",
        .vendor = "Halyard",
        .buildId = HALYARD_BACKEND_BUILD_ID,
        .initialise = initialise,
        .shutdown = shutdown,
        .device = &tables.device,
        .memory = &tables.memory,
        .stream = &tables.stream,
        .event = &tables.event,
        .module = &tables.module,
        .semaphore = &tables.semaphore,
        .graph = &tables.graph,
        .virtualMemory = &tables.virtualMemory,
        .profiling = &tables.profiling,
    };
    return one;
}

} // namespace
} // namespace halyard::faulty

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* host, const HyBackendInterface** outInterface) {
    using namespace halyard::faulty;
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR)
        return fail(host, HY_ERROR_INCOMPATIBLE_ABI, "the faulty backend was built for another backend ABI",
                    "use the runtime that it was built with");
    static const bool prepared = [&] {
        prepare(host, hostAbi);
        return true;
    }();
    static_cast<void>(prepared);
    *outInterface = &interface();
    return HY_SUCCESS;
}
