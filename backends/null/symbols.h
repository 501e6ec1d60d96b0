// The driver's functions. The driver is opened at run time, so that neither building nor installing the backend needs
// it; and each function is required or optional, so that a driver of any age works: one without an optional function
// only lacks the feature behind it.
//
// Here the C library plays the driver. A real backend declares its driver's types itself and needs no vendor header.
#pragma once

#include <string>

namespace halyard::null {

constexpr const char* kDriverLibrary = "libc.so.6";

// SYMBOL(presence, result, name, parameters)
#define HALYARD_NULL_SYMBOLS(SYMBOL)                                                                                   \
    SYMBOL(REQUIRED, const char*, gnu_get_libc_version, (void))                                                        \
    SYMBOL(OPTIONAL, const char*, gnu_get_libc_release, (void))

// One pointer for each; an optional function that the driver lacks is null.
struct Symbols {
#define HALYARD_NULL_DECLARE(presence, result, name, parameters) result(*name) parameters = nullptr;
    HALYARD_NULL_SYMBOLS(HALYARD_NULL_DECLARE)
#undef HALYARD_NULL_DECLARE
};

struct SymbolReport {
    std::string fault;           // why the driver cannot be used, or empty
    std::string missingOptional; // names, separated by ", "
};

// Opens `library`, which is never closed, and resolves its functions into `out`. Throws std::bad_alloc.
SymbolReport loadSymbols(const char* library, Symbols& out);

} // namespace halyard::null
