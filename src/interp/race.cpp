#include "interp/race.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace halyard::interp {
namespace {

constexpr uint32_t kPageShift = 12;
constexpr uint64_t kPageBytes = uint64_t{1} << kPageShift;
constexpr uint64_t kMaxTable = uint64_t{1} << 24; // pages of the largest allocation that is watched

} // namespace

RaceMap::~RaceMap() {
    clear();
}

void RaceMap::clear() {
    pages_.reset();
    budget_->bytes += taken_;
    taken_ = 0;
}

bool RaceMap::refine(Page& page, uint32_t shift) {
    const size_t count = kPageBytes >> shift;
    const uint64_t bytes = count * sizeof(Cell);
    if (budget_->bytes < bytes)
        return false;
    budget_->bytes -= bytes;
    taken_ += bytes;
    auto cells = std::make_unique<Cell[]>(count);
    if (page.cells != nullptr) {
        for (size_t i = 0; i < count; ++i)
            cells[i] = page.cells[i >> (page.shift - shift)];
        const uint64_t old = (kPageBytes >> page.shift) * sizeof(Cell);
        budget_->bytes += old;
        taken_ -= old;
    }
    page.cells = std::move(cells);
    page.shift = shift;
    return true;
}

// The page, with cells fine enough for the access; null when there is no room to watch it.
RaceMap::Page* RaceMap::page(uint64_t offset, uint32_t bytes) {
    if (pages_ == nullptr) {
        const uint64_t count = (size_ + kPageBytes - 1) >> kPageShift;
        const uint64_t table = count * sizeof(pages_[0]);
        if (count > kMaxTable || budget_->bytes < table)
            return nullptr;
        budget_->bytes -= table;
        taken_ += table;
        pages_ = std::make_unique<std::unique_ptr<Page>[]>(count);
    }
    auto& slot = pages_[offset >> kPageShift];
    const auto wanted = static_cast<uint32_t>(std::countr_zero(offset | std::bit_floor(std::min(bytes, 8u))));
    if (slot == nullptr) {
        auto fresh = std::make_unique<Page>();
        if (!refine(*fresh, wanted))
            return nullptr;
        slot = std::move(fresh);
    } else if (slot->shift > wanted && !refine(*slot, wanted)) {
        return nullptr;
    }
    return slot.get();
}

bool RaceMap::conflicts(const Stamp& stamp, const RaceAccess& access) {
    return stamp.thread != 0 && !(stamp.atomic && access.atomic) && !access.clock->sees(stamp.thread - 1, stamp.clock);
}

void RaceMap::record(std::array<Stamp, 2>& stamps, const Stamp& stamp) {
    if (stamps[0].thread != stamp.thread && stamps[0].thread != 0)
        stamps[1] = stamps[0];
    stamps[0] = stamp;
}

Stamp RaceMap::read(uint64_t offset, uint32_t bytes, const RaceAccess& access) {
    Page* const found = page(offset, bytes);
    if (found == nullptr)
        return {};
    const Stamp stamp{access.clock->thread + 1, access.clock->now, access.instruction, access.atomic, 0, 0};
    const uint64_t first = (offset & (kPageBytes - 1)) >> found->shift;
    const uint64_t last = std::min((offset & (kPageBytes - 1)) + bytes - 1, kPageBytes - 1) >> found->shift;
    for (uint64_t i = first; i <= last; ++i) {
        Cell& cell = found->cells[i];
        for (const Stamp& write : cell.writes)
            if (write.changed && conflicts(write, access))
                return write;
        record(cell.reads, stamp);
    }
    return {};
}

Stamp RaceMap::write(uint64_t offset, uint32_t bytes, const uint8_t* before, const uint8_t* after,
                     const RaceAccess& access) {
    Page* const found = page(offset, bytes);
    if (found == nullptr)
        return {};
    Stamp stamp{access.clock->thread + 1, access.clock->now, access.instruction, access.atomic, 0, 1};
    const uint64_t start = offset & (kPageBytes - 1);
    const uint64_t first = start >> found->shift;
    const uint64_t last = std::min(start + bytes - 1, kPageBytes - 1) >> found->shift;
    for (uint64_t i = first; i <= last; ++i) {
        Cell& cell = found->cells[i];
        const uint64_t from = std::max(i << found->shift, start) - start;
        const uint64_t to = std::min(((i + 1) << found->shift) - start, uint64_t{bytes});
        stamp.changed = before == nullptr || std::memcmp(before + from, after + from, to - from) != 0;
        for (const Stamp& write : cell.writes)
            if ((stamp.changed || (write.changed && access.atomic)) && conflicts(write, access))
                return write;
        for (const Stamp& read : cell.reads)
            if (stamp.changed && conflicts(read, access))
                return read;
        // Of two writes the one that changed the bytes matters more.
        if (stamp.changed || !cell.writes[0].changed)
            record(cell.writes, stamp);
        else if (cell.writes[0].thread != stamp.thread)
            cell.writes[1] = stamp;
    }
    return {};
}

} // namespace halyard::interp
