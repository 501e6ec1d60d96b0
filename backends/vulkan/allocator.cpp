#include "allocator.h"

#include <algorithm>
#include <mutex>

#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

constexpr uint64_t kAlignment = 256;

uint64_t roundUp(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

} // namespace

Buffer::Buffer(const VolkDeviceTable& functions, VkDevice device, uint64_t bytes, uint32_t memoryType, bool mapped,
               const BufferSource& source)
    : functions_(functions), device_(device), bytes_(bytes) {
    VkBufferCreateInfo info{};
    VkExternalMemoryBufferCreateInfo external{};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.size = bytes;
    info.usage = kBufferUsage;
    if (source.pages != nullptr || source.exportable || source.descriptor != nullptr) {
        external.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO;
        external.handleTypes = source.pages != nullptr ? VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT
                                                       : VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
        info.pNext = &external;
    }
    check(functions_.vkCreateBuffer(device_, &info, nullptr, &buffer_), "vkCreateBuffer");
    try {
        bind(memoryType, mapped, source);
    } catch (...) {
        release();
        throw;
    }
}

void Buffer::allocate(uint64_t bytes, uint32_t memoryType, const BufferSource& source) {
    VkMemoryAllocateInfo info{};
    VkMemoryAllocateFlagsInfo flags{};
    VkImportMemoryHostPointerInfoEXT pages{};
    VkExportMemoryAllocateInfo exported{};
    VkImportMemoryFdInfoKHR imported{};
    VkMemoryDedicatedAllocateInfo dedicated{};
    flags.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO;
    flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT;
    info.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    info.pNext = &flags;
    info.allocationSize = bytes;
    info.memoryTypeIndex = memoryType;
    // Shared memory is that of one buffer on both sides, which some drivers demand.
    dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO;
    dedicated.buffer = buffer_;
    if (source.pages != nullptr) {
        pages.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT;
        pages.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
        pages.pHostPointer = source.pages;
        flags.pNext = &pages;
    } else if (source.exportable) {
        exported.sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
        exported.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
        exported.pNext = &dedicated;
        flags.pNext = &exported;
    } else if (source.descriptor != nullptr) {
        imported.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR;
        imported.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
        imported.fd = source.descriptor->get();
        imported.pNext = &dedicated;
        flags.pNext = &imported;
    }
    // lavapipe reads a descriptor at its position, which all copies of the descriptor share.
    static std::mutex& importing = *new std::mutex; // outlives every instance
    std::unique_lock lock(importing, std::defer_lock);
    if (source.descriptor != nullptr)
        lock.lock();
    check(functions_.vkAllocateMemory(device_, &info, nullptr, &memory_),
          fmt::format("vkAllocateMemory of {} bytes", info.allocationSize));
    if (source.descriptor != nullptr)
        source.descriptor->release(); // the driver's now
}

void Buffer::bind(uint32_t memoryType, bool mapped, const BufferSource& source) {
    VkMemoryRequirements needs{};
    functions_.vkGetBufferMemoryRequirements(device_, buffer_, &needs);
    if ((needs.memoryTypeBits & (1U << memoryType)) == 0)
        throw Failure{HY_ERROR_UNSUPPORTED,
                      fmt::format("the driver has no such buffers in memory of type {}", memoryType), ""};
    allocate(source.pages != nullptr ? bytes_ : needs.size, memoryType, source);
    check(functions_.vkBindBufferMemory(device_, buffer_, memory_, 0), "vkBindBufferMemory");
    if (source.pages != nullptr) {
        host_ = static_cast<std::byte*>(source.pages);
    } else if (mapped) {
        void* pointer = nullptr;
        check(functions_.vkMapMemory(device_, memory_, 0, VK_WHOLE_SIZE, 0, &pointer), "vkMapMemory");
        host_ = static_cast<std::byte*>(pointer);
    }
    VkBufferDeviceAddressInfo where{};
    where.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO;
    where.buffer = buffer_;
    address_ = functions_.vkGetBufferDeviceAddress(device_, &where);
}

FileDescriptor Buffer::share() const {
    if (functions_.vkGetMemoryFdKHR == nullptr)
        throw Failure{HY_ERROR_UNSUPPORTED, "the driver lacks vkGetMemoryFdKHR, so it exports no memory", "update it"};
    VkMemoryGetFdInfoKHR info{};
    info.sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR;
    info.memory = memory_;
    info.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    int descriptor = -1;
    check(functions_.vkGetMemoryFdKHR(device_, &info, &descriptor), "vkGetMemoryFdKHR");
    return FileDescriptor(descriptor);
}

