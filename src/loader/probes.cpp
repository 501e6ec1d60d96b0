#include "loader/probes.h"

#include "base/env.h"
#include "loader/elf_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace halyard {
namespace {
namespace fs = std::filesystem;

#if defined(__x86_64__)
constexpr const char* kMultiarchDirectories[] = {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"};
#elif defined(__aarch64__)
constexpr const char* kMultiarchDirectories[] = {"/lib/aarch64-linux-gnu", "/usr/lib/aarch64-linux-gnu"};
#elif defined(__riscv)
constexpr const char* kMultiarchDirectories[] = {"/lib/riscv64-linux-gnu", "/usr/lib/riscv64-linux-gnu"};
#else
constexpr const char* kMultiarchDirectories[] = {"/lib64", "/usr/lib64"};
#endif

constexpr size_t kMaxLinkerCacheBytes = 64u << 20;

std::string readBytes(const fs::path& path, size_t limit) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes;
    char buffer[1 << 16];
    while (bytes.size() < limit && (file.read(buffer, sizeof buffer) || file.gcount() > 0))
        bytes.append(buffer, static_cast<size_t>(file.gcount()));
    return bytes;
}

bool isUsableLibrary(const fs::path& path) {
    return checkElf(path).empty();
}

// The cache holds the path of each library as a nul-terminated string whose file name is the soname, in every version
// of its format, so a search for
// "/<soname>\0" needs none of the format's numbers. A stale cache may name files that are gone, hence the check of
// each.
bool isInLinkerCache(const std::string& soname, const fs::path& cachePath) {
    const std::string cache = readBytes(cachePath, kMaxLinkerCacheBytes);
    std::string pattern = "/" + soname;
    pattern.push_back('\0');
    for (size_t hit = cache.find(pattern); hit != std::string::npos; hit = cache.find(pattern, hit + 1)) {
        const size_t start = cache.find_last_of('\0', hit) + 1; // npos + 1 is 0: no nul before it
        const fs::path path(cache.substr(start, hit + pattern.size() - 1 - start));
        if (path.is_absolute() && isUsableLibrary(path))
            return true;
    }
    return false;
}

// Asking dlopen would run the driver's constructors, which is what a probe exists to avoid. RTLD_NOLOAD opens nothing,
// and finds what the application has loaded from a place that only its own run path names.
bool holds(const SonameProbe& probe, const ProbeEnvironment& environment) {
    if (void* loaded = dlopen(probe.soname.c_str(), RTLD_LAZY | RTLD_NOLOAD)) {
        dlclose(loaded); // gives back the reference that the question took
        return true;
    }
    for (const fs::path& directory : environment.libraryDirectories)
        if (isUsableLibrary(directory / probe.soname))
            return true;
    return isInLinkerCache(probe.soname, environment.linkerCache);
}

// Presence only: a device that the user may not open is for the backend to explain.
bool holds(const DeviceProbe& probe, const ProbeEnvironment&) {
    return access(probe.path.c_str(), F_OK) == 0;
}

bool holds(const PciVendorProbe& probe, const ProbeEnvironment& environment) {
    std::error_code fault;
    for (auto entry = fs::directory_iterator(environment.pciDevices, fault);
         !fault && entry != fs::directory_iterator(); entry.increment(fault)) {
        unsigned vendor = 0;
        if (std::ifstream(entry->path() / "vendor") >> std::hex >> vendor && vendor == probe.vendor)
            return true;
    }
    return false;
}

bool holds(const UnknownProbe&, const ProbeEnvironment&) {
    return true;
}

std::string describe(const SonameProbe& probe) {
    return probe.soname;
}
std::string describe(const DeviceProbe& probe) {
    return probe.path;
}
std::string describe(const PciVendorProbe& probe) {
    return fmt::format("PCI vendor 0x{:04x}", probe.vendor);
}
std::string describe(const UnknownProbe& probe) {
    return probe.kind;
}

} // namespace

ProbeEnvironment ProbeEnvironment::ofProcess() {
    ProbeEnvironment out{{}, "/etc/ld.so.cache", "/sys/bus/pci/devices"};
    const char* variable = getEnv("LD_LIBRARY_PATH");
    std::string_view list = variable != nullptr ? variable : "";
    while (!list.empty()) {
        const size_t end = list.find_first_of(":;");
        const fs::path directory(list.substr(0, end));
        if (directory
                .is_absolute()) // the linker takes others as relative to the current directory; we never look there
            out.libraryDirectories.push_back(directory);
        list.remove_prefix(end == std::string_view::npos ? list.size() : end + 1);
    }
    out.libraryDirectories.insert(out.libraryDirectories.end(), std::begin(kMultiarchDirectories),
                                  std::end(kMultiarchDirectories));
    for (const char* directory : {"/lib64", "/usr/lib64", "/lib", "/usr/lib"})
        out.libraryDirectories.emplace_back(directory);
    return out;
}

std::string checkProbes(const std::vector<ProbeGroup>& groups, const ProbeEnvironment& environment) {
    for (const ProbeGroup& group : groups) {
        const auto isPresent = [&](const Probe& probe) {
            return std::visit([&](const auto& kind) { return holds(kind, environment); }, probe);
        };
        if (std::any_of(group.anyOf.begin(), group.anyOf.end(), isPresent))
            continue;
        std::string names;
        for (const Probe& probe : group.anyOf) {
            names += names.empty() ? "" : ", ";
            names += std::visit([](const auto& kind) { return describe(kind); }, probe);
        }
        std::string words = fmt::format("not opened: {} not found", names);
        if (!group.hint.empty())
            words += "; " + group.hint;
        return words;
    }
    return {};
}

} // namespace halyard
