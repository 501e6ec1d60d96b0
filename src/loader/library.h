// Opens a backend's library and takes its interface, believing nothing before it is checked.
#pragma once

#include "base/log.h"
#include "halyard/backend.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace halyard {

struct OpenedInterface {
    HyBackendInterface interface {}; // the root table, complete for our version
    uint32_t abiMajor = 0, abiMinor = 0;
    std::string fault; // why it cannot be used, or empty
};

// Opens a shared library, which is never closed again. Null and a fault when the file is none or cannot be loaded.
void* openLibrary(const std::filesystem::path& path, std::string& fault);

// Opens the library, which is never closed again, and reads and checks its root table; the backend itself is not
// started.
OpenedInterface openInterface(const std::filesystem::path& library, Log& log);

// Words for a backend of another major version, or empty when the majors are equal.
std::string checkAbiMajor(uint32_t major, uint32_t minor);

} // namespace halyard
