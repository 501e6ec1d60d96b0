#include "memory/virtual_space.h"

#include <fmt/format.h>

#include <iterator>

namespace halyard {
namespace {

// The entry of a map by base whose range contains `address`, or the end.
template <typename Map> auto findAround(Map& map, HyDevicePtr address) {
    auto found = map.upper_bound(address);
    if (found == map.begin())
        return map.end();
    --found;
    return address - found->second.base < found->second.bytes ? found : map.end();
}

} // namespace

bool VirtualReservation::isFree(HyDevicePtr first, uint64_t count) const {
    const auto next = mappings.lower_bound(first);
    if (next != mappings.end() && next->first - first < count)
        return false;
    return next == mappings.begin() || first - std::prev(next)->first >= std::prev(next)->second.bytes;
}

void VirtualSpace::add(HyDevicePtr base, uint64_t bytes) {
    reservations_.emplace(base, VirtualReservation{base, bytes, {}});
}

VirtualReservation* VirtualSpace::at(HyDevicePtr base) {
    const auto found = reservations_.find(base);
    return found != reservations_.end() ? &found->second : nullptr;
}

VirtualReservation* VirtualSpace::around(HyDevicePtr base, uint64_t bytes) {
    const auto found = findAround(reservations_, base);
    if (found == reservations_.end() || bytes > found->second.bytes - (base - found->second.base))
        return nullptr;
    return &found->second;
}

std::vector<VirtualMapping*> VirtualSpace::whole(HyDevicePtr base, uint64_t bytes, std::string& outFault) {
    VirtualReservation* reservation = around(base, bytes);
    if (reservation == nullptr) {
        outFault = "it does not lie in one reservation of this device";
        return {};
    }
    std::vector<VirtualMapping*> found;
    const HyDevicePtr end = base + bytes;
    HyDevicePtr at = base;
    for (auto next = reservation->mappings.find(base); at != end; ++next) {
        if (next == reservation->mappings.end() || next->first != at) {
            outFault = fmt::format("no mapping begins at {:#x}", at);
            return {};
        }
        VirtualMapping& mapping = next->second;
        if (mapping.bytes > end - at) {
            outFault = fmt::format("it ends inside the mapping of {} bytes at {:#x}", mapping.bytes, at);
            return {};
        }
        if (mapping.busy) {
            outFault = fmt::format("another thread is changing the mapping at {:#x}", at);
            return {};
        }
        found.push_back(&mapping);
        at += mapping.bytes;
    }
    return found;
}

std::string VirtualSpace::describe(HyDevicePtr address) {
    const std::lock_guard lock(mutex_);
    const auto around = findAround(reservations_, address);
    if (around == reservations_.end())
        return {};
    const auto mapped = findAround(around->second.mappings, address);
    if (mapped == around->second.mappings.end())
        return fmt::format("reserved by hyVirtualReserve ({:#x}), with nothing mapped there", around->first);
    const VirtualMapping& mapping = mapped->second;
    if (mapping.busy)
        return fmt::format("in a mapping ({:#x}) that another thread is changing", mapping.base);
    if (mapping.access == HY_ACCESS_NONE)
        return fmt::format("in a mapping ({:#x}) without access", mapping.base);
    return fmt::format("in a mapping ({:#x}) for {}", mapping.base,
                       mapping.access == HY_ACCESS_READ ? "reading alone" : "reading and writing");
}

} // namespace halyard
