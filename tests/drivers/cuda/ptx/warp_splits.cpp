// How the lanes of a warp part, wait for each other and end.
#include "grid.h"
#include "warp.h"

#include <algorithm>

namespace halyard::softcuda::ptx {

Meeting* Warp::newMeeting() {
    if (freeMeetings_.empty()) {
        meetings_.push_back(std::make_unique<Meeting>());
        return meetings_.back().get();
    }
    Meeting* meeting = freeMeetings_.back();
    freeMeetings_.pop_back();
    return meeting;
}

void Warp::freeMeeting(Meeting* meeting) {
    meeting->expected = meeting->arrived = 0;
    freeMeetings_.push_back(meeting);
}

Step Warp::part(const Op& op, uint32_t taken, uint32_t target, uint32_t rest) {
    Meeting* meeting = current.meeting;
    const auto pc = static_cast<uint32_t>(op.reconverge);
    if (op.reconverge >= 0 && !(meeting && meeting->pc == pc && meeting->frame == current.frame)) {
        Meeting* inner = newMeeting();
        *inner = {pc, current.frame, current.mask, 0, meeting};
        current.meeting = inner;
    }
    detach(taken, target);
    current.pc = rest;
    return Step::Jump;
}

void Warp::detach(uint32_t lanes, uint32_t pc) {
    if (lanes == 0)
        return;
    splits_.push_back({lanes, pc, current.frame, current.meeting});
    current.mask &= ~lanes;
}

Step Warp::meet() {
    while (Meeting* meeting = current.meeting) {
        if (meeting->pc != current.pc || meeting->frame != current.frame)
            break;
        meeting->arrived |= current.mask;
        if (meeting->arrived != meeting->expected)
            return Step::Leave;
        current.mask = meeting->arrived;
        current.meeting = meeting->outer;
        freeMeeting(meeting);
        patience_ = observed_ = 0;
    }
    return Step::Next;
}

// Lets the lanes go on that wait at some meeting.
bool Warp::releaseMeeting() {
    for (const auto& meeting : meetings_) {
        if (meeting->arrived == 0)
            continue;
        splits_.push_back({meeting->arrived, meeting->pc, meeting->frame, meeting->outer});
        meeting->expected &= ~meeting->arrived;
        meeting->arrived = 0;
        state_ = State::Runs;
        return true;
    }
    return false;
}

void Warp::dropFromMeetings(Meeting* meeting, const Frame* within, uint32_t lanes) {
    while (meeting && (!within || meeting->frame == within)) {
        Meeting* outer = meeting->outer;
        meeting->expected &= ~lanes;
        if (meeting->expected == 0) {
            freeMeeting(meeting);
        } else if (meeting->arrived == meeting->expected) {
            splits_.push_back({meeting->arrived, meeting->pc, meeting->frame, outer});
            freeMeeting(meeting);
        }
        meeting = outer;
    }
}

Step Warp::exitLanes(uint32_t lanes) {
    live_ &= ~lanes;
    dropFromMeetings(current.meeting, nullptr, lanes);
    const uint32_t rest = current.mask & ~lanes;
    for (Frame* frame = current.frame; frame;) {
        Frame* caller = frame->caller;
        removeLanes(frame, lanes);
        frame = caller;
    }
    current.mask = rest;
    block_->threadsEnded(static_cast<uint32_t>(std::popcount(lanes)));
    completeWaits();
    if (grid_->fault)
        return Step::Fault;
    return rest == 0 ? Step::Leave : Step::Next;
}

Step Warp::waitForLanes(const Op& op, uint32_t mask) {
    const uint64_t* members = op.offset >= 0 ? source(op, static_cast<uint32_t>(op.offset)) : nullptr;
    uint32_t waiting = 0;
    while (mask != 0) {
        const auto first = static_cast<uint32_t>(std::countr_zero(mask));
        const uint32_t member = members ? static_cast<uint32_t>(members[first]) : ~0u;
        uint32_t group = mask;
        if (members)
            eachLane(mask, [&](uint32_t lane) {
                if (static_cast<uint32_t>(members[lane]) != member)
                    group &= ~(1u << lane);
            });
        if ((group & ~member) != 0)
            return fault(op, FaultKind::IllegalInstruction, first, "the thread is not in its own member mask");
        mask &= ~group;
        if (group == (member & live_)) {
            if (op.perform && op.perform(*this, op, group) == Step::Fault)
                return Step::Fault;
            continue;
        }
        splits_.push_back({group, current.pc, current.frame, current.meeting, Wait::Lanes, member});
        waiting |= group;
    }
    if (waiting == 0)
        return Step::Next;
    current.mask &= ~waiting;
    completeWaits();
    if (grid_->fault)
        return Step::Fault;
    return current.mask == 0 ? Step::Leave : Step::Next;
}

void Warp::completeWaits() {
    bool completed = false;
    for (size_t i = 0; i < splits_.size() && !grid_->fault; ++i)
        if (splits_[i].wait == Wait::Lanes)
            completed |= completeWait(i);
    if (completed)
        mergeSplits();
}

// Whether all lanes are there that the split waits for; then they go on.
bool Warp::completeWait(size_t first) {
    const Split leader = splits_[first];
    const Op& op = leader.frame->code->ops[leader.pc];
    const auto together = [&](const Split& split) {
        if (split.wait != Wait::Lanes || split.waitFor != leader.waitFor)
            return false;
        if (op.perform) // lanes that exchange values are at one instruction
            return split.pc == leader.pc && split.frame == leader.frame;
        return split.frame->code->ops[split.pc].perform == nullptr;
    };
    uint32_t arrived = 0;
    for (const Split& split : splits_)
        if (together(split))
            arrived |= split.mask;
    if (arrived != (leader.waitFor & live_))
        return false;
    const Split kept = current;
    current = leader;
    current.mask = arrived;
    if (op.perform)
        op.perform(*this, op, arrived); // a fault is in the grid
    current = kept;
    for (Split& split : splits_)
        if (together(split)) {
            split.wait = Wait::None;
            ++split.pc;
        }
    return true;
}

void Warp::waitAtBarrier(uint32_t mask, uint32_t barrier) {
    splits_.push_back({mask, current.pc, current.frame, current.meeting, Wait::Barrier, barrier});
    current.mask &= ~mask;
}

void Warp::mergeSplits() {
    for (size_t i = 0; i < splits_.size(); ++i) {
        for (size_t j = splits_.size(); --j > i;) {
            Split& a = splits_[i];
            const Split& b = splits_[j];
            if (a.wait != Wait::None || b.wait != Wait::None || a.pc != b.pc || a.frame != b.frame ||
                a.meeting != b.meeting)
                continue;
            a.mask |= b.mask;
            splits_.erase(splits_.begin() + static_cast<std::ptrdiff_t>(j));
        }
    }
}

} // namespace halyard::softcuda::ptx
