#include "interp/memory.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>

#include <fmt/format.h>
#include <sys/mman.h>

namespace halyard::interp {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kLargestArena = uint64_t{1} << 44;
constexpr uint64_t kSmallestArena = uint64_t{1} << 28;
constexpr size_t kMaxTombstones = 65536; // what is told about freed memory is bounded, not whether it is told
constexpr uint8_t kUnwrittenByte = 0xCD;

uint64_t alignUp(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

uint8_t* reserve(uint64_t bytes) {
    void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        return nullptr;
    ::madvise(memory, bytes, MADV_DONTDUMP);
    return static_cast<uint8_t*>(memory);
}

spv::Error badAddress(std::string what) {
    return {HY_ERROR_INVALID_ADDRESS, std::move(what), {}};
}

} // namespace

// Waits until no run executes. Runs notice at the end of their time slice.
class DeviceMemory::Impl::Exclusive {
public:
    explicit Exclusive(Impl& impl) : impl_(impl) {
        impl_.waiting_.fetch_add(1, std::memory_order_acq_rel);
        impl_.use_.lock();
    }
    ~Exclusive() {
        impl_.waiting_.fetch_sub(1, std::memory_order_acq_rel);
        impl_.use_.unlock();
    }
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;

private:
    Impl& impl_;
};

DeviceMemory::Impl::Impl(uint64_t capacity) : capacity_(capacity) {
    for (uint64_t bytes = kLargestArena; bytes >= kSmallestArena; bytes /= 2) {
        arena_ = reserve(bytes);
        if (arena_ == nullptr)
            continue;
        shadow_ = reserve(bytes);
        if (shadow_ != nullptr) {
            arenaBytes_ = bytes;
            return;
        }
        ::munmap(arena_, bytes);
        arena_ = nullptr;
    }
}

DeviceMemory::Impl::~Impl() {
    if (arena_ != nullptr)
        ::munmap(arena_, arenaBytes_);
    if (shadow_ != nullptr)
        ::munmap(shadow_, arenaBytes_);
}

uint64_t DeviceMemory::Impl::used() const {
    const std::shared_lock lock(const_cast<std::shared_mutex&>(use_));
    return used_;
}

// The offset of `bytes` that belong to nothing; 0 when there are none.
uint64_t DeviceMemory::Impl::place(uint64_t bytes) {
    if (next_ == 0)
        next_ = kPage; // something lies before the first allocation, too
    if (bytes <= arenaBytes_ - next_) {
        const uint64_t offset = next_;
        next_ += bytes;
        return offset;
    }
    for (auto it = reusable_.begin(); it != reusable_.end(); ++it) {
        if (it->second < bytes)
            continue;
        const auto [offset, size] = *it;
        reusable_.erase(it);
        if (size > bytes)
            reusable_[offset + bytes] = size - bytes;
        return offset;
    }
    return 0;
}

spv::Result<uint64_t> DeviceMemory::Impl::allocate(uint64_t bytes) {
    const Exclusive lock(*this);
    if (bytes > capacity_ || used_ > capacity_ - bytes)
        return spv::Error{HY_ERROR_OUT_OF_DEVICE_MEMORY,
                          fmt::format("{} bytes were asked for; {} of {} are in use", bytes, used_, capacity_),
                          {}};
    const uint64_t span = alignUp(std::max<uint64_t>(bytes, 1), kPage) + kPage;
    const uint64_t offset = arena_ != nullptr ? place(span) : 0;
    if (offset == 0)
        return spv::Error{HY_ERROR_OUT_OF_DEVICE_MEMORY,
                          fmt::format("no address range for {} bytes is left of {}", bytes, arenaBytes_),
                          {}};
    auto allocation = std::make_unique<Allocation>();
    allocation->data = arena_ + offset;
    allocation->written = shadow_ + offset;
    allocation->base = reinterpret_cast<uint64_t>(allocation->data);
    allocation->size = bytes;
    const uint64_t base = allocation->base;
    freed_.erase(base);
    live_[base] = std::move(allocation);
    used_ += bytes;
    return base;
}

void DeviceMemory::Impl::discard(const Allocation& allocation) {
    const uint64_t span = alignUp(std::max<uint64_t>(allocation.size, 1), kPage);
    ::madvise(allocation.data, span, MADV_DONTNEED);
    ::madvise(allocation.written, span, MADV_DONTNEED);
    const uint64_t offset = static_cast<uint64_t>(allocation.data - arena_);
    auto [it, isNew] = reusable_.insert_or_assign(offset, span + kPage);
    if (auto after = std::next(it); after != reusable_.end() && it->first + it->second == after->first) {
        it->second += after->second;
        reusable_.erase(after);
    }
    if (it != reusable_.begin()) {
        auto before = std::prev(it);
        if (before->first + before->second == it->first) {
            before->second += it->second;
            reusable_.erase(it);
        }
    }
}

spv::Status DeviceMemory::Impl::free(uint64_t address) {
    const Exclusive lock(*this);
    auto it = live_.find(address);
    if (it == live_.end() || it->second->host)
        return badAddress(fmt::format("{:#x} is not the start of an allocation: it is {}", address, describe(address)));
    used_ -= it->second->size;
    discard(*it->second);
    if (freed_.size() >= kMaxTombstones)
        freed_.erase(freed_.begin());
    freed_[address] = it->second->size;
    live_.erase(it);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    return spv::Unit{};
}

spv::Status DeviceMemory::Impl::registerHost(void* pointer, uint64_t bytes) {
    const auto base = reinterpret_cast<uint64_t>(pointer);
    if (pointer == nullptr || bytes == 0 || base + bytes < base)
        return spv::Error{HY_ERROR_INVALID_ARGUMENT, fmt::format("{} bytes at {:#x} are no memory", bytes, base), {}};
    const Exclusive lock(*this);
    auto after = live_.lower_bound(base);
    const bool overlapsBefore =
        after != live_.begin() && std::prev(after)->first + std::prev(after)->second->size > base;
    if (overlapsBefore || (after != live_.end() && after->first < base + bytes))
        return spv::Error{HY_ERROR_INVALID_ARGUMENT,
                          fmt::format("some of the {} bytes at {:#x} are known to the device already", bytes, base),
                          {}};
    auto allocation = std::make_unique<Allocation>();
    allocation->base = base;
    allocation->size = bytes;
    allocation->data = static_cast<uint8_t*>(pointer);
    allocation->host = true;
    allocation->whole = true;
    freed_.erase(base);
    live_[base] = std::move(allocation);
    return spv::Unit{};
}

spv::Status DeviceMemory::Impl::unregisterHost(void* pointer) {
    const Exclusive lock(*this);
    auto it = live_.find(reinterpret_cast<uint64_t>(pointer));
    if (it == live_.end() || !it->second->host)
        return badAddress(fmt::format("{} is not the start of registered host memory", pointer));
    live_.erase(it);
    generation_.fetch_add(1, std::memory_order_acq_rel);
    return spv::Unit{};
}

Allocation* DeviceMemory::Impl::find(uint64_t address) const {
    auto it = live_.upper_bound(address);
    if (it == live_.begin())
        return nullptr;
    Allocation* allocation = std::prev(it)->second.get();
    return address - allocation->base < allocation->size ? allocation : nullptr;
}

bool DeviceMemory::Impl::wasFreed(uint64_t address) const {
    auto it = freed_.upper_bound(address);
    return it != freed_.begin() && address - std::prev(it)->first < std::prev(it)->second;
}

std::string DeviceMemory::Impl::describe(uint64_t address) const {
    if (wasFreed(address)) {
        const auto& [base, size] = *std::prev(freed_.upper_bound(address));
        return fmt::format("{} bytes into the freed allocation {:#x} of {} bytes", address - base, base, size);
    }
    if (const Allocation* inside = find(address))
        return fmt::format("{} bytes into the allocation {:#x} of {} bytes", address - inside->base, inside->base,
                           inside->size);
    const auto after = live_.upper_bound(address);
    const Allocation* next = after != live_.end() ? after->second.get() : nullptr;
    const Allocation* previous = after != live_.begin() ? std::prev(after)->second.get() : nullptr;
    const uint64_t past = previous != nullptr ? address - (previous->base + previous->size) : ~uint64_t{0};
    const uint64_t before = next != nullptr ? next->base - address : ~uint64_t{0};
    if (previous != nullptr && past <= before)
        return fmt::format("{} bytes past the end of the {} {:#x} of {} bytes", past,
                           previous->host ? "host memory" : "allocation", previous->base, previous->size);
    if (next != nullptr)
        return fmt::format("{} bytes before the {} {:#x} of {} bytes", before,
                           next->host ? "host memory" : "allocation", next->base, next->size);
    return "no memory of the device";
}

// ---- The public face

DeviceMemory::DeviceMemory(uint64_t capacity) : impl_(std::make_unique<Impl>(capacity)) {}
DeviceMemory::~DeviceMemory() = default;

spv::Result<uint64_t> DeviceMemory::allocate(uint64_t bytes) {
    return impl_->allocate(bytes);
}
spv::Status DeviceMemory::free(uint64_t address) {
    return impl_->free(address);
}
spv::Status DeviceMemory::registerHost(void* pointer, uint64_t bytes) {
    return impl_->registerHost(pointer, bytes);
}
spv::Status DeviceMemory::unregisterHost(void* pointer) {
    return impl_->unregisterHost(pointer);
}
uint64_t DeviceMemory::capacity() const {
    return impl_->capacity();
}
uint64_t DeviceMemory::used() const {
    return impl_->used();
}
uint64_t DeviceMemory::base() const {
    return impl_->base();
}
uint64_t DeviceMemory::rangeBytes() const {
    return impl_->rangeBytes();
}

bool DeviceMemory::contains(uint64_t address, uint64_t bytes) const {
    const std::shared_lock lock(impl_->use());
    const Allocation* allocation = impl_->find(address);
    return allocation != nullptr && bytes <= allocation->size - (address - allocation->base);
}

namespace {

// REQUIRES: the memory is held.
spv::Result<Allocation*> whole(const DeviceMemory::Impl& memory, uint64_t address, uint64_t bytes) {
    Allocation* allocation = memory.find(address);
    if (allocation == nullptr)
        return badAddress(fmt::format("{:#x} is {}", address, memory.describe(address)));
    const uint64_t left = allocation->size - (address - allocation->base);
    if (bytes > left)
        return badAddress(fmt::format("{} bytes at {:#x} leave the allocation {:#x} of {} bytes by {}", bytes, address,
                                      allocation->base, allocation->size, bytes - left));
    return allocation;
}

void markWritten(Allocation& allocation, uint64_t offset, uint64_t bytes) {
    if (allocation.whole)
        return;
    if (bytes == allocation.size)
        allocation.whole = true;
    else
        std::memset(allocation.written + offset, 1, bytes);
}

} // namespace

spv::Status DeviceMemory::write(uint64_t address, const void* source, uint64_t bytes) {
    if (bytes == 0)
        return spv::Unit{};
    const std::shared_lock lock(impl_->use());
    spv::Result<Allocation*> found = whole(*impl_, address, bytes);
    if (!found)
        return found.error();
    Allocation& allocation = **found;
    const uint64_t offset = address - allocation.base;
    std::memcpy(allocation.data + offset, source, bytes);
    markWritten(allocation, offset, bytes);
    return spv::Unit{};
}

spv::Status DeviceMemory::read(uint64_t address, void* destination, uint64_t bytes) const {
    if (bytes == 0)
        return spv::Unit{};
    const std::shared_lock lock(impl_->use());
    spv::Result<Allocation*> found = whole(*impl_, address, bytes);
    if (!found)
        return found.error();
    const Allocation& allocation = **found;
    const uint64_t offset = address - allocation.base;
    std::memcpy(destination, allocation.data + offset, bytes);
    if (allocation.whole)
        return spv::Unit{};
    auto* out = static_cast<uint8_t*>(destination);
    for (uint64_t i = 0; i < bytes; ++i)
        if (allocation.written[offset + i] == 0)
            out[i] = kUnwrittenByte;
    return spv::Unit{};
}

spv::Status DeviceMemory::copy(uint64_t destination, uint64_t source, uint64_t bytes) {
    if (bytes == 0)
        return spv::Unit{};
    const std::shared_lock lock(impl_->use());
    spv::Result<Allocation*> from = whole(*impl_, source, bytes);
    if (!from)
        return from.error();
    spv::Result<Allocation*> to = whole(*impl_, destination, bytes);
    if (!to)
        return to.error();
    Allocation& target = **to;
    const Allocation& origin = **from;
    const uint64_t at = destination - target.base, start = source - origin.base;
    std::memmove(target.data + at, origin.data + start, bytes);
    if (origin.whole) {
        markWritten(target, at, bytes);
        return spv::Unit{};
    }
    if (target.written == nullptr)
        return spv::Unit{};
    if (target.whole) { // it may be no longer
        std::memset(target.written, 1, target.size);
        target.whole = false;
    }
    std::memmove(target.written + at, origin.written + start, bytes);
    return spv::Unit{};
}

} // namespace halyard::interp
