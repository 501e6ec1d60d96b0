// Addresses and memory apart. The books are memory/virtual_space.h; the address map knows each mapping as a range.
#include "api/core.h"
#include "api/device_memory.h"
#include "api/physical_memory.h"

#include <algorithm>
#include <bit>

namespace halyard {
namespace {

HyResult granularity(Device& device, uint64_t& outMinimum, uint64_t& outRecommended) {
    HY_TRY(device.ensureOpen());
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->virtualMemory.getGranularity(device.impl, &outMinimum, &outRecommended)));
    return HY_SUCCESS;
}

// The backend's own reason when the device has no virtual memory.
HyResult requireVirtualMemory(Device& device) {
    uint64_t minimum = 0;
    uint64_t recommended = 0;
    return granularity(device, minimum, recommended);
}

HyResult checkBytes(uint64_t bytes) {
    if (bytes != 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_ARGUMENT, "bytes", "pass at least one granule", "bytes is 0");
}

HyResult reserve(Device& device, uint64_t bytes, uint64_t alignment, HyDevicePtr* outBase) {
    HY_TRY(requirePointer(outBase, "outBase"));
    HY_TRY(checkBytes(bytes));
    if (alignment != 0 && !std::has_single_bit(alignment)) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "alignment", "pass a power of two, or 0", "alignment is {}", alignment);
    }
    uint64_t minimum = 0;
    uint64_t recommended = 0;
    HY_TRY(granularity(device, minimum, recommended));
    HY_TRY(checkGranularity(device, bytes, "bytes"));
    alignment = alignment == 0 ? recommended : std::max(alignment, minimum);
    const HyBackendVirtualMemoryTable& table = device.tables->virtualMemory;
    HyDevicePtr base = 0;
    HY_TRY(blameBackend(device.backend->name, table.reserve(device.impl, bytes, alignment, &base)));
    AddressMap& addresses = device.instance->addresses;
    VirtualSpace& space = device.virtualSpace;
    Rollback undo([&] {
        const std::lock_guard lock(space.mutex());
        space.remove(base);
        addresses.unreserve(base, bytes);
        table.release(device.impl, base, bytes);
    });
    {
        const std::lock_guard lock(space.mutex());
        space.add(base, bytes);
    }
    addresses.reserve(base, bytes, false);
    undo.release();
    *outBase = base;
    return HY_SUCCESS;
}

HyResult releaseReservation(Device& device, HyDevicePtr base) {
    if (base == 0)
        return HY_SUCCESS;
    HY_TRY(requireVirtualMemory(device));
    VirtualSpace& space = device.virtualSpace;
    const std::lock_guard lock(space.mutex());
    const VirtualReservation* reservation = space.at(base);
    if (reservation == nullptr) {
        return fail(HY_ERROR_INVALID_ADDRESS, "base", "pass what hyVirtualReserve gave, and the same device",
                    "no reservation of {} starts at {:#x}", device.properties.selector, base);
    }
    if (!reservation->mappings.empty()) {
        return fail(HY_ERROR_INVALID_STATE, "base", "unmap everything in it first (hyVirtualUnmap)",
                    "the reservation at {:#x} still has {} mappings, the first at {:#x}", base,
                    reservation->mappings.size(), reservation->mappings.begin()->first);
    }
    const uint64_t bytes = reservation->bytes;
    HY_TRY(blameBackend(device.backend->name, device.tables->virtualMemory.release(device.impl, base, bytes)));
    device.instance->addresses.unreserve(base, bytes);
    space.remove(base);
    return HY_SUCCESS;
}

HyResult create(Device& device, const HyPhysicalMemoryDesc* in, HyPhysicalMemory* outMemory) {
    HyPhysicalMemoryDesc desc{};
    HY_TRY(readDesc(in, desc, kPhysicalMemoryDescV1, HY_PHYSICAL_MEMORY_SHAREABLE, "desc"));
    HY_TRY(requirePointer(outMemory, "outMemory"));
    HY_TRY(checkBytes(desc.bytes));
    HY_TRY(checkGranularity(device, desc.bytes, "desc->bytes"));
    HyBackendPhysicalMemory impl = nullptr;
    HY_TRY(blameBackend(device.backend->name,
                        device.tables->virtualMemory.createPhysical(device.impl, desc.bytes, desc.flags, &impl)));
    const bool shareable = (desc.flags & HY_PHYSICAL_MEMORY_SHAREABLE) != 0;
    return publishPhysical(device, impl, desc.bytes, shareable ? HY_POINTER_SHAREABLE : 0, outMemory);
}

