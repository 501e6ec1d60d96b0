// Instructions that lanes of a warp or threads of a block execute together.
#include "grid.h"
#include "handlers.h"

namespace halyard::softcuda::ptx {

void Warp::leaveBarrier(uint32_t number, const Barrier& done) {
    bool any = false;
    for (Split& split : splits_) {
        if (split.wait != Wait::Barrier || split.waitFor != number)
            continue;
        any = true;
        const Code& code = *split.frame->code;
        const Op& op = code.ops[split.pc];
        if (op.destinations != 0) {
            uint64_t* to = split.frame->registers + size_t(code.slots[op.slots]) * kWarp;
            const auto use = static_cast<handlers::BarrierUse>(op.target);
            const uint64_t value = use == handlers::BarrierUse::Popc  ? done.popc
                                   : use == handlers::BarrierUse::And ? done.all
                                                                      : done.any;
            eachLane(split.mask, [&](uint32_t lane) { to[lane] = value; });
        }
        split.wait = Wait::None;
        ++split.pc;
        state_ = State::Runs;
    }
    if (any)
        mergeSplits();
}

namespace handlers {

Step lanes(Warp& warp, const Op& op, uint32_t mask) {
    return warp.waitForLanes(op, mask);
}

Step performAlu(Warp& warp, const Op& op, uint32_t group) {
    constexpr uint32_t kMaxOperands = 64;
    uint64_t* destinations[kMaxOperands];
    const uint64_t* sources[kMaxOperands];
    for (uint32_t i = 0; i < op.destinations; ++i)
        destinations[i] = warp.destination(op, i);
    for (uint32_t i = 0; i < op.sources; ++i)
        sources[i] = warp.source(op, i);
    op.laneAlu(destinations, sources, group, op.aluData);
    return Step::Next;
}

Step performElect(Warp& warp, const Op& op, uint32_t group) {
    const auto leader = static_cast<uint32_t>(std::countr_zero(group));
    uint64_t* elected = warp.destination(op, 0);
    uint64_t* is = warp.destination(op, 1);
    eachLane(group, [&](uint32_t lane) {
        elected[lane] = leader;
        is[lane] = lane == leader;
    });
    return Step::Next;
}

Step activeMask(Warp& warp, const Op& op, uint32_t mask) {
    uint64_t* to = warp.destination(op, 0);
    eachLane(mask, [&](uint32_t lane) { to[lane] = mask; });
    return Step::Next;
}

// Sources: the barrier, the count of threads (0: all), and the predicate of a reduction.
Step barrier(Warp& warp, const Op& op, uint32_t mask) {
    const auto first = static_cast<uint32_t>(std::countr_zero(mask));
    const uint64_t number = warp.source(op, 0)[first], count = warp.source(op, 1)[first];
    bool uniform = true;
    eachLane(mask, [&](uint32_t lane) {
        uniform &= warp.source(op, 0)[lane] == number && warp.source(op, 1)[lane] == count;
    });
    if (!uniform)
        return warp.fault(op, FaultKind::IllegalInstruction, first, "threads of a warp at different barriers");
    if (number >= Block::kBarriers || count % kWarp != 0 || count > 1024)
        return warp.fault(op, FaultKind::IllegalInstruction, first,
                          "barrier " + std::to_string(number) + " of " + std::to_string(count) + " threads");
    Barrier& barrier = warp.block().barriers[number];
    if (barrier.arrived != 0 && barrier.expected != count)
        return warp.fault(op, FaultKind::IllegalInstruction, first,
                          "threads at barrier " + std::to_string(number) + " that wait for different counts");
    barrier.expected = static_cast<uint32_t>(count);
    barrier.arrived += static_cast<uint32_t>(std::popcount(mask));
    // A count is one of whole warps: the lanes that a last warp lacks come with its first one.
    if (count != 0 && (mask & 1) != 0)
        barrier.arrived += kWarp - static_cast<uint32_t>(std::popcount(warp.existing()));
    const auto use = static_cast<BarrierUse>(op.target);
    if (use >= BarrierUse::Popc) {
        const uint32_t set = maskOf(warp.source(op, 2)) & mask;
        barrier.popc += static_cast<uint32_t>(std::popcount(set));
        barrier.all &= set == mask;
        barrier.any |= set != 0;
    }
    if (use != BarrierUse::Arrive)
        warp.waitAtBarrier(mask, static_cast<uint32_t>(number));
    warp.block().completeBarrier(static_cast<uint32_t>(number));
    return warp.current.mask == 0 ? Step::Leave : Step::Next;
}

} // namespace handlers
} // namespace halyard::softcuda::ptx
