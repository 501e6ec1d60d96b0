#include "symbols.h"

#include <dlfcn.h>

namespace halyard::cuda {
namespace {

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
    return {true, {}, missingOptional};
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
