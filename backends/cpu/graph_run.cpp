// The worker's side of a graph.
#include "device.h"
#include "executor.h"
#include "graph_plan.h"
#include "stream.h"
#include "work.h"

#include <algorithm>
#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include "futex.h"
#endif

namespace halyard::cpu {

namespace {

constexpr uint64_t kCostUnit = 16;

uint64_t ticks() {
#if defined(__x86_64__)
    return __rdtsc();
#else
    return rawNowNs();
#endif
}

void runSlot(Stream& stream, const Slot& slot, uint64_t first, uint64_t end, Worker& worker, bool timed) {
    if (!timed) {
        cpu::runUnits(stream, slot.command(), first, end, worker);
        return;
    }
    const uint64_t start = ticks();
    cpu::runUnits(stream, slot.command(), first, end, worker);
    slot.cost.store((ticks() - start) * kCostUnit / (end - first) + 1, std::memory_order_relaxed);
}

} // namespace

uint64_t Plan::unitCount(const Step& step) const {
    uint64_t units = 0;
    for (uint32_t i = step.first; i < step.first + step.count; ++i) {
        units += slots_[i]->units();
    }
    return units;
}

uint64_t Plan::cost(uint32_t slot) const {
    const uint64_t ofUnit = slots_[slot]->cost.load(std::memory_order_relaxed);
    uint64_t ofSlot = 0;
    if (ofUnit == 0 || __builtin_mul_overflow(ofUnit, slots_[slot]->units(), &ofSlot)) {
        return UINT64_MAX;
    }
    return ofSlot / kCostUnit;
}

bool Plan::costsLittle(const Step& step) const {
    uint64_t total = 0;
    for (uint32_t i = step.first; i < step.first + step.count && total <= kAloneTicks; ++i) {
        total += std::min(cost(i), kAloneTicks + 1);
    }
    return total <= kAloneTicks;
}

bool Plan::runAlone(Stream& stream, const Step& step, Worker& worker, bool othersThere) const {
    if (step.count == 1 && (slots_[step.first]->units() == 1 || !othersThere)) {
        const Slot& slot = *slots_[step.first];
        runSlot(stream, slot, 0, slot.units(), worker, false);
        return true;
    }
    if (othersThere && !costsLittle(step)) {
        return false;
    }
    for (uint32_t i = step.first; i < step.first + step.count; ++i) {
        runSlot(stream, *slots_[i], 0, slots_[i]->units(), worker, othersThere);
    }
    return true;
}

void Plan::runUnits(Stream& stream, const Step& step, uint64_t first, uint64_t end, Worker& worker) const {
    uint64_t base = 0;
    for (uint32_t i = step.first; i < step.first + step.count && base < end; ++i) {
        const Slot& slot = *slots_[i];
        if (first < base + slot.units()) {
            runSlot(stream, slot, std::max(first, base) - base, std::min(end - base, slot.units()), worker, true);
        }
        base += slot.units();
    }
}

void Plan::runPiece(Stream& stream, const Flow::Piece& piece, Worker& worker) const {
    runSlot(stream, *slots_[piece.slot], piece.first, piece.end, worker, true);
}

// Chains of small kernels are what graphs are for: nothing is looked up twice.
void Stream::runQuickSteps(GraphCommand& command, Worker& worker) {
    const Plan& plan = *command.plan;
    void* local = worker.local(plan.quickLocalBytes());
    void* scratch = worker.scratch(plan.quickScratchBytes());
    if (local == nullptr || scratch == nullptr) {
        // The next step fails in words.
        const Plan::Step& step = plan.steps()[command.next++];
        plan.runUnits(*this, step, 0, 1, worker);
        return;
    }
    const Plan::Step* step = plan.steps().data() + command.next;
    const Plan::Step* end = plan.steps().data() + plan.steps().size();
    // A cancelled kernel returns at once, and no other failure can come up in between.
    for (; step != end && step->run != nullptr; ++step) {
        step->run(step->launch, 0, 1, local, scratch);
    }
    command.next = static_cast<uint32_t>(step - plan.steps().data());
}

bool Stream::stepGraph(GraphCommand& command, Worker& worker) {
    const Plan& plan = *command.plan;
    Executor& executor = device_->executor();
    const bool othersThere = executor.threads() > 1;
    if (command.flowing) {
        command.flowing = false;
        command.next = plan.flow().end();
    }
    while (command.next < plan.steps().size()) {
        const Plan::Step& step = plan.steps()[command.next];
        if (step.host) {
            device_->dispatcher().post(*this);
            return false;
        }
        if (step.run != nullptr && !skips()) {
            runQuickSteps(command, worker);
            continue;
        }
        const bool together = step.cooperative && othersThere && plan.unitCount(step) > 1;
        if (together && !skips() && !executor.claimTurn(*this)) {
            return false;
        }
        ++command.next;
        if (skips()) {
            if (together) {
                executor.giveUpTurn(*this);
            }
            continue;
        }
        if (together) {
            if (!executor.runTogether(*this, command, plan.unitCount(step), worker)) {
                return false;
            }
            continue;
        }
        if (plan.runAlone(*this, step, worker, othersThere)) {
            continue;
        }
        if (plan.flows(step) && plan.flow().tryBegin(plan, command.next - 1, executor.threads())) {
            command.flowing = true;
            if (!executor.shareFlow(*this, command, worker)) {
                return false;
            }
            command.flowing = false;
            command.next = plan.flow().end();
            continue;
        }
        if (!executor.shareOut(*this, command, plan.unitCount(step), worker)) {
            return false;
        }
    }
    return true;
}

} // namespace halyard::cpu
