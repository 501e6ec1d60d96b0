#include "cgroup.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <string_view>

namespace halyard::cpu {

namespace {

// The first number of a limit file; false for "max", "-1", and what is not there.
bool parse(std::string_view text, uint64_t& out) {
    return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc{};
}

std::string firstLine(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

void limitCpus(CgroupLimits& limits, uint64_t quota, uint64_t period) {
    if (period == 0 || quota == 0) {
        return;
    }
    const uint64_t cpus = quota / period + (quota % period != 0 ? 1 : 0);
    limits.cpus = static_cast<uint32_t>(std::min<uint64_t>(limits.cpus, cpus));
}

// The number behind `key` in a file of "key number" lines; 0 when it is not there.
uint64_t statistic(const std::string& path, std::string_view key) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        uint64_t value = 0;
        if (line.size() > key.size() && line[key.size()] == ' ' && line.compare(0, key.size(), key) == 0 &&
            parse(std::string_view(line).substr(key.size() + 1), value)) {
            return value;
        }
    }
    return 0;
}

// `usage` counts the caches of files, which the system gives up before it refuses memory.
void limitMemory(CgroupLimits& limits, uint64_t limit, const std::string& usageFile, const std::string& statFile,
                 std::string_view cacheKey) {
    uint64_t usage = 0;
    if (parse(firstLine(usageFile), usage)) {
        usage -= std::min(usage, statistic(statFile, cacheKey));
    }
    limits.memoryBytes = std::min(limits.memoryBytes, limit);
    limits.memoryRoom = std::min(limits.memoryRoom, limit - std::min(limit, usage));
}

void readUnified(CgroupLimits& limits, const std::string& folder) {
    const std::string cpu = firstLine(folder + "/cpu.max");
    const size_t space = cpu.find(' ');
    uint64_t quota = 0;
    uint64_t period = 0;
    if (space != std::string::npos && parse(cpu, quota) && parse(std::string_view(cpu).substr(space + 1), period)) {
        limitCpus(limits, quota, period);
    }
    uint64_t memory = 0;
    if (parse(firstLine(folder + "/memory.max"), memory)) {
        limitMemory(limits, memory, folder + "/memory.current", folder + "/memory.stat", "inactive_file");
    }
}

void readCpuController(CgroupLimits& limits, const std::string& folder) {
    uint64_t quota = 0;
    uint64_t period = 0;
    if (parse(firstLine(folder + "/cpu.cfs_quota_us"), quota) &&
        parse(firstLine(folder + "/cpu.cfs_period_us"), period)) {
        limitCpus(limits, quota, period);
    }
}

void readMemoryController(CgroupLimits& limits, const std::string& folder) {
    uint64_t memory = 0;
    if (parse(firstLine(folder + "/memory.limit_in_bytes"), memory)) {
        limitMemory(limits, memory, folder + "/memory.usage_in_bytes", folder + "/memory.stat", "total_inactive_file");
    }
}

// Calls `read` for the group's folder and each ancestor. Inside a container the path may name folders of the host that
// are not mounted: those read as no limit, and the mount's root has the container's own.
template <class Read> void forEachAncestor(const std::string& root, std::string path, Read&& read) {
    while (path.size() > 1) {
        read(root + path);
        path.erase(path.rfind('/'));
    }
    read(root);
}

} // namespace

CgroupLimits readCgroupLimits(const std::string& membership, const std::string& mount) {
    CgroupLimits limits;
    std::istringstream lines(membership);
    for (std::string line; std::getline(lines, line);) {
        // hierarchy-id:controller,controller:/path
        const size_t first = line.find(':');
        const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos || second + 1 >= line.size() || line[second + 1] != '/') {
            continue;
        }
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::string path = line.substr(second + 1);
        if (controllers.empty()) {
            forEachAncestor(mount, path, [&](const std::string& folder) { readUnified(limits, folder); });
            continue;
        }
        std::istringstream names(controllers);
        for (std::string name; std::getline(names, name, ',');) {
            // Distributions mount a joint hierarchy under its joint name, with links for the single ones or without.
            for (const std::string& root : {mount + "/" + controllers, mount + "/" + name}) {
                if (name == "cpu") {
                    forEachAncestor(root, path, [&](const std::string& dir) { readCpuController(limits, dir); });
                } else if (name == "memory") {
                    forEachAncestor(root, path, [&](const std::string& dir) { readMemoryController(limits, dir); });
                }
            }
        }
    }
    return limits;
}

} // namespace halyard::cpu