void Buffer::release() noexcept {
    functions_.vkDestroyBuffer(device_, buffer_, nullptr);
    functions_.vkFreeMemory(device_, memory_, nullptr);
}

Buffer::~Buffer() {
    release();
}

Place Allocator::take(Slab& slab, uint64_t bytes) {
    for (auto gap = slab.free.begin(); gap != slab.free.end(); ++gap) {
        const auto [start, size] = *gap;
        const uint64_t base = slab.buffer->address();
        const uint64_t offset = roundUp(base + start, kAlignment) - base;
        if (offset - start >= size || size - (offset - start) < bytes)
            continue;
        ranges_.emplace(base + offset, Range{&slab, offset, bytes});
        slab.free.erase(gap);
        if (offset != start)
            slab.free.emplace(start, offset - start);
        if (const uint64_t rest = start + size - (offset + bytes); rest != 0)
            slab.free.emplace(offset + bytes, rest);
        return slab.buffer->at(offset);
    }
    return {};
}

void Allocator::checkRoomLocked(uint64_t bytes) const {
    if (bytes > adapter_.properties.totalMemory - std::min(used_, adapter_.properties.totalMemory))
        throw Failure{HY_ERROR_OUT_OF_DEVICE_MEMORY,
                      fmt::format("{} bytes do not fit into the device's memory: {} of {} are taken", bytes, used_,
                                  adapter_.properties.totalMemory),
                      "free memory, or allocate less", "bytes"};
}

void Allocator::checkRoom(uint64_t bytes) const {
    const std::scoped_lock lock(mutex_);
    checkRoomLocked(bytes);
}

void Allocator::adopt(std::shared_ptr<Buffer> buffer) {
    auto slab = std::make_unique<Slab>();
    slab->isOwn = true;
    slab->buffer = std::move(buffer);
    const uint64_t address = slab->buffer->address();
    const uint64_t bytes = slab->buffer->bytes();
    const std::scoped_lock lock(mutex_);
    ranges_.emplace(address, Range{slab.get(), 0, bytes});
    try {
        slabs_.emplace(address, std::move(slab));
    } catch (...) {
        ranges_.erase(address);
        throw;
    }
    used_ += bytes;
}

Allocator::Slab& Allocator::addSlab(uint64_t bytes, bool isOwn) {
    checkRoomLocked(bytes);
    auto slab = std::make_unique<Slab>();
    slab->buffer = std::make_shared<Buffer>(functions_, device_, bytes, type_, mapped_, BufferSource{});
    slab->free.emplace(0, bytes);
    slab->isOwn = isOwn;
    used_ += bytes;
    const uint64_t address = slab->buffer->address();
    return *slabs_.emplace(address, std::move(slab)).first->second;
}

Place Allocator::allocate(uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    // Never beyond 64 bits: the runtime has compared it with maxAllocation.
    const uint64_t rounded = roundUp(bytes, kAlignment);
    if (rounded >= slabBytes_ / 4) // a buffer of its own
        return take(addSlab(rounded + kAlignment, true), rounded);
    for (const auto& [address, slab] : slabs_) {
        if (slab->isOwn)
            continue;
        if (const Place place = take(*slab, rounded); place.buffer != VK_NULL_HANDLE)
            return place;
    }
    try {
        return take(addSlab(slabBytes_, false), rounded);
    } catch (const Failure& failure) {
        if (failure.code != HY_ERROR_OUT_OF_DEVICE_MEMORY)
            throw;
        return take(addSlab(rounded + kAlignment, true), rounded); // what is left may be less than a slab
    }
}

void Allocator::giveBack(const Range& range) {
    std::map<uint64_t, uint64_t>& free = range.slab->free;
    uint64_t offset = range.offset;
    uint64_t bytes = range.bytes;
    auto after = free.lower_bound(offset);
    if (after != free.end() && after->first == offset + bytes) {
        bytes += after->second;
        after = free.erase(after);
    }
    if (after != free.begin() && std::prev(after)->first + std::prev(after)->second == offset) {
        std::prev(after)->second += bytes;
        return;
    }
    free.emplace(offset, bytes);
}

// One slab stays for what comes next.
void Allocator::dropEmptySlab(Slab& slab) {
    const auto isEmpty = [](const Slab& one) {
        return one.free.size() == 1 && one.free.begin()->second == one.buffer->bytes();
    };
    if (!isEmpty(slab))
        return;
    const bool another = std::any_of(slabs_.begin(), slabs_.end(), [&](const auto& entry) {
        return entry.second.get() != &slab && !entry.second->isOwn && isEmpty(*entry.second);
    });
    if (!slab.isOwn && !another)
        return;
    used_ -= slab.buffer->bytes();
    slabs_.erase(slab.buffer->address());
}

