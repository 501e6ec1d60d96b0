#include "memory/tlsf.h"

#include <bit>

namespace halyard {

// Sizes below kSecond have a class each; above, each doubling has kSecond classes.
Tlsf::Class Tlsf::classOf(uint32_t granules) {
    if (granules < kSecond)
        return {0, granules};
    const auto log = static_cast<uint32_t>(std::bit_width(granules)) - 1;
    return {log - kSecondBits + 1, (granules >> (log - kSecondBits)) & (kSecond - 1)};
}

Block* Tlsf::after(const Block& block) {
    const Slab& slab = *block.slab;
    const uint32_t index = slab.indexOf(block) + block.granules;
    return index < slab.count ? &slab.blocks[index] : nullptr;
}

void Tlsf::link(Block& block) {
    const Class at = classOf(block.granules);
    Block*& head = lists_[at.first][at.second];
    block.before = nullptr;
    block.next = head;
    if (head != nullptr)
        head->before = &block;
    head = &block;
    block.free = true;
    freeGranules_ += block.granules;
    firstMap_ |= 1u << at.first;
    secondMaps_[at.first] |= 1u << at.second;
}

void Tlsf::unlink(Block& block) {
    const Class at = classOf(block.granules);
    Block*& head = lists_[at.first][at.second];
    (block.before != nullptr ? block.before->next : head) = block.next;
    if (block.next != nullptr)
        block.next->before = block.before;
    block.next = block.before = nullptr;
    block.free = false;
    freeGranules_ -= block.granules;
    if (head == nullptr) {
        secondMaps_[at.first] &= ~(1u << at.second);
        if (secondMaps_[at.first] == 0)
            firstMap_ &= ~(1u << at.first);
    }
}

void Tlsf::add(Slab& slab) {
    link(slab.start(0, slab.count, 0));
}

void Tlsf::remove(Slab& slab) {
    unlink(slab.blocks[0]);
}

Block* Tlsf::take(uint32_t granules) {
    // The size's own class may fit, and for a slab made to measure it must: a few looks.
    const Class own = classOf(granules);
    Block* candidate = lists_[own.first][own.second];
    for (int looks = 0; candidate != nullptr && looks < 4; ++looks, candidate = candidate->next) {
        if (candidate->granules >= granules)
            return cut(*candidate, granules);
    }
    // Rounded up to the next class, any block of the list found fits.
    uint32_t rounded = granules;
    if (granules >= kSecond) {
        const auto log = static_cast<uint32_t>(std::bit_width(granules)) - 1;
        const uint32_t step = (1u << (log - kSecondBits)) - 1;
        if (rounded > UINT32_MAX - step)
            return nullptr;
        rounded += step;
    }
    Class at = classOf(rounded);
    uint32_t second = secondMaps_[at.first] & (~0u << at.second);
    if (second == 0) {
        const uint32_t first = at.first + 1 < kFirst ? firstMap_ & (~0u << (at.first + 1)) : 0;
        if (first == 0)
            return nullptr;
        at.first = static_cast<uint32_t>(std::countr_zero(first));
        second = secondMaps_[at.first];
    }
    return cut(*lists_[at.first][std::countr_zero(second)], granules);
}

Block* Tlsf::cut(Block& block, uint32_t granules) {
    unlink(block);
    if (block.granules > granules)
        link(split(block, granules));
    return &block;
}

Block& Tlsf::split(Block& block, uint32_t granules) {
    Slab& slab = *block.slab;
    const uint32_t index = slab.indexOf(block);
    Block& rest = slab.start(index + granules, block.granules - granules, index);
    block.granules = granules;
    if (Block* next = after(rest); next != nullptr)
        next->previous = index + granules;
    return rest;
}

void Tlsf::give(Block& block) {
    Slab& slab = *block.slab;
    Block* merged = &block;
    if (Block* next = after(block); next != nullptr && next->free) {
        unlink(*next);
        merged->granules += next->granules;
        slab.unstart(slab.indexOf(*next));
    }
    if (const uint32_t index = slab.indexOf(block); index != 0 && slab.blocks[block.previous].free) {
        merged = &slab.blocks[block.previous];
        unlink(*merged);
        merged->granules += block.granules;
        slab.unstart(index);
    }
    if (Block* next = after(*merged); next != nullptr)
        next->previous = slab.indexOf(*merged);
    link(*merged);
}

} // namespace halyard
