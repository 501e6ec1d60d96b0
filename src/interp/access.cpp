// Loads, stores and copies, each checked: null, bounds, freed memory, read-only, alignment, initialisation, races.
#include "interp/run.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace halyard::interp {
namespace {

constexpr uint32_t kUnitsPerStep = 64; // bytes that a copy moves for one counted step

} // namespace

// ---- Finding the memory

bool Run::target(uint64_t address, uint64_t bytes, Touch touch, uint32_t alignment, Target& out) {
    if (alignment > 1 && (address & (alignment - 1)) != 0)
        return reportMisaligned(address, alignment, touch);
    switch (spaceOf(address)) {
    case Space::Private:
        return privateTarget(address, bytes, touch, out);
    case Space::Global: {
        GlobalObject*& cached = lastGlobal_[address >> 16 & 7];
        if (cached == nullptr || address - cached->allocation->base >= cached->allocation->size) {
            Allocation* found = memory_.find(address);
            if (found == nullptr)
                return reportAddress(address, bytes, touch, {});
            GlobalObject& object = globals_[found->base];
            if (object.allocation == nullptr) {
                object.allocation = found;
                object.races = std::make_unique<RaceMap>(found->size, raceBudget_);
            }
            cached = &object;
        }
        Allocation& allocation = *cached->allocation;
        const uint64_t offset = address - allocation.base;
        if (bytes > allocation.size - offset)
            return reportAddress(address, bytes, touch, {});
        out.data = allocation.data + offset;
        out.written = allocation.whole.load(std::memory_order_relaxed) ? nullptr : allocation.written + offset;
        out.races = races_ ? cached->races.get() : nullptr;
        out.offset = offset;
        out.allocation = &allocation;
        return true;
    }
    case Space::Workgroup: {
        const Place place = placeOf(address);
        const bool own = place.owner == lowBits(group_->number, kWorkgroupOwnerBits);
        if (!own || place.object >= group_->objects.size() || place.offset >= group_->objects[place.object].size ||
            bytes > group_->objects[place.object].size - place.offset)
            return reportAddress(address, bytes, touch, own ? "" : "the memory of another workgroup");
        const uint64_t offset = group_->objects[place.object].offset + place.offset;
        out.data = group_->data.data() + offset;
        out.written = group_->written.data() + offset;
        out.races = races_ ? group_->races.get() : nullptr;
        out.offset = offset;
        return true;
    }
    case Space::Program:
        break;
    }
    const Place place = placeOf(address);
    if (place.object >= program_.size() || place.offset >= program_[place.object].size ||
        bytes > program_[place.object].size - place.offset)
        return reportAddress(address, bytes, touch, {});
    ProgramState& state = program_[place.object];
    if (touch == Touch::Write && state.readOnly)
        return reportAddress(address, bytes, touch, "constant memory");
    out.data = state.data + place.offset;
    out.written = state.written != nullptr ? state.written + place.offset : nullptr;
    out.races = races_ ? state.races.get() : nullptr;
    out.offset = place.offset;
    return true;
}

bool Run::privateTarget(uint64_t address, uint64_t bytes, Touch touch, Target& out) {
    const Place place = placeOf(address);
    const Invocation& invocation = *invocation_;
    if (place.object >= code_.privateSlots.size())
        return reportAddress(address, bytes, touch, {});
    const PrivateSlot& slot = code_.privateSlots[place.object];
    if (place.owner != lowBits(invocation.place.localIndex, kPrivateOwnerBits))
        return reportAddress(address, bytes, touch, "the private memory of another invocation");
    if (place.offset >= slot.size || bytes > slot.size - place.offset)
        return reportAddress(address, bytes, touch, {});
    if (invocation.generations[place.object] != place.generation)
        return reportAddress(address, bytes, touch, "a variable whose function has returned");
    if (touch == Touch::Write && slot.readOnly)
        return reportAddress(address, bytes, touch, "a read-only variable");
    out.data = invocation.data + slot.offset + place.offset;
    out.written = invocation.written + slot.offset + place.offset;
    return true;
}

// Called when the memory was let go between slices: allocations may have gone.
void Run::forgetGlobals() {
    if (generation_ == memory_.generation())
        return;
    generation_ = memory_.generation();
    std::fill(std::begin(lastGlobal_), std::end(lastGlobal_), nullptr);
    for (auto it = globals_.begin(); it != globals_.end();) {
        Allocation* now = memory_.find(it->first);
        it = now == nullptr || now != it->second.allocation ? globals_.erase(it) : std::next(it);
    }
}

// ---- Scalars

bool Run::loadScalar(const Target& target, uint64_t offset, uint32_t bytes, bool relaxed, Cell& out) {
    Cell cell;
    std::memcpy(&cell.bits, target.data + offset, bytes);
    if (target.written != nullptr && settings_.detectUninitialised) {
        const uint8_t* written = target.written + offset;
        uint8_t missing = 0;
        for (uint32_t i = 0; i < bytes; ++i)
            missing |= static_cast<uint8_t>((written[i] == 0 ? 1 : 0) << i);
        cell.undefined = missing == (1u << bytes) - 1;
        cell.partial = cell.undefined ? 0 : missing;
    }
    if (target.races != nullptr) {
        const Stamp other = target.races->read(
            target.offset + offset, bytes, {&invocation_->clock, code_.steps[invocation_->pc].instruction, relaxed});
        if (other.thread != 0)
            return reportRace(other, target, offset, bytes, Touch::Read);
        if (relaxed)
            synchronise(target, offset, 0, true, false);
    }
    out = cell;
    return true;
}

