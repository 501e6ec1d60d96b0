// What the control group of this process allows: containers see the whole machine, but may not use it.
#pragma once

#include <cstdint>
#include <string>

namespace halyard::cpu {

struct CgroupLimits {
    uint32_t cpus = UINT32_MAX;        // whole processors, rounded up; UINT32_MAX: no limit
    uint64_t memoryBytes = UINT64_MAX; // UINT64_MAX: no limit
    uint64_t memoryRoom = UINT64_MAX;  // bytes left below the limits now, counting file caches as left
};

// Reads the limits of cgroup v2 and v1. `membership` is the text of /proc/self/cgroup and `mount` the folder where
// the hierarchies are mounted (/sys/fs/cgroup). A limit of an ancestor binds too; a file that cannot be read or
// understood is no limit. Throws std::bad_alloc.
CgroupLimits readCgroupLimits(const std::string& membership, const std::string& mount);

} // namespace halyard::cpu
