#include "report.h"

#include <algorithm>

#include <fmt/format.h>

#include "environment.h"
#include "layers.h"
#include "names.h"

namespace halyard::info {
namespace {

std::string joined(const std::vector<std::string>& words) {
    return words.empty() ? "none" : fmt::format("{}", fmt::join(words, ", "));
}

void line(std::string& text, const char* label, const std::string& value) {
    if (!value.empty()) {
        text += fmt::format("    {:<18} {}\n", label, value);
    }
}

// Columns as wide as their widest cell; the last is not padded.
std::string table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<size_t> widths(rows.front().size(), 0);
    for (const auto& row : rows) {
        for (size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string text;
    for (const auto& row : rows) {
        for (size_t i = 0; i + 1 < row.size(); ++i) {
            text += fmt::format("{:<{}}  ", row[i], widths[i]);
        }
        text += row.back() + "\n";
    }
    return text;
}

std::string unlessZero(uint64_t value, const std::string& text) {
    return value == 0 ? "" : text;
}

} // namespace

Findings collect(const Instance& instance) {
    Findings findings{{}, instance.backends(), instance.counters()};
    for (const Device& device : instance.devices()) {
        findings.devices.push_back(device.properties());
    }
    return findings;
}

std::string deviceTable(const Findings& findings) {
    if (findings.devices.empty()) {
        return "No devices. 'halyard-info --why' explains what was looked for and what became of it.\n";
    }
    std::vector<std::vector<std::string>> rows = {{"DEVICE", "TYPE", "NAME", "UNITS", "MEMORY", "CODE"}};
    for (const HyDeviceProperties& device : findings.devices) {
        rows.push_back({device.selector, deviceTypeName(device.type), device.name,
                        fmt::format("{}", device.computeUnits), bytesText(device.totalMemory), device.isa});
    }
    return table(rows);
}

std::string deviceDetails(const Findings& findings, bool showUuid) {
    std::string text;
    for (const HyDeviceProperties& d : findings.devices) {
        text += fmt::format("{}: {}\n", d.selector, d.name);
        line(text, "type", deviceTypeName(d.type));
        line(text, "vendor", d.vendor);
        line(text, "driver", d.driver);
        line(text, "code", d.isa);
        line(text, "pci", pciText(d));
        line(text, "uuid", showUuid ? uuidText(d.uuid) : "hidden; --show-uuid prints it");
        line(text, "compute units", fmt::format("{}", d.computeUnits));
        line(text, "clock", unlessZero(d.clockMHz, fmt::format("{} MHz", d.clockMHz)));
        line(text, "memory",
             unlessZero(d.totalMemory, fmt::format("{}, largest allocation {}", bytesText(d.totalMemory),
                                                   bytesText(d.maxAllocation))));
        line(text, "alignment", fmt::format("{} B", d.memoryAlignment));
        line(text, "workgroup",
             fmt::format("up to {} invocations, {} x {} x {}", d.maxWorkgroupInvocations, d.maxWorkgroupSize[0],
                         d.maxWorkgroupSize[1], d.maxWorkgroupSize[2]));
        line(text, "grid",
             fmt::format("up to {} x {} x {} workgroups", d.maxWorkgroups[0], d.maxWorkgroups[1], d.maxWorkgroups[2]));
        line(text, "subgroup",
             unlessZero(d.subgroupSizeMax, fmt::format("{} to {}", d.subgroupSizeMin, d.subgroupSizeMax)));
        line(text, "workgroup memory", bytesText(d.maxLocalBytes));
        line(text, "arguments", bytesText(d.maxArgumentBytes));
        line(text, "capabilities", joined(capabilityNames(d.capabilities)));
    }
    return text;
}

std::string explanation(const Findings& findings) {
    std::string text;
    if (findings.backends.empty()) {
        text += "No backend was found at all. Backends are described by halyard/backends.d/*.json beside "
                "libhalyard.so; is the "
                "installation complete? HALYARD_BACKEND_FILES can name a backend's library directly.\n";
    }
    for (const HyBackendInfo& backend : findings.backends) {
        text += fmt::format("{}: {}", backend.name, backendStatusName(backend.status));
        if (backend.status == HY_BACKEND_LOADED) {
            text += fmt::format(", {} device{}", backend.deviceCount, backend.deviceCount == 1 ? "" : "s");
        }
        text += "\n";
        line(text, "because", backend.reason);
        line(text, "manifest", backend.manifestPath);
        line(text, "library", backend.libraryPath);
        line(text, "vendor", backend.vendor);
        line(text, "build", backend.buildId);
        if (backend.abiMajor != 0 || backend.abiMinor != 0) {
            line(text, "interface", fmt::format("{}.{}", backend.abiMajor, backend.abiMinor));
        }
    }

    // A backend that nothing on this machine provides has no record, and its absence is what people ask about.
    for (const char* name : {"cuda", "hip", "level_zero", "vulkan"}) {
        const bool considered =
            std::any_of(findings.backends.begin(), findings.backends.end(),
                        [&](const auto& backend) { return std::string_view(backend.name) == name; });
        if (!considered) {
            text += fmt::format("{}: not installed\n", name);
            line(text, "because", "no manifest names it; this build of Halyard has no such backend");
            line(text, "to add it", "install its library with a manifest, or name it in HALYARD_ADD_BACKEND_FILES");
        }
    }

    text += "\nLayers:\n";
    const std::vector<LayerFile> layers = findLayers();
    if (layers.empty()) {
        text += "    none is installed\n";
    }
    for (const LayerFile& layer : layers) {
        text += fmt::format("    {}: {}\n        {}\n", layer.name, layer.description, layer.library);
    }

    text += "\nEnvironment:\n";
    const std::vector<Variable> variables = environmentVariables();
    if (variables.empty()) {
        text += "    no HALYARD_ variable is set\n";
    } else if (environmentIgnored()) {
        text += "    this program runs with elevated rights, so all of these are ignored\n";
    }
    for (const Variable& variable : variables) {
        text += fmt::format("    {}={}\n        {}\n", variable.name, variable.value, variable.effect);
    }
    return text;
}

} // namespace halyard::info
