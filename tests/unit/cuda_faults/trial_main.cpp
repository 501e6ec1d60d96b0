// usage: cuda_trial <PTX version> <processor> [kernel]. A process of its own, since a driver reads its settings once.
// Each line is `what=step|result|native name|native code|message`; a line `end=` says that nothing died on the way.
#include "trial.h"
#include "trial_kernels.h"

#include <chrono>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <unistd.h>

using namespace halyard::test;

namespace {

void log(void*, HyLogLevel level, const char* message) {
    if (level <= HY_LOG_WARNING)
        std::printf("log %u=%s\n", level, message);
}
const char* getEnv(void*, const char*) {
    return nullptr;
}
void setError(void*, const HyBackendError* error) {
    Report& last = lastError();
    last.message = error->message != nullptr ? error->message : "";
    last.nativeName = error->nativeName != nullptr ? error->nativeName : "";
    last.nativeCode = error->nativeCode;
}

void tell(const char* what, const Report& report) {
    std::string message = report.message;
    for (char& c : message)
        c = c == '\n' ? ' ' : c;
    std::printf("%s=%s|%d|%s|%lld|%s\n", what, report.step, static_cast<int>(report.result), report.nativeName.c_str(),
                static_cast<long long>(report.nativeCode), message.c_str());
    std::fflush(stdout);
}

// The small program, twice: what failed in the first round must leave nothing behind.
void runWork(const HyBackendInterface& api, const HyHostServices& services, const std::string& ptx) {
    for (const char* round : {"first", "second"}) {
        Trial trial(api, services);
        trial.start() && trial.load(ptx, kTrialKernels[0].name) && trial.fillThenReadBack();
        tell(round, trial.report());
        if (*trial.report().step == '\0') {
            std::printf("free %s=%llu\n", round, static_cast<unsigned long long>(trial.freeBytes()));
            std::printf("clusters=%d\n", (trial.capabilities() & HY_CAP_CLUSTERS) != 0 ? 1 : 0);
        }
    }
}

void runFault(const HyBackendInterface& api, const HyHostServices& services, const std::string& ptx,
              const char* kernel) {
    constexpr uint64_t kWait = 300'000'000;
    {
        Trial trial(api, services);
        trial.start() && trial.load(ptx, kernel) && trial.launch() && trial.wait(kWait);
        tell("fault", trial.report());
        trial.wait(kWait);
        tell("again", trial.report());
        trial.launch();
        tell("launch", trial.report());
        // Beside a hung kernel the driver's cuMemFree would wait for it.
        if (trial.report().result != HY_ERROR_TIMEOUT) {
            Trial beside(api, services);
            beside.start() && beside.load(ptx, kernel);
            tell("beside", beside.report());
        }
        const auto begin = std::chrono::steady_clock::now();
        const HyResult closed = trial.close(kWait);
        std::printf("closed=%d\n", static_cast<int>(closed));
        const auto took = std::chrono::steady_clock::now() - begin;
        std::printf("bounded=%d\n", took < std::chrono::seconds(20) ? 1 : 0);
        std::fflush(stdout);
    }
    // What a user does then.
    {
        Trial trial(api, services);
        trial.open() && trial.reset(kWait);
        tell("reset", trial.report());
    }
    Trial anew(api, services);
    anew.start() && anew.load(ptxOf(kTrialKernels[0], "7.0", "70"), kTrialKernels[0].name) && anew.fillThenReadBack();
    tell("anew", anew.report());
}

} // namespace

int main(int count, char** words) {
    if (count < 3)
        return 2;
    alarm(60); // a hang is a failure that the test names
    void* library = dlopen(CUDA_BACKEND, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr)
        return 3;
    HyHostServices services{};
    services.structSize = sizeof services;
    services.abi = HY_BACKEND_ABI;
    services.log = log;
    services.setError = setError;
    services.getEnv = getEnv;
    const auto get = reinterpret_cast<HyBackendGetInterfaceFn>(dlsym(library, "hyBackendGetInterface"));
    const HyBackendInterface* api = nullptr;
    if (get == nullptr || get(HY_BACKEND_ABI, &services, &api) != HY_SUCCESS)
        return 4;
    const char* wanted = count > 3 ? words[3] : nullptr;
    for (const TrialKernel& kernel : kTrialKernels) {
        if (wanted == nullptr) {
            runWork(*api, services, ptxOf(kernel, words[1], words[2]));
            break;
        }
        if (std::strcmp(kernel.name, wanted) == 0)
            runFault(*api, services, ptxOf(kernel, words[1], words[2]), wanted);
    }
    std::puts("end=");
    return 0;
}
