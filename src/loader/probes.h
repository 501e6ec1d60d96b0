// Cheap checks that tell, without opening a backend or a driver, that the hardware is absent.
#pragma once

#include "loader/manifest.h"

#include <filesystem>
#include <string>
#include <vector>

namespace halyard {

// What the probes look at; a test gives its own.
struct ProbeEnvironment {
    std::vector<std::filesystem::path> libraryDirectories; // searched for sonames before the linker's cache
    std::filesystem::path linkerCache;                     // /etc/ld.so.cache
    std::filesystem::path pciDevices;                      // /sys/bus/pci/devices

    // LD_LIBRARY_PATH (not in elevated processes) and the directories that dlopen searches on this system.
    static ProbeEnvironment ofProcess();
};

// Empty when every group holds; else words that name what is missing and the manifest's hint.
std::string checkProbes(const std::vector<ProbeGroup>& groups, const ProbeEnvironment& environment);

} // namespace halyard
