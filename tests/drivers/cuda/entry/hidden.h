// Symbols that this driver has by its version and knobs; the others are not found by dlsym.
#pragma once

#include <span>

namespace halyard::softcuda {

struct SymbolRow {
    const char* name;
    int version; // that brought it
    void* address;
};

std::span<const SymbolRow> symbolRows();
bool isHidden(const SymbolRow& row);

} // namespace halyard::softcuda
