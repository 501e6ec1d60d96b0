// When the library is opened it takes the symbols that an older driver lacks out of its own table of dynamic symbols,
// in memory: a symbol without a value is none to dlsym. Nothing else can make an exported symbol disappear at run time.
#include "hidden.h"

#include "call.h"
#include "logs.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::softcuda {

std::span<const SymbolRow> symbolRows() {
    using namespace cuda;
#define HALYARD_SOFTCUDA_ROW(presence, version, result, name, parameters)                                              \
    SymbolRow{#name, version, reinterpret_cast<void*>(&cuda::name)},
    static const SymbolRow rows[] = {HALYARD_CUDA_SYMBOLS(HALYARD_SOFTCUDA_ROW)
                                         HALYARD_SOFTCUDA_EXTRA_SYMBOLS(HALYARD_SOFTCUDA_ROW)};
#undef HALYARD_SOFTCUDA_ROW
    return rows;
}

const KnownNames& driverNames() {
    static constexpr KnownNames kNames{
        [](std::string_view name) {
            return std::ranges::any_of(symbolRows(), [&](const SymbolRow& row) { return row.name == name; });
        },
        [](int code) { return cuda::nameOf(static_cast<cuda::CUresult>(code)) != nullptr; }};
    return kNames;
}

bool isHidden(const SymbolRow& row) {
    const std::vector<std::string>& missing = knobs().missing;
    return row.version > knobs().driver || std::find(missing.begin(), missing.end(), row.name) != missing.end();
}

namespace {

// The linker is told to write the old hash table too, whose chain count is the number of symbols.
struct DynamicTables {
    ElfW(Sym) * symbols = nullptr;
    const char* names = nullptr;
    uint32_t count = 0;
};

DynamicTables findTables() {
    DynamicTables tables;
    Dl_info info{};
    dladdr(&_DYNAMIC, &info);
    auto base = reinterpret_cast<uintptr_t>(info.dli_fbase);
    for (const ElfW(Dyn)* entry = _DYNAMIC; entry->d_tag != DT_NULL; ++entry) {
        // Some loaders leave offsets, others addresses.
        uintptr_t address = entry->d_un.d_ptr < base ? entry->d_un.d_ptr + base : entry->d_un.d_ptr;
        if (entry->d_tag == DT_SYMTAB)
            tables.symbols = reinterpret_cast<ElfW(Sym)*>(address);
        else if (entry->d_tag == DT_STRTAB)
            tables.names = reinterpret_cast<const char*>(address);
        else if (entry->d_tag == DT_HASH)
            tables.count = reinterpret_cast<const uint32_t*>(address)[1];
    }
    return tables;
}

__attribute__((constructor)) void hideSymbols() {
    DynamicTables tables = findTables();
    if (!tables.symbols || !tables.names || !tables.count)
        return;
    auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    uintptr_t begin = reinterpret_cast<uintptr_t>(tables.symbols) & ~(page - 1);
    uintptr_t end = reinterpret_cast<uintptr_t>(tables.symbols + tables.count);
    if (mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ | PROT_WRITE) != 0)
        return;
    for (const SymbolRow& row : symbolRows()) {
        if (!isHidden(row))
            continue;
        for (uint32_t i = 1; i < tables.count; ++i)
            if (std::strcmp(tables.names + tables.symbols[i].st_name, row.name) == 0)
                tables.symbols[i].st_value = 0;
    }
    mprotect(reinterpret_cast<void*>(begin), end - begin, PROT_READ);
}

} // namespace
} // namespace halyard::softcuda
