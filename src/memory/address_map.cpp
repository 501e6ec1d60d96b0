#include "memory/address_map.h"

#include "base/host_readable.h"
#include "memory/slab.h"

#include <algorithm>
#include <mutex>

namespace halyard {

bool AddressMap::insert(const AddressRange& range) {
    const std::unique_lock lock(mutex_);
    const auto next = ranges_.lower_bound(range.base);
    if (next != ranges_.end() && next->second.base - range.base < range.bytes)
        return false;
    if (next != ranges_.begin() && std::prev(next)->second.contains(range.base))
        return false;
    AddressRange& inserted = ranges_.emplace_hint(next, range.base, range)->second;
    if (inserted.id == 0)
        inserted.id = ++lastId_;
    return true;
}

std::optional<AddressRange> AddressMap::remove(HyDevicePtr base, const Device* device, HyMemoryKind kind) {
    const std::unique_lock lock(mutex_);
    const auto found = ranges_.find(base);
    if (found == ranges_.end() || found->second.device != device || found->second.kind != kind ||
        found->second.pool != nullptr)
        return std::nullopt;
    const AddressRange range = found->second;
    ranges_.erase(found);
    return range;
}

std::optional<AddressRange> AddressMap::removeOwn(HyDevicePtr base, const Device* device) {
    const std::unique_lock lock(mutex_);
    const auto found = ranges_.find(base);
    if (found == ranges_.end() || found->second.device != device || found->second.pool == nullptr ||
        found->second.slab != nullptr)
        return std::nullopt;
    const AddressRange range = found->second;
    ranges_.erase(found);
    return range;
}

void AddressMap::removeSlab(const Slab& slab) {
    const std::unique_lock lock(mutex_);
    ranges_.erase(slab.base);
}

Block* AddressMap::claim(HyDevicePtr address, const Device* device, uint64_t& outBytes) {
    const std::shared_lock lock(mutex_);
    const AddressRange* range = findInserted(address);
    if (range == nullptr || range->slab == nullptr || range->device != device)
        return nullptr;
    Block* block = range->slab->placeAt(address);
    outBytes = block != nullptr ? block->live.exchange(0, std::memory_order_acq_rel) : 0;
    return outBytes != 0 ? block : nullptr;
}

std::optional<AddressRange> AddressMap::removeRegistered(const void* pointer, const Device* device, HyMemoryKind kind) {
    const std::unique_lock lock(mutex_);
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& entry) {
        const AddressRange& range = entry.second;
        return range.kind == kind && range.registered == pointer && range.device == device;
    });
    if (found == ranges_.end())
        return std::nullopt;
    const AddressRange range = found->second;
    ranges_.erase(found);
    return range;
}

const AddressRange* AddressMap::findInserted(HyDevicePtr address) const {
    auto found = ranges_.upper_bound(address);
    if (found == ranges_.begin())
        return nullptr;
    --found;
    return found->second.contains(address) ? &found->second : nullptr;
}

std::optional<AddressRange> AddressMap::findLocked(HyDevicePtr address) const {
    const AddressRange* inserted = findInserted(address);
    if (inserted == nullptr)
        return std::nullopt;
    AddressRange range = *inserted;
    if (const Slab* slab = range.slab; slab != nullptr) {
        const Block* block = slab->find(address, range.bytes);
        if (block == nullptr)
            return std::nullopt;
        range.base = slab->addressOf(*block);
        range.id = 0; // blocks are too many and too short-lived for numbers of their own
        range.host = slab->host != nullptr ? slab->host + (range.base - slab->base) : nullptr;
    }
    return range;
}

Located AddressMap::locateLocked(HyDevicePtr address) const {
    if (const std::optional<AddressRange> range = findLocked(address); range)
        return {Located::Kind::Live, *range};
    const bool reserved = findInserted(address) != nullptr ||
                          std::any_of(reserved_.begin(), reserved_.end(),
                                      [&](const Span& span) { return address - span.base < span.bytes; });
    return {reserved ? Located::Kind::Stale : Located::Kind::Unknown, {}};
}

std::optional<AddressRange> AddressMap::find(HyDevicePtr address) const {
    const std::shared_lock lock(mutex_);
    return findLocked(address);
}

void AddressMap::askDrivers(HyDevicePtr address, Located& located) const {
    if (located.kind != Located::Kind::Unknown || address == 0 || !ask_)
        return;
    if (const std::optional<AddressRange> range = ask_(address); range && range->contains(address))
        located = {Located::Kind::Live, *range};
}

Located AddressMap::locate(HyDevicePtr address) const {
    std::shared_lock lock(mutex_);
    Located located = locateLocked(address);
    lock.unlock();
    askDrivers(address, located);
    return located;
}

std::pair<Located, Located> AddressMap::locate(HyDevicePtr first, HyDevicePtr second) const {
    std::shared_lock lock(mutex_);
    std::pair<Located, Located> both = {locateLocked(first), locateLocked(second)};
    lock.unlock();
    askDrivers(first, both.first);
    askDrivers(second, both.second);
    return both;
}

std::vector<AddressRange> AddressMap::take(const Device* device) {
    std::vector<AddressRange> taken;
    const std::unique_lock lock(mutex_);
    for (auto range = ranges_.begin(); range != ranges_.end();) {
        if (range->second.device != device) {
            ++range;
            continue;
        }
        taken.push_back(range->second);
        range = ranges_.erase(range);
    }
    return taken;
}

std::vector<AddressRange> AddressMap::ofDevice(const Device* device) const {
    const std::shared_lock lock(mutex_);
    std::vector<AddressRange> out;
    for (const auto& [base, range] : ranges_) {
        if (range.device == device)
            out.push_back(range);
    }
    return out;
}

void AddressMap::setAccess(HyDevicePtr base, HyMemoryAccess access) {
    const std::unique_lock lock(mutex_);
    if (const auto found = ranges_.find(base); found != ranges_.end())
        found->second.access = access;
}

uint64_t AddressMap::reach(HyDevicePtr address, uint64_t limit, HyMemoryAccess access) const {
    const std::shared_lock lock(mutex_);
    auto at = ranges_.upper_bound(address);
    if (at == ranges_.begin())
        return 0;
    --at;
    const HyDevicePtr reservation = at->second.reservation;
    HyDevicePtr end = address;
    for (; at != ranges_.end() && end - address < limit; ++at) {
        const AddressRange& range = at->second;
        if (range.kind != HY_MEMORY_VIRTUAL || range.reservation != reservation || !range.contains(end) ||
            (range.access & access) != access)
            break;
        end = range.base + range.bytes;
    }
    return end - address;
}

void AddressMap::reserve(HyDevicePtr base, uint64_t bytes, bool forEver) {
    const std::unique_lock lock(mutex_);
    const bool known = std::any_of(reserved_.begin(), reserved_.end(), [&](const Span& span) {
        return base - span.base < span.bytes && bytes <= span.bytes - (base - span.base);
    });
    if (!known)
        reserved_.push_back({base, bytes, forEver});
}

void AddressMap::unreserve(HyDevicePtr base, uint64_t bytes) {
    const std::unique_lock lock(mutex_);
    std::erase_if(reserved_,
                  [&](const Span& span) { return span.base == base && span.bytes == bytes && !span.forEver; });
}

bool AddressMap::isNobodys(HyDevicePtr address) const {
    return undeclared_.load(std::memory_order_acquire) && !hostCanRead(address);
}

} // namespace halyard
