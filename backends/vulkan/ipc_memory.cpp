#include "ipc_memory.h"

#include "device.h"
#include "handles.h"
#include "sharing.h"

#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

// Drivers export whole pages, and both sides must ask for the same size.
constexpr uint64_t kUnit = 64 * 1024;

uint64_t roundUp(uint64_t bytes) {
    return (bytes + kUnit - 1) / kUnit * kUnit;
}

} // namespace

IpcMemory::~IpcMemory() {
    for (const auto& [address, entry] : live_)
        if (entry.named)
            common::DescriptorServer::get().withdraw(entry.name.number);
}

Place IpcMemory::add(std::shared_ptr<Buffer> buffer, bool opened) {
    const Place place = buffer->at(0);
    if (place.address % adapter_.properties.memoryAlignment != 0)
        throw Failure{HY_ERROR_UNSUPPORTED,
                      fmt::format("the driver puts shared memory at {:#x}, which is not aligned", place.address), ""};
    const std::scoped_lock lock(mutex_);
    const auto entry = live_.emplace(place.address, Entry{buffer, opened, false, {}}).first;
    try {
        memory_.adopt(std::move(buffer));
    } catch (...) {
        live_.erase(entry);
        throw;
    }
    return place;
}

Place IpcMemory::allocate(uint64_t bytes) {
    const uint64_t rounded = roundUp(bytes);
    memory_.checkRoom(rounded);
    BufferSource source;
    source.exportable = true;
    return add(
        std::make_shared<Buffer>(functions_, device_, rounded, adapter_.deviceType, adapter_.deviceMapped, source),
        false);
}

HyBackendIpcHandle IpcMemory::nameOf(uint64_t address) {
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(address);
    if (found == live_.end() || found->second.opened)
        throw Failure{HY_ERROR_UNSUPPORTED, "the allocation is private to this process",
                      "allocate it with hyMemAllocShareable", "ptr"};
    Entry& entry = found->second;
    if (!entry.named) {
        common::Fault fault;
        if (!common::DescriptorServer::get().offer(entry.buffer->share(), entry.buffer->bytes(), entry.name, fault))
            throw failureOf(fault);
        entry.named = true;
    }
    return common::packName(entry.name);
}

Place IpcMemory::open(const HyBackendIpcHandle& handle, uint64_t bytes) {
    common::DescriptorName name{};
    common::Fault fault;
    FileDescriptor descriptor;
    uint64_t ofOwner = 0;
    if (!common::unpackName(handle, name, fault) ||
        !common::DescriptorServer::fetch(name, "the memory", descriptor, ofOwner, fault))
        throw failureOf(fault);
    // The driver believes what it is told about the size.
    if (ofOwner != roundUp(bytes))
        throw Failure{HY_ERROR_INVALID_ARGUMENT,
                      fmt::format("the memory that the handle names is not of {} bytes", bytes), "", "handle"};
    BufferSource source;
    source.descriptor = &descriptor;
    return add(
        std::make_shared<Buffer>(functions_, device_, ofOwner, adapter_.deviceType, adapter_.deviceMapped, source),
        true);
}

void IpcMemory::forget(uint64_t address) noexcept {
    Entry entry; // its buffer goes with the allocator's reference
    {
        const std::scoped_lock lock(mutex_);
        const auto found = live_.find(address);
        if (found == live_.end())
            return;
        entry = std::move(found->second);
        live_.erase(found);
    }
    if (entry.named)
        common::DescriptorServer::get().withdraw(entry.name.number);
}

HyResult allocateShareable(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Place place = device.ipcMemory().allocate(bytes);
        *outPtr = place.address;
        *outHost = place.host;
        return HY_SUCCESS;
    });
}

HyResult getIpcHandle(HyBackendDevice handle, HyDevicePtr ptr, HyBackendIpcHandle* outHandle) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        *outHandle = device.ipcMemory().nameOf(ptr);
        return HY_SUCCESS;
    });
}

HyResult openIpcHandle(HyBackendDevice handle, const HyBackendIpcHandle* name, uint64_t bytes, HyDevicePtr* outPtr,
                       void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Place place = device.ipcMemory().open(*name, bytes);
        *outPtr = place.address;
        *outHost = place.host;
        return HY_SUCCESS;
    });
}

HyResult closeIpcHandle(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        device.ipcMemory().forget(ptr);
        device.memory().free(ptr);
        return HY_SUCCESS;
    });
}

} // namespace halyard::vulkan