void Allocator::free(uint64_t address) {
    const std::scoped_lock lock(mutex_);
    const auto found = ranges_.find(address);
    if (found == ranges_.end())
        throw Failure{HY_ERROR_INVALID_ADDRESS, fmt::format("no allocation begins at {:#x}", address), ""};
    const Range range = found->second;
    ranges_.erase(found);
    giveBack(range);
    dropEmptySlab(*range.slab);
}

uint64_t Allocator::import(void* pointer, uint64_t bytes) {
    if (functions_.vkGetMemoryHostPointerPropertiesEXT == nullptr)
        throw Failure{
            HY_ERROR_UNSUPPORTED,
            "the driver lacks vkGetMemoryHostPointerPropertiesEXT, so the device cannot use memory of the process",
            "copy through memory of hyMemAlloc"};
    const auto first = reinterpret_cast<uint64_t>(pointer);
    const uint64_t unit = adapter_.hostImportAlignment;
    const uint64_t start = first / unit * unit;
    const uint64_t whole = roundUp(first + bytes - start, unit);
    auto* const pages = reinterpret_cast<void*>(start); // NOLINT(performance-no-int-to-ptr): pages, by number
    VkMemoryHostPointerPropertiesEXT types{};
    types.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT;
    check(functions_.vkGetMemoryHostPointerPropertiesEXT(
              device_, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, pages, &types),
          "vkGetMemoryHostPointerPropertiesEXT");
    uint32_t type = 0;
    while (type < 32 && (types.memoryTypeBits & (1U << type)) == 0)
        ++type;
    if (type == 32)
        throw Failure{HY_ERROR_UNSUPPORTED, "the driver cannot use this memory of the process",
                      "register memory that is neither a file's nor a device's"};
    BufferSource source;
    source.pages = pages;
    auto buffer = std::make_unique<Buffer>(functions_, device_, whole, type, false, source);
    const uint64_t address = buffer->address() + (first - start);
    const std::scoped_lock lock(mutex_);
    imports_[pointer] = {address, std::move(buffer)};
    return address;
}

void Allocator::release(void* pointer) {
    const std::scoped_lock lock(mutex_);
    if (imports_.erase(pointer) == 0)
        throw Failure{HY_ERROR_INVALID_ADDRESS, fmt::format("{} is not registered", fmt::ptr(pointer)), ""};
}

Place Allocator::find(uint64_t address) const {
    if (const std::optional<Place> place = tryFind(address))
        return *place;
    throw Failure{HY_ERROR_INVALID_ADDRESS, fmt::format("{:#x} is no address of the device", address), ""};
}

std::optional<Place> Allocator::tryFind(uint64_t address) const {
    const std::scoped_lock lock(mutex_);
    if (auto after = slabs_.upper_bound(address); after != slabs_.begin()) {
        const Buffer& buffer = *std::prev(after)->second->buffer;
        if (address - buffer.address() < buffer.bytes())
            return buffer.at(address - buffer.address());
    }
    for (const auto& [pointer, entry] : imports_) {
        const Buffer& buffer = *entry.second;
        if (address - buffer.address() < buffer.bytes())
            return buffer.at(address - buffer.address());
    }
    return std::nullopt;
}

bool Allocator::owns(uint64_t address) const {
    const std::scoped_lock lock(mutex_);
    const auto after = slabs_.upper_bound(address);
    return after != slabs_.begin() && address - std::prev(after)->first < std::prev(after)->second->buffer->bytes();
}

void Allocator::getInfo(uint64_t& outFree, uint64_t& outTotal) const {
    const std::scoped_lock lock(mutex_);
    outTotal = adapter_.properties.totalMemory;
    uint64_t inSlabs = 0;
    for (const auto& [address, slab] : slabs_)
        for (const auto& [offset, bytes] : slab->free)
            inSlabs += bytes;
    outFree = outTotal - std::min(used_, outTotal) + inSlabs;
    if (!adapter_.hasMemoryBudget)
        return;
    VkPhysicalDeviceMemoryProperties2 properties{};
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2;
    properties.pNext = &budget;
    budget.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT;
    vkGetPhysicalDeviceMemoryProperties2(adapter_.device, &properties);
    const uint32_t heap = adapter_.memory.memoryTypes[adapter_.deviceType].heapIndex;
    const uint64_t others = budget.heapBudget[heap] - std::min(budget.heapUsage[heap], budget.heapBudget[heap]);
    outFree = std::min(outFree, others + inSlabs);
}

} // namespace halyard::vulkan