HyResult map(Device& device, HyDevicePtr base, uint64_t bytes, const PhysicalMemory& memory, uint64_t offset) {
    HY_TRY(checkBytes(bytes));
    const std::shared_ptr<PhysicalState>& state = memory.state;
    if (state->device != &device) {
        return fail(HY_ERROR_UNSUPPORTED, "memory", "map memory of the device that reserved the addresses",
                    "the memory belongs to {}, not {}", state->device->properties.selector, device.properties.selector);
    }
    HY_TRY(checkGranularity(device, base, "base"));
    HY_TRY(checkGranularity(device, bytes, "bytes"));
    HY_TRY(checkGranularity(device, offset, "offset"));
    if (offset > state->bytes || bytes > state->bytes - offset) {
        return fail(HY_ERROR_INVALID_ARGUMENT, offset > state->bytes ? "offset" : "bytes", "map less, or create more",
                    "{} bytes from offset {} on pass the end of the memory of {} bytes", bytes, offset, state->bytes);
    }
    VirtualSpace& space = device.virtualSpace;
    const std::lock_guard lock(space.mutex());
    VirtualReservation* reservation = space.around(base, bytes);
    if (reservation == nullptr) {
        return fail(HY_ERROR_INVALID_ADDRESS, "base", "reserve the addresses first (hyVirtualReserve)",
                    "the {} bytes at {:#x} do not lie in one reservation of {}", bytes, base,
                    device.properties.selector);
    }
    if (!reservation->isFree(base, bytes)) {
        return fail(HY_ERROR_INVALID_STATE, "base", "unmap it first (hyVirtualUnmap)",
                    "something is mapped in the {} bytes at {:#x}", bytes, base);
    }
    const auto entry = reservation->mappings.emplace(base, VirtualMapping{base, bytes, state}).first;
    Rollback forget([&] { reservation->mappings.erase(entry); });
    const HyBackendVirtualMemoryTable& table = device.tables->virtualMemory;
    void* host = nullptr;
    HY_TRY(blameBackend(device.backend->name, table.map(device.impl, base, bytes, state->impl, offset, &host)));
    const AddressRange range{.base = base,
                             .bytes = bytes,
                             .kind = HY_MEMORY_VIRTUAL,
                             .device = &device,
                             .host = static_cast<std::byte*>(host),
                             .flags = state->flags,
                             .access = HY_ACCESS_NONE,
                             .reservation = reservation->base};
    HY_TRY(enterMemory(device, range, [&](HyDevicePtr at) { table.unmap(device.impl, at, bytes); }));
    forget.release();
    return HY_SUCCESS;
}

// Whole mappings that this thread alone changes for a while. Until it is done, copies see `during` as their access.
class Change {
public:
    explicit Change(Device& device) : device_(device), space_(device.virtualSpace) {}
    ~Change() {
        if (mappings_.empty())
            return;
        const std::lock_guard lock(space_.mutex());
        for (VirtualMapping* mapping : mappings_) {
            device_.instance->addresses.setAccess(mapping->base, mapping->access);
            mapping->busy = false;
        }
    }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

    HyResult begin(HyDevicePtr base, uint64_t bytes, HyMemoryAccess during) {
        HY_TRY(checkBytes(bytes));
        HY_TRY(requireVirtualMemory(device_));
        const std::lock_guard lock(space_.mutex());
        std::string fault;
        mappings_ = space_.whole(base, bytes, fault);
        if (mappings_.empty()) {
            return fail(HY_ERROR_INVALID_ADDRESS, "base", "pass a range of whole mappings, as hyVirtualMap made them",
                        "the {} bytes at {:#x} cannot be changed: {}", bytes, base, fault);
        }
        for (VirtualMapping* mapping : mappings_) {
            mapping->busy = true;
            device_.instance->addresses.setAccess(mapping->base, mapping->access & during);
        }
        return HY_SUCCESS;
    }
    bool takesAway(HyMemoryAccess access) const {
        return std::any_of(mappings_.begin(), mappings_.end(),
                           [&](const VirtualMapping* mapping) { return (mapping->access & ~access) != 0; });
    }
    HyResult setAccess(HyMemoryAccess access) {
        for (VirtualMapping* mapping : mappings_) {
            HY_TRY(blameBackend(device_.backend->name, device_.tables->virtualMemory.setAccess(
                                                           device_.impl, mapping->base, mapping->bytes, access)));
            mapping->access = access;
        }
        return HY_SUCCESS;
    }
    HyResult unmap() {
        std::vector<std::shared_ptr<PhysicalState>> memory; // destroyed without the lock
        memory.reserve(mappings_.size());
        const std::lock_guard lock(space_.mutex());
        VirtualReservation* reservation = space_.around(mappings_.front()->base, 1);
        while (!mappings_.empty()) {
            VirtualMapping& last = *mappings_.back();
            const HyDevicePtr base = last.base;
            HY_TRY(blameBackend(device_.backend->name,
                                device_.tables->virtualMemory.unmap(device_.impl, base, last.bytes)));
            device_.instance->addresses.remove(base, &device_, HY_MEMORY_VIRTUAL);
            memory.push_back(std::move(last.memory));
            mappings_.pop_back();
            reservation->mappings.erase(base);
        }
        return HY_SUCCESS;
    }

private:
    Device& device_;
    VirtualSpace& space_;
    std::vector<VirtualMapping*> mappings_;
};

