#include "graph_flow.h"

#include "graph_plan.h"

#include <algorithm>

namespace halyard::cpu {

namespace {

// As for a command that is shared out: the last piece does not keep the others waiting.
constexpr uint64_t kPiecesPerWorker = 16;

} // namespace

void Flow::reserve(uint32_t slots) {
    states_.resize(slots);
    ready_.reserve(slots);
}

bool Flow::tryBegin(const Plan& plan, uint32_t step, uint32_t workers) {
    if (taken_.exchange(true, std::memory_order_acquire)) {
        return false;
    }
    const std::vector<Plan::Step>& steps = plan.steps();
    plan_ = &plan;
    workers_ = workers;
    endStep_ = step;
    while (endStep_ < steps.size() && !steps[endStep_].host && !steps[endStep_].cooperative) {
        ++endStep_;
    }
    const uint32_t first = steps[step].first;
    endSlot_ = steps[endStep_ - 1].first + steps[endStep_ - 1].count;
    left_ = endSlot_ - first;
    inFlight_ = 0;
    ready_.clear();
    readyHead_ = 0;
    for (uint32_t slot = first; slot < endSlot_; ++slot) {
        states_[slot] = {0, 0, plan.units(slot)};
    }
    for (uint32_t slot = first; slot < endSlot_; ++slot) {
        plan.forEachSuccessor(slot, [&](uint32_t after) {
            if (after < endSlot_) {
                ++states_[after].waiting;
            }
        });
    }
    for (uint32_t slot = first; slot < endSlot_; ++slot) {
        if (states_[slot].waiting == 0) {
            ready_.push_back(slot);
        }
    }
    return true;
}

uint32_t Flow::end() {
    const uint32_t step = left_ == 0 ? endStep_ : plan_->stepOf(ready_[readyHead_]);
    taken_.store(false, std::memory_order_release);
    return step;
}

// Whether all that is left comes after the one slot that is ready.
bool Flow::isChain() const {
    if (inFlight_ != 0 || ready_.size() - readyHead_ != 1) {
        return false;
    }
    const uint32_t slot = ready_[readyHead_];
    return states_[slot].next == 0 && left_ == endSlot_ - slot && plan_->steps()[plan_->stepOf(slot)].alone;
}

uint64_t Flow::pieceOf(uint32_t slot) const {
    return std::max<uint64_t>(1, plan_->units(slot) / (workers_ * kPiecesPerWorker));
}

bool Flow::take(Piece& out) {
    if (readyHead_ == ready_.size() || isChain()) {
        return false;
    }
    const uint32_t slot = ready_[readyHead_];
    State& state = states_[slot];
    out = {slot, state.next, std::min(state.next + pieceOf(slot), plan_->units(slot))};
    state.next = out.end;
    if (state.next == plan_->units(slot)) {
        ++readyHead_;
    }
    ++inFlight_;
    return true;
}

void Flow::finish(const Piece& piece) {
    --inFlight_;
    State& state = states_[piece.slot];
    state.unfinished -= piece.end - piece.first;
    if (state.unfinished != 0) {
        return;
    }
    --left_;
    plan_->forEachSuccessor(piece.slot, [&](uint32_t after) {
        if (after < endSlot_ && --states_[after].waiting == 0) {
            ready_.push_back(after);
        }
    });
}

uint64_t Flow::available() const {
    if (readyHead_ == ready_.size() || isChain()) {
        return 0;
    }
    const uint32_t slot = ready_[readyHead_];
    const uint64_t piece = pieceOf(slot);
    return (plan_->units(slot) - states_[slot].next + piece - 1) / piece + (ready_.size() - readyHead_ - 1);
}

} // namespace halyard::cpu
