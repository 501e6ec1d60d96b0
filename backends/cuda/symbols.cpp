#include "symbols.h"

#include <algorithm>
#include <dlfcn.h>
#include <iterator>
#include <mutex>
#include <string_view>

namespace halyard::cuda {
namespace {

// They are called many times for each piece of work, and their failures name a kernel or a stream anyway.
constexpr std::string_view kUnrecorded[] = {"cuCtxGetCurrent", "cuLaunchKernel", "cuStreamQuery",
                                            "cuEventRecord",   "cuEventQuery",   "cuStreamWaitEvent"};

thread_local FailedCall lastFailure;

// A function of the driver behind one that takes down its failures. The driver is one library that stays loaded, so one
// pointer for each function will do; it is written again only in tests that load several.
template <auto Member, typename Function> struct Recorded;
template <auto Member, typename... Args> struct Recorded<Member, CUresult (*)(Args...)> {
    static inline CUresult (*real)(Args...) = nullptr;
    static inline const char* name = "";

    static CUresult call(Args... args) {
        const CUresult code = real(args...);
        if (code != CUDA_SUCCESS && code != CUDA_ERROR_NOT_READY) [[unlikely]]
            lastFailure = {name, code};
        return code;
    }
    static void put(Symbols& symbols, const char* itsName) {
        if (symbols.*Member == nullptr ||
            std::find(std::begin(kUnrecorded), std::end(kUnrecorded), itsName) != std::end(kUnrecorded))
            return;
        if (real != symbols.*Member) {
            real = symbols.*Member;
            name = itsName;
        }
        symbols.*Member = call;
    }
};

void record(Symbols& symbols) {
    static std::mutex mutex; // several instances may start at once
    const std::scoped_lock lock(mutex);
#define HALYARD_CUDA_RECORD(presence, version, result, function, parameters)                                           \
    Recorded<&Symbols::function, decltype(Symbols::function)>::put(symbols, #function);
    HALYARD_CUDA_SYMBOLS(HALYARD_CUDA_RECORD)
#undef HALYARD_CUDA_RECORD
}

enum class Presence { REQUIRED, OPTIONAL };

void append(std::string& list, const char* name, int version) {
    list += list.empty() ? "" : ", ";
    list += name;
    list += " (CUDA " + std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10) + ")";
}

} // namespace

SymbolReport loadSymbols(const char* library, Symbols& out) {
    void* driver = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (driver == nullptr) {
        const char* words = dlerror();
        return {false, std::string("the NVIDIA driver cannot be opened: ") + (words != nullptr ? words : library), {}};
    }
    std::string missingRequired;
    std::string missingOptional;
#define HALYARD_CUDA_RESOLVE(presence, version, result, name, parameters)                                              \
    out.name = reinterpret_cast<result(*) parameters>(dlsym(driver, #name));                                           \
    if (out.name == nullptr)                                                                                           \
        append(Presence::presence == Presence::REQUIRED ? missingRequired : missingOptional, #name, version);
    HALYARD_CUDA_SYMBOLS(HALYARD_CUDA_RESOLVE)
#undef HALYARD_CUDA_RESOLVE
    if (!missingRequired.empty())
        return {true, std::string("the NVIDIA driver is too old or broken: ") + library + " lacks " + missingRequired,
                missingOptional};
    record(out);
    return {true, {}, missingOptional};
}

FailedCall lastFailedCall() noexcept {
    return lastFailure;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter" // they have the driver's names
const Symbols& deadSymbols() {
    static constexpr Symbols kDead{
#define HALYARD_CUDA_DEAD(presence, version, result, name, parameters)                                                 \
    .name = [] parameters -> result { return CUDA_ERROR_CONTEXT_IS_DESTROYED; },
        HALYARD_CUDA_SYMBOLS(HALYARD_CUDA_DEAD)
#undef HALYARD_CUDA_DEAD
    };
    return kDead;
}
#pragma GCC diagnostic pop

} // namespace halyard::cuda
