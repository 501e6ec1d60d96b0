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
#define HY_FUNCTION(function) {#function, reinterpret_cast<HyProc>(&function)},
#include "api/functions.inc"
#undef HY_FUNCTION
    };
    for (const Entry& entry : kFunctions) {
        if (entry.name == name)
            return entry.address;
    }
    return nullptr;
}
