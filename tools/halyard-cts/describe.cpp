#include "describe.h"

#include "halyard-info/names.h"

#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <halyard/halyard.hpp>
#include <sys/utsname.h>
#include <unistd.h>

namespace halyard::cts {
namespace {

// The value of the first line "KEY<separator>value"; "" without one.
std::string valueOf(const char* path, const std::string& key, char separator) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const size_t end = line.find(separator);
        if (end == std::string::npos || line.find_last_not_of(" \t", end - 1) + 1 != key.size() ||
            line.compare(0, key.size(), key) != 0) {
            continue;
        }
        const size_t first = line.find_first_not_of(" \t\"", end + 1);
        return first == std::string::npos ? "" : line.substr(first, line.find_last_not_of(" \t\"") - first + 1);
    }
    return "";
}

std::string fatesOf(const Instance& instance) {
    std::string text;
    for (const HyBackendInfo& backend : instance.backends()) {
        text += fmt::format("\n  {}: {}{}{}", backend.name, info::backendStatusName(backend.status),
                            backend.reason[0] == '\0' ? "" : ": ", backend.reason);
    }
    return text.empty() ? "\n  no backend was found at all" : text;
}

void describeBackend(const Instance& instance, const std::string& name, Subject& subject) {
    for (const HyBackendInfo& backend : instance.backends()) {
        if (backend.status == HY_BACKEND_LOADED && name == backend.name) {
            subject.backendLibrary = backend.libraryPath;
            subject.backendBuildId = backend.buildId;
            subject.backendAbi = fmt::format("{}.{}", backend.abiMajor, backend.abiMinor);
        }
    }
}

} // namespace

Machine describeMachine() {
    Machine machine;
    machine.system = valueOf("/etc/os-release", "PRETTY_NAME", '=');
    utsname name{};
    if (uname(&name) == 0) {
        machine.kernel = fmt::format("{} {} {}", name.sysname, name.release, name.machine);
    }
    machine.processor = valueOf("/proc/cpuinfo", "model name", ':');
    machine.processors = static_cast<uint32_t>(std::max(0L, sysconf(_SC_NPROCESSORS_ONLN)));
    machine.memoryBytes = static_cast<uint64_t>(std::max(0L, sysconf(_SC_PHYS_PAGES))) *
                          static_cast<uint64_t>(std::max(0L, sysconf(_SC_PAGESIZE)));
    return machine;
}

bool describeSubject(const std::string& selector, Subject& subject, std::string& why) {
    try {
        const Instance instance;
        try {
            const HyDeviceProperties properties = instance.device(selector.c_str()).properties();
            subject.selector = properties.selector;
            subject.deviceName = properties.name;
            subject.backend = properties.backend;
            subject.driverName = properties.vendor;
            subject.driverVersion = properties.driver;
            subject.capabilities = fmt::format("{}", fmt::join(info::capabilityNames(properties.capabilities), " "));
            // The UUID stays out: it is personal data (HyDeviceProperties::uuid), and reports are published.
            describeBackend(instance, properties.backend, subject);
            return true;
        } catch (const Error& error) {
            why = fmt::format("{}\nThe backends:{}", error.what(), fatesOf(instance));
        }
    } catch (const Error& error) {
        why = error.what();
    }
    return false;
}

std::string runtimeVersion() {
    return info::versionText(hyGetVersion());
}

} // namespace halyard::cts
