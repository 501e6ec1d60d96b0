#include "memory.h"

namespace halyard::softcuda {

const Range* AddressSpace::at(uint64_t address) const {
    auto above = ranges_.upper_bound(address);
    if (above == ranges_.begin())
        return nullptr;
    const Range& range = std::prev(above)->second;
    return address - range.begin < range.bytes ? &range : nullptr;
}

bool AddressSpace::insert(Range range) {
    std::lock_guard lock(mutex_);
    auto above = ranges_.lower_bound(range.begin);
    if (above != ranges_.end() && above->first < range.end())
        return false;
    if (at(range.begin))
        return false;
    range.id = ++nextId_;
    ranges_.emplace(range.begin, std::move(range));
    return true;
}

std::optional<Range> AddressSpace::remove(uint64_t begin) {
    std::lock_guard lock(mutex_);
    auto found = ranges_.find(begin);
    if (found == ranges_.end())
        return std::nullopt;
    Range range = std::move(found->second);
    ranges_.erase(found);
    changed();
    return range;
}

std::vector<Range> AddressSpace::removeOf(const Context* owner) {
    std::vector<Range> removed;
    std::lock_guard lock(mutex_);
    for (auto it = ranges_.begin(); it != ranges_.end();) {
        if (it->second.owner != owner) {
            ++it;
            continue;
        }
        removed.push_back(std::move(it->second));
        it = ranges_.erase(it);
    }
    changed();
    return removed;
}

std::optional<Range> AddressSpace::find(uint64_t address) const {
    std::shared_lock lock(mutex_);
    const Range* range = at(address);
    return range ? std::optional<Range>(*range) : std::nullopt;
}

bool AddressSpace::touches(uint64_t begin, uint64_t bytes) const {
    std::shared_lock lock(mutex_);
    auto above = ranges_.lower_bound(begin);
    return (above != ranges_.end() && above->first - begin < bytes) || at(begin);
}

std::byte* AddressSpace::span(uint64_t begin, uint64_t bytes) const {
    std::shared_lock lock(mutex_);
    const Range* first = at(begin);
    if (!first || !first->readers)
        return nullptr;
    std::byte* host = first->host + (begin - first->begin);
    for (const Range* range = first; bytes > range->end() - begin;) {
        const Range* next = at(range->end());
        if (range->kind != MemoryKind::Mapping || !next || next->kind != MemoryKind::Mapping ||
            next->host != range->host + range->bytes || !next->readers)
            return nullptr;
        range = next;
    }
    return host;
}

bool AddressSpace::setAccess(uint64_t begin, uint64_t bytes, uint32_t device, bool read, bool write) {
    std::lock_guard lock(mutex_);
    uint64_t end = begin + bytes;
    // All or nothing: the mappings must fill the bytes exactly.
    for (uint64_t address = begin; address != end;) {
        auto found = ranges_.find(address);
        if (found == ranges_.end() || found->second.kind != MemoryKind::Mapping || found->second.end() > end)
            return false;
        address = found->second.end();
    }
    for (auto it = ranges_.find(begin); it != ranges_.end() && it->first < end; ++it) {
        uint32_t bit = 1u << device;
        it->second.readers = read ? it->second.readers | bit : it->second.readers & ~bit;
        it->second.writers = write ? it->second.writers | bit : it->second.writers & ~bit;
    }
    changed();
    return true;
}

} // namespace halyard::softcuda
