// Memory without an address.
#pragma once

#include "api/object.h"

namespace halyard {

// What a handle and the mappings made with it share: the memory goes when the last of them does.
struct PhysicalState {
    PhysicalState(Device* owner, HyBackendPhysicalMemory memory, uint64_t size, uint32_t pointerFlags)
        : device(owner), impl(memory), bytes(size), flags(pointerFlags) {}
    ~PhysicalState() { device->tables->virtualMemory.destroyPhysical(impl); }
    PhysicalState(const PhysicalState&) = delete;
    PhysicalState& operator=(const PhysicalState&) = delete;

    Device* const device;
    const HyBackendPhysicalMemory impl;
    const uint64_t bytes;
    const uint32_t flags; // HY_POINTER_SHAREABLE, HY_POINTER_IMPORTED
};

struct PhysicalMemory : Object {
    static constexpr ObjectType kType = ObjectType::PhysicalMemory;
    explicit PhysicalMemory(std::shared_ptr<PhysicalState> shared)
        : Object(kType, shared->device->instance, shared->device), state(std::move(shared)) {}

    const std::shared_ptr<PhysicalState> state;
};

// Gives memory that the backend made a handle.
HyResult publishPhysical(Device& device, HyBackendPhysicalMemory impl, uint64_t bytes, uint32_t flags,
                         HyPhysicalMemory* outMemory);

// Bytes are at least 1 and a multiple of the device's minimum granularity.
HyResult checkGranularity(Device& device, uint64_t value, const char* argument);

// Unmaps and releases everything of a device whose work has ended. For the end of an instance.
void dropVirtualMemory(Device& device);

} // namespace halyard
