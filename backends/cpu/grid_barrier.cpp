#include "grid_barrier.h"

#include "futex.h"

namespace halyard::cpu {

void GridBarrier::open(uint32_t workgroups) {
    workgroups_ = workgroups;
    counts_.store(0, std::memory_order_relaxed);
    broken_.store(false, std::memory_order_relaxed);
}

bool GridBarrier::await() {
    // The phase first: whoever breaks the barrier says so, then ends the phase.
    const uint32_t phase = phase_.load(std::memory_order_seq_cst);
    if (broken()) {
        return false;
    }
    const uint64_t before = counts_.fetch_add(1, std::memory_order_acq_rel);
    if (before >= kOneEnded) {
        breakUp();
        return false;
    }
    if (before + 1 == workgroups_) {
        counts_.store(0, std::memory_order_relaxed); // nobody else counts: all are here
        nextPhase();
        return true;
    }
    const auto over = [&] { return phase_.load(std::memory_order_acquire) != phase; };
    if (!spinUntil(spinNs_, over)) {
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        while (!over()) {
            futexWait(phase_, phase, kNever);
        }
        sleepers_.fetch_sub(1, std::memory_order_relaxed);
    }
    return !broken();
}

void GridBarrier::leave() {
    const uint64_t before = counts_.fetch_add(kOneEnded, std::memory_order_acq_rel);
    if (static_cast<uint32_t>(before) != 0) {
        breakUp();
    }
}

void GridBarrier::breakUp() {
    broken_.store(true, std::memory_order_seq_cst);
    nextPhase();
}

void GridBarrier::nextPhase() {
    phase_.fetch_add(1, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) != 0) {
        futexWakeAll(phase_);
    }
}

int32_t GridBarrier::awaitFromKernel(void* grid) {
    return grid == nullptr || static_cast<GridBarrier*>(grid)->await() ? 0 : 1;
}

} // namespace halyard::cpu
