#include "layers/validate/memory.h"

#include <fmt/format.h>

namespace halyard::layers {
namespace {

// The entry of a map by base that contains the address; with `atEnd` also one that ends there.
template <typename Map> auto containing(Map& map, HyDevicePtr address, bool atEnd) -> decltype(&map.begin()->second) {
    auto after = map.upper_bound(address);
    if (after == map.begin())
        return nullptr;
    auto& candidate = std::prev(after)->second;
    const uint64_t offset = address - candidate.base;
    return offset < candidate.bytes || (atEnd && offset == candidate.bytes) ? &candidate : nullptr;
}

void eraseOverlapping(std::map<HyDevicePtr, Allocation>& map, HyDevicePtr base, uint64_t bytes) {
    auto entry = map.lower_bound(base);
    if (entry != map.begin() && std::prev(entry)->second.end() > base)
        --entry;
    while (entry != map.end() && entry->first < base + bytes)
        entry = map.erase(entry);
}

} // namespace

std::string Allocation::text() const {
    std::string out = fmt::format("the {} of {} bytes at {:#x}", kind, bytes, base);
    if (made)
        out += fmt::format(" (made at {})", made->text());
    if (freed)
        out += fmt::format(" (freed by {} at {})", freedBy, freed->text());
    return out;
}

Allocation& Memory::add(HyDevicePtr base, uint64_t bytes, HyDevice device, const char* kind) {
    eraseOverlapping(gone_, base, bytes);
    eraseOverlapping(live_, base, bytes); // gone by a way that was not seen
    Allocation& allocation = live_[base];
    allocation.base = base;
    allocation.bytes = bytes;
    allocation.device = device;
    allocation.kind = kind;
    return allocation;
}

void Memory::remove(HyDevicePtr base, const char* call) {
    const auto entry = live_.find(base);
    if (entry == live_.end())
        return;
    Allocation allocation = std::move(entry->second);
    live_.erase(entry);
    allocation.freed = Site::here();
    allocation.freedBy = call;
    allocation.accesses.clear();
    if (gone_.size() >= kMostGone)
        gone_.erase(gone_.begin());
    gone_[base] = std::move(allocation);
}

void Memory::forgetDevice(HyDevice device) {
    std::erase_if(live_, [&](const auto& entry) { return entry.second.device == device; });
}

void Memory::reappear(HyDevicePtr address) {
    eraseOverlapping(gone_, address, 1);
}

Allocation* Memory::find(HyDevicePtr address) {
    if (Allocation* known = containing(live_, address, false); known != nullptr)
        return known;
    HyPointerInfo info{};
    info.structSize = sizeof info;
    if (host_.findMemory(host_.context, address, &info) == HY_SUCCESS && containing(gone_, address, false) == nullptr)
        return &add(info.base, info.bytes, info.device, "allocation");
    return containing(live_, address, true);
}

const Allocation* Memory::findGone(HyDevicePtr address) const {
    return containing(gone_, address, false);
}

bool Memory::conflict(const Access& before, const Access& now) const {
    if (!before.write && !now.write)
        return false;
    if (before.uncertain || now.uncertain || mode_ == RaceMode::Off)
        return false;
    // In exact mode a launch certainly uses the byte that its argument points to, and no more is assumed.
    const auto end = [&](const Access& access) {
        return access.exact || mode_ == RaceMode::Allocation ? access.end : access.begin + 1;
    };
    return before.begin < end(now) && now.begin < end(before);
}

void Memory::use(Allocation& allocation, const StreamOrder& stream, Access access, const char* findingKind) {
    std::erase_if(allocation.accesses, [&](const Access& before) { return order_.isDone(before.epoch); });
    access.uncertain = stream.uncertain;
    for (const Access& before : allocation.accesses) {
        if (order_.isBefore(before.epoch, stream) || !conflict(before, access))
            continue;
        const bool certain = before.exact && access.exact;
        findings_.report(
            HY_LOG_ERROR, findingKind, access.site.key() ^ before.site.key() * 31,
            fmt::format("{} {} {} while {} (submitted at {}) may still {} it: nothing orders the two{}; submitted at "
                        "{}. Record an event after the first and let the second stream wait for it (hyEventRecord, "
                        "hyStreamWaitEvent), or wait on the host",
                        access.what, access.write ? "changes" : "reads", allocation.text(), before.what,
                        before.site.text(), before.write ? "change" : "read",
                        certain ? ""
                                : " (kernels count as using everything behind their pointers; if they keep to "
                                  "parts of their own, set HALYARD_VALIDATE_RACES=exact)",
                        access.site.text()));
    }
    std::erase_if(allocation.accesses, [&](const Access& before) {
        return before.epoch.stream == access.epoch.stream && before.begin >= access.begin && before.end <= access.end &&
               (access.write || !before.write) && (access.exact || !before.exact);
    });
    if (allocation.accesses.size() >= kMostAccesses)
        allocation.accesses.erase(allocation.accesses.begin());
    allocation.accesses.push_back(std::move(access));
}

} // namespace halyard::layers
