#include "placement.h"

namespace halyard::cpu {

void Placement::add(uint32_t processor) {
    if (processor < awake_.size()) {
        ++awake_[processor];
    }
}

void Placement::remove(uint32_t processor) {
    if (processor < awake_.size()) {
        --awake_[processor];
    }
}

cpu_set_t Placement::takenOnes() const {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (size_t i = 0; i < awake_.size(); ++i) {
        if (awake_[i] > 0) {
            CPU_SET(i, &set);
        }
    }
    return set;
}

uint32_t currentProcessor() {
    return static_cast<uint32_t>(sched_getcpu()); // an error is a processor that no set has
}

void leaveProcessors(const cpu_set_t& taken) {
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
        return;
    }
    cpu_set_t both;
    cpu_set_t others;
    CPU_AND(&both, &allowed, &taken);
    CPU_XOR(&others, &allowed, &both);
    if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0) {
        sched_setaffinity(0, sizeof allowed, &allowed);
    }
}

} // namespace halyard::cpu
