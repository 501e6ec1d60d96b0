#include "halyard/halyard.h"

#include <string_view>

extern "C" HyProc hyGetProcAddress(const char* name) {
    if (name == nullptr)
        return nullptr;
    struct Entry {
        std::string_view name;
        HyProc address;
    };
    static const Entry kFunctions[] = {
#define HY_PLAIN_FUNCTION(function) {#function, reinterpret_cast<HyProc>(&function)},
#define HY_FUNCTION(function, key, parameters, arguments) HY_PLAIN_FUNCTION(function)
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
    };
    for (const Entry& entry : kFunctions) {
        if (entry.name == name)
            return entry.address;
    }
    return nullptr;
}
