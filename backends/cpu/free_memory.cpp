#include "free_memory.h"

#include "arena.h"
#include "cgroup.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace halyard::cpu {

namespace {

std::string readFile(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

} // namespace

uint64_t parseAvailable(const std::string& meminfo) {
    std::istringstream lines(meminfo);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string name;
        uint64_t kibibytes = 0;
        if (words >> name && name == "MemAvailable:" && words >> kibibytes) {
            return kibibytes * 1024;
        }
    }
    return UINT64_MAX;
}

uint64_t freeMemory(const Arena& arena) {
    const uint64_t allowed = arena.capacity() - arena.used();
    const uint64_t room = std::min(parseAvailable(readFile("/proc/meminfo")),
                                   readCgroupLimits(readFile("/proc/self/cgroup"), "/sys/fs/cgroup").memoryRoom);
    if (room >= arena.capacity()) {
        return allowed;
    }
    return std::min(allowed, room - std::min(room, arena.untouched()));
}

} // namespace halyard::cpu
