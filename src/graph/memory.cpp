#include "graph/memory.h"

#include "api/memory_ops.h"

namespace halyard::graph {

HyResult Memory::allocate(Device& device, uint64_t bytes, std::shared_ptr<const Memory>& outMemory) {
    HyDevicePtr base = 0;
    if (const HyResult result = allocateMemory(device, bytes, true, &base); result < 0)
        return result;
    std::unique_ptr<const Memory> memory;
    try {
        memory.reset(new Memory(device, base, bytes));
    } catch (...) {
        releaseGraphMemory(device, base);
        throw;
    }
    outMemory = std::move(memory);
    return HY_SUCCESS;
}

Memory::~Memory() {
    const auto release = [&] {
        if (releaseGraphMemory(device_, base_) < 0) {
            device_.instance->log.warning("core", "work on {} did not end: {} bytes of a graph stay allocated",
                                          device_.properties.selector, bytes_);
        }
    };
    try {
        const PreservedError preserved; // whoever drops the last owner asked for something else
        release();
    } catch (const std::bad_alloc&) {
        release();
    }
}

} // namespace halyard::graph