// The shadow of memory that counted as wholly written until now.
uint8_t* Run::writtenFor(Target& target) {
    Allocation* allocation = target.allocation;
    if (target.written == nullptr && allocation != nullptr && !allocation->host) {
        std::memset(allocation->written, 1, allocation->size);
        allocation->whole = false;
        target.written = allocation->written + (target.data - allocation->data);
    }
    return target.written;
}

bool Run::storeScalar(Target& target, uint64_t offset, uint32_t bytes, bool relaxed, const Cell& value) {
    const auto* source = reinterpret_cast<const uint8_t*>(&value.bits);
    if (target.races != nullptr) {
        const bool known = target.written == nullptr || std::memchr(target.written + offset, 0, bytes) == nullptr;
        const Stamp other =
            target.races->write(target.offset + offset, bytes, known ? target.data + offset : nullptr, source,
                                {&invocation_->clock, code_.steps[invocation_->pc].instruction, relaxed});
        if (other.thread != 0)
            return reportRace(other, target, offset, bytes, Touch::Write);
        if (relaxed)
            synchronise(target, offset, 0, false, true);
    }
    std::memcpy(target.data + offset, source, bytes);
    if (!value.undefined && value.partial == 0) {
        if (target.written != nullptr)
            std::memset(target.written + offset, 1, bytes);
    } else if (uint8_t* written = writtenFor(target)) {
        for (uint32_t i = 0; i < bytes; ++i)
            written[offset + i] = value.undefined || (value.partial >> i & 1) != 0 ? 0 : 1;
    }
    return true;
}

// ---- Values

bool Run::itemAligned(uint64_t address, const MemoryAccess& access, Touch touch) {
    if (access.alignment != 0)
        return (address & (access.alignment - 1)) == 0 || reportMisaligned(address, access.alignment, touch);
    if (access.plan->regular && (address & (access.plan->alignment - 1)) == 0)
        return true;
    for (const PlanItem& item : access.plan->items)
        if ((address + item.offset) % item.bytes != 0)
            return reportMisaligned(address + item.offset, item.bytes, touch);
    return true;
}

bool Run::load(const Cell& address, const MemoryAccess& access, Cell* out) {
    if (address.undefined && settings_.detectUninitialised)
        return reportUndefined("the address");
    Target target;
    const size_t count = access.plan->items.size();
    if (count == 0)
        return true; // a structure without members
    if (!this->target(address.bits, access.plan->end, Touch::Read, 1, target) ||
        !itemAligned(address.bits, access, Touch::Read))
        return false;
    left_ -= std::min<uint64_t>(left_, count / kUnitsPerStep);
    for (size_t i = 0; i < count; ++i) {
        const PlanItem& item = access.plan->items[i];
        if (!loadScalar(target, item.offset, item.bytes, access.relaxed, out[i]))
            return false;
        if (item.boolean)
            out[i].bits = out[i].bits != 0 ? 1 : 0;
    }
    return true;
}

bool Run::store(const Cell& address, const MemoryAccess& access, const Cell* value) {
    if (address.undefined && settings_.detectUninitialised)
        return reportUndefined("the address");
    if (access.readOnly)
        return reportAddress(address.bits, access.plan->end, Touch::Write, "memory that the module declares read-only");
    Target target;
    const size_t count = access.plan->items.size();
    if (count == 0)
        return true;
    if (!this->target(address.bits, access.plan->end, Touch::Write, 1, target) ||
        !itemAligned(address.bits, access, Touch::Write))
        return false;
    left_ -= std::min<uint64_t>(left_, count / kUnitsPerStep);
    for (size_t i = 0; i < count; ++i) {
        const PlanItem& item = access.plan->items[i];
        if (!storeScalar(target, item.offset, item.bytes, access.relaxed, value[i]))
            return false;
    }
    return true;
}

bool Run::read(uint64_t address, uint32_t bytes, Cell& out) {
    Target target;
    return this->target(address, bytes, Touch::Read, bytes, target) && loadScalar(target, 0, bytes, false, out);
}

bool Run::write(uint64_t address, uint32_t bytes, Cell value) {
    Target target;
    return this->target(address, bytes, Touch::Write, bytes, target) && storeScalar(target, 0, bytes, false, value);
}

// ---- Copies

// Bytes as they are, with what is known of each.
bool Run::move(Target& to, uint64_t toOffset, const Target& from, uint64_t fromOffset, uint64_t bytes, bool relaxed) {
    for (uint64_t done = 0; done < bytes;) {
        // In pieces that are aligned on both sides, so that the race maps need not become finer than they are.
        uint32_t piece = 8;
        while (piece > 1 && (piece > bytes - done || (to.offset + toOffset + done) % piece != 0 ||
                             (from.offset + fromOffset + done) % piece != 0))
            piece /= 2;
        Cell cell;
        if (!loadScalar(from, fromOffset + done, piece, relaxed, cell) ||
            !storeScalar(to, toOffset + done, piece, relaxed, cell))
            return false;
        done += piece;
    }
    return true;
}

