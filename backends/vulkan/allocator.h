// Device memory: a few large buffers, in which allocations are ranges, and the map from an address to the buffer that
// copies and fills need. Buffers of large allocations are their own.
#pragma once

#include "adapter.h"
#include "cache/file_descriptor.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace halyard::vulkan {

// Where an address is.
struct Place {
    VkBuffer buffer = VK_NULL_HANDLE;
    uint64_t offset = 0;       // in the buffer, bytes
    uint64_t address = 0;      // for the device
    std::byte* host = nullptr; // for the host, or null
    uint64_t bytes = 0;        // from there to the end of the buffer
};

// Where a buffer's memory comes from, when it is not just the driver's: at most one of these.
struct BufferSource {
    void* pages = nullptr;                // of the process, whole pages
    bool exportable = false;              // the driver's, for share()
    FileDescriptor* descriptor = nullptr; // what share() gave, perhaps in another process; taken when it succeeds
};

// One VkBuffer with its memory, mapped when the host can see it.
class Buffer {
public:
    // Throws Failure.
    Buffer(const VolkDeviceTable& functions, VkDevice device, uint64_t bytes, uint32_t memoryType, bool mapped,
           const BufferSource& source);
    ~Buffer();
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    uint64_t address() const { return address_; }
    uint64_t bytes() const { return bytes_; }
    // REQUIRES: it was made exportable. Throws Failure.
    FileDescriptor share() const;
    Place at(uint64_t offset) const {
        return {buffer_, offset, address_ + offset, host_ != nullptr ? host_ + offset : nullptr, bytes_ - offset};
    }

private:
    void bind(uint32_t memoryType, bool mapped, const BufferSource& source);
    void allocate(uint64_t bytes, uint32_t memoryType, const BufferSource& source);
    void release() noexcept;

    const VolkDeviceTable& functions_;
    const VkDevice device_;
    const uint64_t bytes_;
    VkBuffer buffer_ = VK_NULL_HANDLE;
    VkDeviceMemory memory_ = VK_NULL_HANDLE;
    uint64_t address_ = 0;
    std::byte* host_ = nullptr;
};

// Thread-safe.
class Allocator {
public:
    // Memory of one type, mapped or not; up to the size of the device's memory.
    Allocator(const VolkDeviceTable& functions, VkDevice device, const Adapter& adapter, uint32_t type, bool mapped,
              uint64_t slabBytes)
        : functions_(functions), device_(device), adapter_(adapter), type_(type), mapped_(mapped),
          slabBytes_(slabBytes) {}

    // Aligned to `memoryAlignment`. Throws Failure: HY_ERROR_OUT_OF_DEVICE_MEMORY.
    Place allocate(uint64_t bytes);
    // REQUIRES: an address of allocate() that was not freed, and no work that uses it.
    void free(uint64_t address);
    // Takes a buffer as one allocation, for find() and free(). Throws Failure, std::bad_alloc.
    void adopt(std::shared_ptr<Buffer> buffer);
    // Throws Failure: HY_ERROR_OUT_OF_DEVICE_MEMORY when a buffer of so many bytes is more than the device has left.
    void checkRoom(uint64_t bytes) const;
    // Makes memory of the process usable by the device, in whole pages around the range. Throws Failure.
    uint64_t import(void* pointer, uint64_t bytes);
    void release(void* pointer);
    // The buffer that holds the address: the whole of an allocation or an imported range lies in one.
    // Throws Failure when there is none: HY_ERROR_INVALID_ADDRESS.
    Place find(uint64_t address) const;
    std::optional<Place> tryFind(uint64_t address) const;
    // Whether the address is in memory that was taken for allocations, used or not.
    bool owns(uint64_t address) const;
    void getInfo(uint64_t& outFree, uint64_t& outTotal) const;

private:
    struct Slab {
        std::shared_ptr<Buffer> buffer;
        std::map<uint64_t, uint64_t> free; // bytes by offset, no two of them adjacent
        bool isOwn = false;                // of one allocation
    };
    struct Range {
        Slab* slab;
        uint64_t offset, bytes;
    };

    Place take(Slab& slab, uint64_t bytes); // no buffer when it does not fit
    void checkRoomLocked(uint64_t bytes) const;
    Slab& addSlab(uint64_t bytes, bool isOwn);
    void giveBack(const Range& range);
    void dropEmptySlab(Slab& slab);

    const VolkDeviceTable& functions_;
    const VkDevice device_;
    const Adapter& adapter_;
    const uint32_t type_;
    const bool mapped_;
    const uint64_t slabBytes_;
    mutable std::mutex mutex_;
    std::map<uint64_t, std::unique_ptr<Slab>> slabs_;                       // by address
    std::map<uint64_t, Range> ranges_;                                      // by address
    std::map<void*, std::pair<uint64_t, std::unique_ptr<Buffer>>> imports_; // by the pointer as it was given
    uint64_t used_ = 0;                                                     // bytes of slabs
};

} // namespace halyard::vulkan
