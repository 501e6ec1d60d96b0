#include "memory/address_map.h"

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
    ranges_.emplace_hint(next, range.base, range);
    return true;
}

std::optional<AddressRange> AddressMap::remove(HyDevicePtr base, const Device* device, HyMemoryKind kind) {
    const std::unique_lock lock(mutex_);
    const auto found = ranges_.find(base);
    if (found == ranges_.end() || found->second.device != device || found->second.kind != kind)
        return std::nullopt;
    const AddressRange range = found->second;
    ranges_.erase(found);
    return range;
}

std::optional<AddressRange> AddressMap::removeRegistered(const void* pointer, const Device* device) {
    const std::unique_lock lock(mutex_);
    const auto found = std::find_if(ranges_.begin(), ranges_.end(), [&](const auto& entry) {
        const AddressRange& range = entry.second;
        return range.kind == HY_MEMORY_HOST_REGISTERED && range.registered == pointer && range.device == device;
    });
    if (found == ranges_.end())
        return std::nullopt;
    const AddressRange range = found->second;
    ranges_.erase(found);
    return range;
}

const AddressRange* AddressMap::findLocked(HyDevicePtr address) const {
    auto found = ranges_.upper_bound(address);
    if (found == ranges_.begin())
        return nullptr;
    --found;
    return found->second.contains(address) ? &found->second : nullptr;
}

Located AddressMap::locateLocked(HyDevicePtr address) const {
    if (const AddressRange* range = findLocked(address); range != nullptr)
        return {Located::Kind::Live, *range};
    const bool reserved = std::any_of(reserved_.begin(), reserved_.end(),
                                      [&](const Span& span) { return address - span.base < span.bytes; });
    return {reserved ? Located::Kind::Stale : Located::Kind::Unknown, {}};
}

std::optional<AddressRange> AddressMap::find(HyDevicePtr address) const {
    const std::shared_lock lock(mutex_);
    const AddressRange* range = findLocked(address);
    return range != nullptr ? std::optional(*range) : std::nullopt;
}

Located AddressMap::locate(HyDevicePtr address) const {
    const std::shared_lock lock(mutex_);
    return locateLocked(address);
}

std::pair<Located, Located> AddressMap::locate(HyDevicePtr first, HyDevicePtr second) const {
    const std::shared_lock lock(mutex_);
    return {locateLocked(first), locateLocked(second)};
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

void AddressMap::reserve(HyDevicePtr base, uint64_t bytes) {
    const std::unique_lock lock(mutex_);
    reserved_.push_back({base, bytes});
}

} // namespace halyard