bool Run::copySized(const MemoryCopy& copy, uint64_t to, uint64_t from, uint64_t bytes) {
    if (bytes == 0)
        return true;
    Target target, source;
    if (!this->target(from, bytes, Touch::Read, copy.source.alignment, source) ||
        !this->target(to, bytes, Touch::Write, copy.target.alignment, target))
        return false;
    left_ -= std::min<uint64_t>(left_, bytes / kUnitsPerStep);
    return move(target, 0, source, 0, bytes, copy.target.relaxed || copy.source.relaxed);
}

bool Run::copyMemory(const Step& step, Cell* const* bases) {
    const MemoryCopy& copy = code_.memoryCopies[step.payload];
    const Ref* refs = code_.operands.data() + step.operands;
    const Cell &to = *at(bases, refs[0]), &from = *at(bases, refs[1]);
    if (settings_.detectUninitialised && (to.undefined || from.undefined))
        return reportUndefined("the address");
    if (copy.target.readOnly)
        return reportAddress(to.bits, 1, Touch::Write, "memory that the module declares read-only");
    if (step.operandCount == 3) {
        const Cell& size = *at(bases, refs[2]);
        if (settings_.detectUninitialised && size.undefined)
            return reportUndefined("the size");
        return copySized(copy, to.bits, from.bits, size.bits);
    }
    Target target, source;
    if (!this->target(from.bits, copy.source.plan->end, Touch::Read, 1, source) ||
        !itemAligned(from.bits, copy.source, Touch::Read) ||
        !this->target(to.bits, copy.target.plan->end, Touch::Write, 1, target) ||
        !itemAligned(to.bits, copy.target, Touch::Write))
        return false;
    const auto& items = copy.source.plan->items;
    left_ -= std::min<uint64_t>(left_, items.size() / kUnitsPerStep);
    for (size_t i = 0; i < items.size(); ++i) {
        Cell cell;
        if (!loadScalar(source, items[i].offset, items[i].bytes, copy.source.relaxed, cell) ||
            !storeScalar(target, copy.target.plan->items[i].offset, copy.target.plan->items[i].bytes,
                         copy.target.relaxed, cell))
            return false;
    }
    return true;
}

// ---- Variables

void Run::startVariable(uint32_t slot, const Cell* initialiser, Cell& out) {
    Invocation& invocation = *invocation_;
    const PrivateSlot& variable = code_.privateSlots[slot];
    uint8_t& generation = invocation.generations[slot];
    generation = static_cast<uint8_t>((generation + 1) | 1);
    std::memset(invocation.written + variable.offset, 0, variable.size);
    left_ -= std::min<uint64_t>(left_, variable.size / kUnitsPerStep);
    if (initialiser != nullptr)
        storeImage(*variable.plan, initialiser, invocation.data + variable.offset,
                   invocation.written + variable.offset);
    out = {privateAddress(invocation.place.localIndex, generation, slot), false};
}

bool Run::lifetime(uint64_t address, uint64_t bytes) {
    if (spaceOf(address) != Space::Private)
        return true; // only variables have one
    const Place place = placeOf(address);
    if (place.object >= code_.privateSlots.size() || place.offset >= code_.privateSlots[place.object].size)
        return true;
    const uint64_t rest = code_.privateSlots[place.object].size - place.offset;
    Target target;
    const uint64_t size = bytes == 0 ? rest : std::min(bytes, rest);
    if (!privateTarget(address, size, Touch::Read, target))
        return false;
    std::memset(target.written, 0, size);
    return true;
}

bool Run::arrayLength(const Step& step, Cell* const* bases) {
    const ChainCode& code = code_.chains[step.payload];
    const Cell& address = *at(bases, code_.operands[step.operands]);
    if (address.undefined && settings_.detectUninitialised)
        return reportUndefined("the address");
    uint64_t end = 0;
    if (spaceOf(address.bits) == Space::Global) {
        const Allocation* allocation = memory_.find(address.bits);
        if (allocation == nullptr)
            return reportAddress(address.bits, 1, Touch::Read, {});
        end = allocation->size - (address.bits - allocation->base);
    } else {
        Target target;
        if (!this->target(address.bits, 0, Touch::Read, 1, target))
            return false;
        const Place place = placeOf(address.bits);
        end = (spaceOf(address.bits) == Space::Program     ? program_[place.object].size
               : spaceOf(address.bits) == Space::Workgroup ? group_->objects[place.object].size
                                                           : code_.privateSlots[place.object].size) -
              place.offset;
    }
    const uint64_t count = end > code.offset ? (end - code.offset) / code.steps[0].stride : 0;
    const uint32_t width = code.steps[0].width;
    bases[0][step.result] = {width >= 64 ? count : count & ((uint64_t{1} << width) - 1), false};
    return true;
}

} // namespace halyard::interp
