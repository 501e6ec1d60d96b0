#include "symbols.h"

#include <dlfcn.h>

namespace halyard::null {
namespace {

enum class Presence { REQUIRED, OPTIONAL };

void append(std::string& list, const char* name) {
    list += list.empty() ? "" : ", ";
    list += name;
}

} // namespace

SymbolReport loadSymbols(const char* library, Symbols& out) {
    void* driver = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    if (driver == nullptr) {
        const char* words = dlerror();
        return {std::string("the driver cannot be opened: ") + (words != nullptr ? words : library), {}};
    }
    std::string missingRequired, missingOptional;
#define HALYARD_NULL_RESOLVE(presence, result, name, parameters)                                                       \
    out.name = reinterpret_cast<result(*) parameters>(dlsym(driver, #name));                                           \
    if (out.name == nullptr)                                                                                           \
        append(Presence::presence == Presence::REQUIRED ? missingRequired : missingOptional, #name);
    HALYARD_NULL_SYMBOLS(HALYARD_NULL_RESOLVE)
#undef HALYARD_NULL_RESOLVE
    if (!missingRequired.empty())
        return {std::string("the driver ") + library + " is too old: it lacks " + missingRequired, missingOptional};
    return {{}, missingOptional};
}

} // namespace halyard::null
