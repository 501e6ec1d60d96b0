// Device memory that belongs to graphs.
#pragma once

#include "halyard/halyard.h"

#include <memory>

namespace halyard {

struct Device;

namespace graph {

// Owned together by the graph with the allocation node, its clones, and what was made from them.
class Memory {
public:
    static HyResult allocate(Device& device, uint64_t bytes, std::shared_ptr<const Memory>& outMemory);
    // Waits for the device; memory that work does not let go of stays allocated.
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;

    HyDevicePtr base() const { return base_; }
    uint64_t bytes() const { return bytes_; }
    bool contains(HyDevicePtr address) const { return address - base_ < bytes_; }

private:
    Memory(Device& device, HyDevicePtr base, uint64_t bytes) : device_(device), base_(base), bytes_(bytes) {}

    Device& device_;
    const HyDevicePtr base_;
    const uint64_t bytes_;
};

} // namespace graph
} // namespace halyard
