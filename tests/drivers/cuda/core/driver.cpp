#include "driver.h"

#include "knobs.h"

#include <algorithm>
#include <pthread.h>

namespace halyard::softcuda {
namespace {

std::atomic<bool> isChild{false};

uint64_t allMemory() {
    return knobs().memory * std::max(1u, knobs().devices);
}

uint64_t addresses() {
    return std::max(uint64_t{64} << 30, 4 * allMemory());
}

} // namespace

Driver::Driver() : heap(addresses(), allMemory()) {
    pthread_atfork(nullptr, nullptr, [] { isChild = true; });
    for (uint32_t i = 0; i < knobs().devices; ++i)
        devices.push_back(std::make_unique<Device>(i));
}

Driver& driver() {
    static Driver& only = *new Driver;
    return only;
}

bool forked() {
    return isChild.load(std::memory_order_relaxed);
}

} // namespace halyard::softcuda
