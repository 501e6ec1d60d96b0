// Launches whose workgroups all run at once (HY_LAUNCH_COOPERATIVE): one on each of as many workers, which must come.
#include "device.h"
#include "executor.h"
#include "futex.h"
#include "stream.h"
#include "work.h"

#include <utility>

namespace halyard::cpu {

bool Executor::claimTurn(Stream& stream) {
    const std::scoped_lock lock(mutex_);
    if (gang_.owner == nullptr || gang_.owner == &stream) {
        gang_.owner = &stream;
        return true;
    }
    // Two at a time would hold half of the workers each, and wait for the other half for ever.
    stream.next_ = nullptr;
    (gang_.waiting.first == nullptr ? gang_.waiting.first : gang_.waiting.last->next_) = &stream;
    gang_.waiting.last = &stream;
    return false;
}

bool Executor::runTogether(Stream& stream, const Command& command, uint64_t units, Worker& worker) {
    Wakes wakes;
    {
        const std::scoped_lock lock(mutex_);
        gang_.command = &command;
        gridBarrier_.open(static_cast<uint32_t>(units));
        gang_.nextUnit = 1;
        gang_.running = static_cast<uint32_t>(units);
        gang_.called.store(true, std::memory_order_relaxed);
        gang_.missing.store(static_cast<uint32_t>(units), std::memory_order_relaxed);
        gangSeats_.store(static_cast<uint32_t>(units) - 1, std::memory_order_relaxed);
        demand_.fetch_add(static_cast<uint32_t>(units) - 1, std::memory_order_seq_cst);
        if (stream.device().cancelled()) {
            withdrawSeats();
        }
        wakes = rebalance();
    }
    wake(wakes);
    return takePart(stream, 0, worker);
}

bool Executor::takeSeat(Task& outTask) {
    const uint32_t seats = gangSeats_.load(std::memory_order_relaxed);
    if (seats == 0) {
        return false;
    }
    gangSeats_.store(seats - 1, std::memory_order_relaxed);
    demand_.fetch_sub(1, std::memory_order_seq_cst);
    outTask = {gang_.owner, nullptr, gang_.nextUnit++};
    return true;
}

bool Executor::takePart(Stream& stream, uint64_t unit, Worker& worker) {
    const Command& command = *gang_.command;
    if (worker.beside_) {
        moveAway(worker);
    }
    // Nobody starts before everybody is sure to: those that did would wait for the others for ever.
    if (!prepareUnits(stream, command, worker)) {
        gang_.called.store(false, std::memory_order_relaxed);
    }
    if (gang_.missing.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        futexWakeAll(gang_.missing);
    }
    spinUntil(spinNs_, [&] { return gang_.missing.load(std::memory_order_acquire) == 0; });
    for (uint32_t missing = gang_.missing.load(std::memory_order_acquire); missing != 0;
         missing = gang_.missing.load(std::memory_order_acquire)) {
        futexWait(gang_.missing, missing, kNever);
    }
    if (gang_.called.load(std::memory_order_relaxed)) {
        runUnits(stream, command, unit, unit + 1, worker);
        gridBarrier_.leave();
        // Cancelled workgroups end wherever they are.
        if (gridBarrier_.broken() && !stream.device().cancelled()) {
            failDivergedGrid(stream, command);
        }
    }
    Wakes wakes;
    {
        const std::scoped_lock lock(mutex_);
        if (--gang_.running > 0) {
            return false;
        }
        wakes = passTurn();
    }
    wake(wakes);
    return true;
}

Executor::Wakes Executor::passTurn() {
    gang_.command = nullptr;
    gang_.owner = gang_.waiting.first;
    if (gang_.owner == nullptr) {
        return {};
    }
    gang_.waiting.first = gang_.owner->next_;
    return enqueue(*gang_.owner);
}

void Executor::giveUpTurn(Stream& stream) {
    Wakes wakes;
    {
        const std::scoped_lock lock(mutex_);
        if (gang_.owner == &stream) {
            wakes = passTurn();
        }
    }
    wake(wakes);
}

void Executor::withdrawSeats() {
    const uint32_t seats = gangSeats_.exchange(0, std::memory_order_relaxed);
    if (seats == 0) {
        return;
    }
    demand_.fetch_sub(seats, std::memory_order_seq_cst);
    gang_.called.store(false, std::memory_order_relaxed);
    gang_.running -= seats;
    gang_.missing.fetch_sub(seats, std::memory_order_acq_rel);
    futexWakeAll(gang_.missing);
}

void Executor::cancelGang() {
    const std::scoped_lock lock(mutex_);
    withdrawSeats();
}

} // namespace halyard::cpu
