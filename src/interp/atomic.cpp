// Atomic operations and fences.
#include "interp/run.h"

#include <algorithm>

namespace halyard::interp {
namespace {

constexpr uint32_t kAcquires = 0x2 | 0x8 | 0x10;
constexpr uint32_t kReleases = 0x4 | 0x8 | 0x10;

// Real atomic accesses: kernels of other streams and the host may use the same memory.
template <typename T, typename Change> std::pair<uint64_t, uint64_t> change(uint8_t* data, const Change& change) {
    T* const place = reinterpret_cast<T*>(data);
    T old = __atomic_load_n(place, __ATOMIC_SEQ_CST);
    for (;;) {
        const std::optional<uint64_t> next = change(uint64_t{old});
        if (!next)
            return {old, old};
        if (__atomic_compare_exchange_n(place, &old, static_cast<T>(*next), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return {old, *next};
    }
}

template <typename Change>
std::pair<uint64_t, uint64_t> changeBytes(uint8_t* data, uint32_t bytes, const Change& apply) {
    switch (bytes) {
    case 1:
        return change<uint8_t>(data, apply);
    case 2:
        return change<uint16_t>(data, apply);
    case 4:
        return change<uint32_t>(data, apply);
    default:
        return change<uint64_t>(data, apply);
    }
}

} // namespace

// What an atomic access lets its invocation know, and others.
void Run::synchronise(const Target& target, uint64_t offset, uint32_t semantics, bool reads, bool writes) {
    ThreadClock& clock = invocation_->clock;
    const uint8_t* const key = target.data + offset;
    const bool publishes =
        (semantics & kReleases) != 0 || clock.fenced || (clock.synced && target.allocation != nullptr);
    if (published_.empty() && !(writes && publishes))
        return;
    auto known = published_.find(key);
    if (reads && known != published_.end()) {
        KnowledgePtr& into = (semantics & kAcquires) != 0 ? clock.known : clock.pending;
        into = join(into, known->second);
    }
    if (!writes)
        return;
    if (publishes) {
        KnowledgePtr mine = clock.snapshot();
        ++clock.now;
        if (reads && known != published_.end())
            mine = join(mine, known->second);
        published_[key] = std::move(mine);
    } else if (!reads && known != published_.end()) {
        published_.erase(known); // a store ends the release sequence
    }
}

void Run::fence(uint32_t semantics) {
    ThreadClock& clock = invocation_->clock;
    clock.fenced |= (semantics & kReleases) != 0;
    if ((semantics & kAcquires) != 0 && clock.pending != nullptr) {
        clock.known = join(clock.known, clock.pending);
        clock.pending.reset();
    }
}

bool Run::atomic(const Step& step, Cell* const* bases) {
    const AtomicCode& code = code_.atomics[step.payload];
    const Ref* refs = code_.operands.data() + step.operands;
    const Cell& address = *at(bases, refs[0]);
    Cell values[2];
    for (uint32_t i = 1; i < step.operandCount; ++i) {
        values[i - 1] = *at(bases, refs[i]);
        if (values[i - 1].undefined && settings_.detectUninitialised)
            return reportUndefined("an operand of the atomic operation");
    }
    if (address.undefined && settings_.detectUninitialised)
        return reportUndefined("the address");
    const bool loads = code.kind == AtomicKind::Load;
    const bool stores = code.kind == AtomicKind::Store || code.kind == AtomicKind::FlagClear;
    if (code.readOnly && !loads)
        return reportAddress(address.bits, code.bytes, Touch::Write, "memory that the module declares read-only");
    Target target;
    if (!this->target(address.bits, code.bytes, loads ? Touch::Read : Touch::Write, code.bytes, target))
        return false;
    const bool fresh = target.written != nullptr &&
                       std::find(target.written, target.written + code.bytes, 0) != target.written + code.bytes;
    const bool needsOld = code.kind == AtomicKind::Combine || code.kind == AtomicKind::CompareExchange ||
                          code.kind == AtomicKind::FlagTestAndSet;
    if (fresh && needsOld && settings_.detectUninitialised)
        return reportUndefined("what the atomic operation changes");

    const auto apply = [&](uint64_t old) -> std::optional<uint64_t> {
        switch (code.kind) {
        case AtomicKind::Load:
            return std::nullopt;
        case AtomicKind::Store:
        case AtomicKind::Exchange:
            return values[0].bits;
        case AtomicKind::CompareExchange:
            return old == values[1].bits ? std::optional<uint64_t>(values[0].bits) : std::nullopt;
        case AtomicKind::FlagTestAndSet:
            return 1;
        case AtomicKind::FlagClear:
            return 0;
        case AtomicKind::Combine:
            break;
        }
        return code.combine(*code.type, {old, false}, code.byOne ? Cell{1, false} : values[0]).bits;
    };
    // A failed compare-exchange only reads; std::nullopt tells it from one that stores what was there.
    bool changed = false;
    const auto [before, after] = changeBytes(target.data, code.bytes, [&](uint64_t old) {
        const std::optional<uint64_t> next = apply(old);
        changed = next.has_value();
        return next;
    });
    if (target.races != nullptr) {
        const RaceAccess access{&invocation_->clock, code_.steps[invocation_->pc].instruction, true};
        const auto* old = fresh ? nullptr : reinterpret_cast<const uint8_t*>(&before);
        const Stamp other = changed ? target.races->write(target.offset, code.bytes, old,
                                                          reinterpret_cast<const uint8_t*>(&after), access)
                                    : target.races->read(target.offset, code.bytes, access);
        if (other.thread != 0)
            return reportRace(other, target, 0, code.bytes, changed ? Touch::Write : Touch::Read);
        const bool failed = code.kind == AtomicKind::CompareExchange && !changed;
        synchronise(target, 0, failed ? code.unequal : code.semantics, !stores, changed);
    }
    if (changed && target.written != nullptr)
        std::fill_n(target.written, code.bytes, 1);
    if (step.result != kNone) {
        Cell old{before, fresh && settings_.detectUninitialised};
        if (code.kind == AtomicKind::FlagTestAndSet)
            old.bits = before != 0 ? 1 : 0;
        bases[0][step.result] = old;
    }
    return true;
}

} // namespace halyard::interp
