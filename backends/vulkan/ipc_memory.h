// Allocations that other processes can open, and those that they opened for us: memory that the driver exports as an
// opaque file descriptor (VK_KHR_external_memory_fd), handed out under a name of plain bytes.
#pragma once

#include "allocator.h"
#include "common/descriptor_server.h"

namespace halyard::vulkan {

// One for a device. Thread-safe. Everything throws Failure, and std::bad_alloc.
class IpcMemory {
public:
    IpcMemory(const VolkDeviceTable& functions, VkDevice device, const Adapter& adapter, Allocator& memory)
        : functions_(functions), device_(device), adapter_(adapter), memory_(memory) {}
    // No process can open any of it any more.
    ~IpcMemory();
    IpcMemory(const IpcMemory&) = delete;
    IpcMemory& operator=(const IpcMemory&) = delete;

    Place allocate(uint64_t bytes);
    // HY_ERROR_UNSUPPORTED: it was not allocated here.
    HyBackendIpcHandle nameOf(uint64_t address);
    // HY_ERROR_INVALID_ARGUMENT: no handle, or of memory of another size; HY_ERROR_NOT_FOUND: the owner is gone.
    Place open(const HyBackendIpcHandle& handle, uint64_t bytes);
    // The memory at the address, shared or not, is about to be freed.
    void forget(uint64_t address) noexcept;

private:
    struct Entry {
        std::shared_ptr<Buffer> buffer;
        bool opened = false;
        bool named = false;
        common::DescriptorName name{};
    };
    Place add(std::shared_ptr<Buffer> buffer, bool opened);

    const VolkDeviceTable& functions_;
    const VkDevice device_;
    const Adapter& adapter_;
    Allocator& memory_;
    std::mutex mutex_;
    std::map<uint64_t, Entry> live_; // by address
};

} // namespace halyard::vulkan