HyResult unmap(Device& device, HyDevicePtr base, uint64_t bytes) {
    Change change(device);
    HY_TRY(change.begin(base, bytes, HY_ACCESS_NONE));
    HY_TRY(waitForWork(device, "the range stays mapped"));
    return change.unmap();
}

HyResult setAccess(Device& device, HyDevicePtr base, uint64_t bytes, HyMemoryAccess access) {
    if (access != HY_ACCESS_NONE && access != HY_ACCESS_READ && access != HY_ACCESS_READ_WRITE) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "access", "use HY_ACCESS_NONE, HY_ACCESS_READ or HY_ACCESS_READ_WRITE",
                    "access is {}", access);
    }
    Change change(device);
    HY_TRY(change.begin(base, bytes, access));
    if (change.takesAway(access))
        HY_TRY(waitForWork(device, "the access stays as it was"));
    return change.setAccess(access);
}

} // namespace

HyResult checkGranularity(Device& device, uint64_t value, const char* argument) {
    uint64_t minimum = 0;
    uint64_t recommended = 0;
    HY_TRY(granularity(device, minimum, recommended));
    if (value % minimum == 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_MISALIGNED, argument, "ask hyVirtualGetGranularity", "{} is {:#x}, not a multiple of {}",
                argument, value, minimum);
}

HyResult publishPhysical(Device& device, HyBackendPhysicalMemory impl, uint64_t bytes, uint32_t flags,
                         HyPhysicalMemory* outMemory) {
    Rollback destroy([&] { device.tables->virtualMemory.destroyPhysical(impl); });
    auto state = std::make_shared<PhysicalState>(&device, impl, bytes, flags);
    destroy.release();
    return publish(std::make_unique<PhysicalMemory>(std::move(state)), outMemory);
}

void dropVirtualMemory(Device& device) {
    VirtualSpace& space = device.virtualSpace;
    const std::lock_guard lock(space.mutex());
    for (auto& [base, reservation] : space.reservations()) {
        for (const auto& [at, mapping] : reservation.mappings)
            device.tables->virtualMemory.unmap(device.impl, at, mapping.bytes);
        reservation.mappings.clear();
        device.tables->virtualMemory.release(device.impl, base, reservation.bytes);
    }
    space.reservations().clear();
}

namespace core {

HyResult hyVirtualGetGranularity(HyDevice device, uint64_t* outMinimum, uint64_t* outRecommended) {
    return onObject<Device>("hyVirtualGetGranularity", device, "device", [&](Device& object) {
        uint64_t minimum = 0;
        uint64_t recommended = 0;
        HY_TRY(granularity(object, minimum, recommended));
        if (outMinimum != nullptr)
            *outMinimum = minimum;
        if (outRecommended != nullptr)
            *outRecommended = recommended;
        return HY_SUCCESS;
    });
}

HyResult hyVirtualReserve(HyDevice device, uint64_t bytes, uint64_t alignment, HyDevicePtr* outBase) {
    return onObject<Device>("hyVirtualReserve", device, "device",
                            [&](Device& object) { return reserve(object, bytes, alignment, outBase); });
}

HyResult hyVirtualFree(HyDevice device, HyDevicePtr base) {
    return onObject<Device>("hyVirtualFree", device, "device",
                            [&](Device& object) { return releaseReservation(object, base); });
}

HyResult hyPhysicalMemoryCreate(HyDevice device, const HyPhysicalMemoryDesc* desc, HyPhysicalMemory* outMemory) {
    return onObject<Device>("hyPhysicalMemoryCreate", device, "device",
                            [&](Device& object) { return create(object, desc, outMemory); });
}

HyResult hyPhysicalMemoryDestroy(HyPhysicalMemory memory) {
    return destroyObject<PhysicalMemory>("hyPhysicalMemoryDestroy", memory, "memory");
}

HyResult hyVirtualMap(HyDevice device, HyDevicePtr base, uint64_t bytes, HyPhysicalMemory memory, uint64_t offset) {
    return onObject<Device>("hyVirtualMap", device, "device", [&](Device& object) {
        HyResult result = HY_SUCCESS;
        const auto* physical = resolve<PhysicalMemory>(memory, "memory", result);
        return physical != nullptr ? map(object, base, bytes, *physical, offset) : result;
    });
}

HyResult hyVirtualUnmap(HyDevice device, HyDevicePtr base, uint64_t bytes) {
    return onObject<Device>("hyVirtualUnmap", device, "device",
                            [&](Device& object) { return unmap(object, base, bytes); });
}

HyResult hyVirtualSetAccess(HyDevice device, HyDevicePtr base, uint64_t bytes, HyMemoryAccess access) {
    return onObject<Device>("hyVirtualSetAccess", device, "device",
                            [&](Device& object) { return setAccess(object, base, bytes, access); });
}

} // namespace core
} // namespace halyard
