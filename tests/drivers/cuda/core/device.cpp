#include "device.h"

#include "context.h"
#include "driver.h"
#include "heap.h"
#include "knobs.h"
#include "memory.h"

#include <cstring>
#include <sys/mman.h>

namespace halyard::softcuda {
namespace {

// So that the byte behind an allocation belongs to no other.
constexpr uint64_t kGap = Heap::kAlignment;

} // namespace

uint64_t Device::totalBytes() const {
    return knobs().memory;
}

bool Device::charge(uint64_t bytes) {
    uint64_t used = used_.load();
    do {
        if (bytes > totalBytes() - used)
            return false;
    } while (!used_.compare_exchange_weak(used, used + bytes));
    return true;
}

void Device::discharge(uint64_t bytes) {
    used_.fetch_sub(bytes);
}

uint64_t Device::allocateFor(const Context* owner, uint64_t bytes, uint64_t alignment) {
    if (bytes == 0 || !charge(bytes))
        return 0;
    Heap& heap = driver().heap;
    uint64_t address = heap.take(bytes + kGap, alignment < Heap::kAlignment ? Heap::kAlignment : alignment);
    Range range{.begin = address, .bytes = bytes, .kind = MemoryKind::Device, .device = ordinal_, .owner = owner};
    if (!address) {
        discharge(bytes);
        return 0;
    }
    range.host = heap.host(address);
    // New memory has any contents with the real driver; a kernel that counts on zeros must not pass here.
    constexpr uint64_t kPoisoned = 1 << 20;
    std::memset(range.host, 0xcd, bytes < kPoisoned ? bytes : kPoisoned);
    driver().space.insert(std::move(range));
    return address;
}

void freeRange(const Range& range) {
    Driver& d = driver();
    switch (range.kind) {
    case MemoryKind::Device:
        d.devices[range.device]->discharge(range.bytes);
        d.heap.give(range.begin, range.bytes + kGap);
        break;
    case MemoryKind::Managed:
        d.devices[range.device]->discharge(range.bytes);
        [[fallthrough]];
    case MemoryKind::Pinned:
        munmap(range.host, range.bytes);
        break;
    case MemoryKind::Imported:
    case MemoryKind::External:
        d.heap.unmapFile(range.mapBegin, range.mapBytes);
        d.heap.give(range.mapBegin, range.mapBytes);
        break;
    case MemoryKind::Mapping:
        d.heap.unmapFile(range.begin, range.bytes);
        break;
    case MemoryKind::Registered:
        break;
    }
}

std::byte* Device::resolve(uint64_t address, uint64_t bytes, bool write, uint64_t* rangeBegin, uint64_t* rangeEnd) {
    std::optional<Range> range = driver().space.find(address);
    if (!range || bytes > range->end() - address)
        return nullptr;
    if (range->kind == MemoryKind::Device && range->device != ordinal_ && !(peers_.load() >> range->device & 1))
        return nullptr;
    if (!((write ? range->writers : range->readers) >> ordinal_ & 1))
        return nullptr;
    // A range that may only be read must be asked for again when it is written.
    bool same = (range->readers >> ordinal_ & 1) == (range->writers >> ordinal_ & 1);
    *rangeBegin = same ? range->begin : address;
    *rangeEnd = same ? range->end() : address + bytes;
    return range->host + (address - range->begin);
}

uint64_t Device::generation() const {
    return driver().space.generation();
}

uint64_t Device::allocate(uint64_t bytes, uint64_t alignment) {
    return allocateFor(nullptr, bytes, alignment);
}

void Device::free(uint64_t address) {
    if (std::optional<Range> range = driver().space.remove(address))
        freeRange(*range);
}

std::shared_ptr<Context> Device::retainPrimary() {
    std::lock_guard lock(primaryMutex_);
    if (!primary_)
        primary_ = Context::create(*this, primaryFlags_, true);
    ++retains_;
    return primary_;
}

Status Device::releasePrimary() {
    std::shared_ptr<Context> gone;
    {
        std::lock_guard lock(primaryMutex_);
        if (!retains_)
            return Status::InvalidContext;
        if (--retains_ == 0)
            gone = std::move(primary_);
    }
    if (gone)
        gone->shutDown();
    return Status::Success;
}

Status Device::resetPrimary() {
    std::shared_ptr<Context> gone;
    {
        std::lock_guard lock(primaryMutex_);
        gone = std::move(primary_); // the references stay: each owner still releases its own
        primaryFlags_ = 0;
    }
    if (gone)
        gone->shutDown();
    return Status::Success;
}

Status Device::setPrimaryFlags(uint32_t flags) {
    std::lock_guard lock(primaryMutex_);
    if (primary_)
        primary_->setFlags(flags);
    primaryFlags_ = flags;
    return Status::Success;
}

void Device::primaryState(uint32_t* flags, bool* active) {
    std::lock_guard lock(primaryMutex_);
    *flags = primaryFlags_;
    *active = primary_ != nullptr;
}

Status Device::enablePeer(uint32_t ordinal) {
    return peers_.fetch_or(1u << ordinal) >> ordinal & 1 ? Status::PeerAccessAlreadyEnabled : Status::Success;
}

Status Device::disablePeer(uint32_t ordinal) {
    bool was = peers_.fetch_and(~(1u << ordinal)) >> ordinal & 1;
    driver().space.changed();
    return was ? Status::Success : Status::PeerAccessNotEnabled;
}

void Device::endPeers() {
    peers_ = 0;
    for (const std::unique_ptr<Device>& other : driver().devices)
        other->peers_.fetch_and(~(1u << ordinal_));
    driver().space.changed();
}

std::array<uint8_t, 16> Device::uuid() const {
    std::array<uint8_t, 16> bytes{'h', 'a', 'l', 'y', 'a', 'r', 'd', '-', 's', 'o', 'f', 't', 'c', 'u'};
    bytes[14] = static_cast<uint8_t>(knobs().processor);
    bytes[15] = static_cast<uint8_t>(ordinal_);
    return bytes;
}

} // namespace halyard::softcuda
