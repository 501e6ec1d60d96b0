// A backend's manifest: a small JSON file that says where its library is and how to tell, without opening it, that its
// hardware is absent. docs/backends.md specifies the format.
#pragma once

#include "base/log.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace halyard {

struct SonameProbe {
    std::string soname; // "libcuda.so.1"
};
struct DeviceProbe {
    std::string path; // "/dev/nvidia0"
};
struct PciVendorProbe {
    uint16_t vendor; // 0x10de
};
// An alternative of a kind that a newer format defines: it cannot be checked, so it cannot rule the backend out.
struct UnknownProbe {
    std::string kind;
};
using Probe = std::variant<SonameProbe, DeviceProbe, PciVendorProbe, UnknownProbe>;

// Holds when one of the alternatives does.
struct ProbeGroup {
    std::vector<Probe> anyOf;
    std::string hint; // what the user can do when none does, or empty
};

constexpr int32_t kDefaultPriority = 50;

struct Manifest {
    std::string name;
    std::filesystem::path library; // absolute
    uint32_t abiMajor = 0, abiMinor = 0;
    int32_t priority = kDefaultPriority;
    std::vector<ProbeGroup> probes; // all must hold
};

// Reads a manifest. Returns an empty string, or what is wrong with it in words that name the field. Unknown keys are
// ignored.
std::string readManifest(const std::filesystem::path& path, Manifest& out, Log& log);

// readManifest() on text in memory; relative library paths start at `directory`.
std::string parseManifest(std::string_view text, const std::filesystem::path& directory, Manifest& out, Log& log);

// Whether the text can name a backend: lower case letters, digits, '-' and '_', starting with a letter, at most 31
// bytes, and not "uuid", which device selectors use.
bool isBackendName(std::string_view name);

constexpr std::string_view kBackendNameRule = "a name is 1 to 31 lower case letters, digits, '-' or '_', starts with a "
                                              "letter and is not \"uuid\"";

} // namespace halyard
