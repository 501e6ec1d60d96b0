#include "graph_flow.h"

#include "graph_plan.h"

#include <algorithm>
#include <functional>

namespace halyard::cpu {

namespace {

// As for a command that is shared out: the last piece does not keep the others waiting.
constexpr uint64_t kPiecesPerWorker = 16;
constexpr uint64_t kLong = kAloneTicks + 1;

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
    quickStep_ = step + 1;
    for (endStep_ = step; endStep_ < steps.size(); ++endStep_) {
        const Plan::Step& next = steps[endStep_];
        if (next.host || next.cooperative || next.joins) {
            break;
        }
        if (!plan.costsLittle(next)) {
            quickStep_ = endStep_ + 1;
        }
    }
    const uint32_t first = steps[step].first;
    endSlot_ = steps[endStep_ - 1].first + steps[endStep_ - 1].count;
    left_ = endSlot_ - first;
    begun_ = longInFlight_ = 0;
    readyCost_ = 0;
    ready_.clear();
    for (uint32_t slot = first; slot < endSlot_; ++slot) {
        states_[slot] = {0, static_cast<uint32_t>(std::min(plan.cost(slot), kLong)), 0, plan.units(slot)};
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
            makeReady(slot);
        }
    }
    return true;
}

uint32_t Flow::end() {
    const uint32_t step = left_ == 0 ? endStep_ : plan_->stepOf(ready_.front());
    taken_.store(false, std::memory_order_release);
    return step;
}

void Flow::makeReady(uint32_t slot) {
    ready_.push_back(slot);
    std::push_heap(ready_.begin(), ready_.end(), std::greater<>());
    readyCost_ += states_[slot].cost;
}

// Whether all is done before a step, and nothing of it or behind it has begun, and that and what follows costs little.
bool Flow::isQuickerByStep() const {
    const uint32_t slot = ready_.front();
    const uint32_t step = plan_->stepOf(slot);
    return begun_ == 0 && step >= quickStep_ && plan_->steps()[step].first == slot && left_ == endSlot_ - slot;
}

bool Flow::isLittleReady() const {
    return readyCost_ <= kAloneTicks;
}

uint64_t Flow::pieceOf(uint32_t slot) const {
    return std::max<uint64_t>(1, plan_->units(slot) / (workers_ * kPiecesPerWorker));
}

bool Flow::take(Piece& out) {
    if (ready_.empty() || isQuickerByStep()) {
        return false;
    }
    const uint32_t slot = ready_.front();
    State& state = states_[slot];
    out = {slot, state.next, std::min(state.next + pieceOf(slot), plan_->units(slot)), state.cost == kLong};
    begun_ += state.next == 0 ? 1 : 0;
    state.next = out.end;
    if (state.next == plan_->units(slot)) {
        std::pop_heap(ready_.begin(), ready_.end(), std::greater<>());
        ready_.pop_back();
        readyCost_ -= state.cost;
    }
    longInFlight_ += out.isLong ? 1 : 0;
    return true;
}

void Flow::finish(const Piece& piece) {
    longInFlight_ -= piece.isLong ? 1 : 0;
    State& state = states_[piece.slot];
    state.unfinished -= piece.end - piece.first;
    if (state.unfinished != 0) {
        return;
    }
    --begun_;
    --left_;
    plan_->forEachSuccessor(piece.slot, [&](uint32_t after) {
        if (after < endSlot_ && --states_[after].waiting == 0) {
            makeReady(after);
        }
    });
}

uint64_t Flow::wanted(uint32_t participants) const {
    if (ready_.empty()) {
        return 0;
    }
    if (isLittleReady()) {
        return longInFlight_ >= participants ? 1 : 0;
    }
    const uint32_t slot = ready_.front();
    const uint64_t piece = pieceOf(slot);
    return (plan_->units(slot) - states_[slot].next + piece - 1) / piece + (ready_.size() - 1);
}

bool Flow::isEnoughWithout(uint32_t participants) const {
    return isLittleReady() && participants > longInFlight_ + 1;
}

} // namespace halyard::cpu
