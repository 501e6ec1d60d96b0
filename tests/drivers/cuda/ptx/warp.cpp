#include "warp.h"

#include "grid.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

// Turns that lanes wait at a meeting while others of the warp run: long for a loop, and yet lanes that spin until
// those that wait do something get what they wait for.
constexpr uint32_t kPatience = 2048;
// Reads of what others may change after which lanes count as spinning.
constexpr uint32_t kSpins = 256;

} // namespace

void Warp::start(Block& block, uint32_t index, uint32_t lanes) {
    block_ = &block;
    grid_ = &block.grid();
    index_ = index;
    live_ = existing_ = lanes;
    patience_ = observed_ = 0;
    state_ = State::Runs;
    splits_.clear();
    splits_.reserve(2 * kWarp);
    freeMeetings_.clear();
    for (const auto& meeting : meetings_)
        freeMeetings_.push_back(meeting.get());
    freeFrames_.clear();
    for (const auto& frame : frames_)
        freeFrames_.push_back(frame.get());
    if (localBytes_ != grid_->localBytes) {
        localBytes_ = grid_->localBytes;
        local_ = std::make_unique<std::byte[]>(size_t(localBytes_) * kWarp);
    }
    const auto& size = grid_->launch.block;
    for (uint32_t lane = 0; lane < kWarp; ++lane) {
        const uint32_t linear = index * kWarp + lane;
        tid[0][lane] = linear % size[0];
        tid[1][lane] = linear / size[0] % size[1];
        tid[2][lane] = linear / size[0] / size[1];
    }
    current = {};
    current.mask = lanes;
    current.frame = newFrame(grid_->code, nullptr);
    current.frame->lanes = lanes;
    currentRuns_ = true;
}

uint32_t Warp::guardMask(const Op& op) const {
    if (op.guard < 0)
        return current.mask;
    const uint32_t mask = maskOf(current.frame->registers + size_t(op.guard) * kWarp);
    return (op.guardNegated ? ~mask : mask) & current.mask;
}

Warp::Outcome Warp::execute(uint32_t& budget) {
    constexpr uint32_t kMaxOperands = 64;
    uint64_t* destinations[kMaxOperands];
    const uint64_t* sources[kMaxOperands];
    for (;;) {
        const Frame& frame = *current.frame;
        const Op& op = frame.code->ops[current.pc];
        const uint32_t mask = op.guard < 0 ? current.mask : guardMask(op);
        if (op.alu) {
            if (mask != 0) {
                const Slot* slot = frame.code->slots.data() + op.slots;
                for (uint32_t i = 0; i < op.destinations; ++i)
                    destinations[i] = frame.registers + size_t(*slot++) * kWarp;
                for (uint32_t i = 0; i < op.sources; ++i)
                    sources[i] = read(*slot++);
                op.alu(destinations, sources, mask, op.aluData);
            }
            ++current.pc;
            continue;
        }
        if (mask == 0 && !op.control) {
            ++current.pc;
            continue;
        }
        switch (op.run(*this, op, mask)) {
        case Step::Next:
            ++current.pc;
            if (op.observes && spins())
                return Outcome::Exhausted;
            break;
        case Step::Jump:
            if (--budget == 0)
                return Outcome::Exhausted;
            break;
        case Step::Yield:
            ++current.pc;
            budget = 0;
            return Outcome::Exhausted;
        case Step::Leave:
            currentRuns_ = false;
            return Outcome::Left;
        case Step::Fault:
            return Outcome::Fault;
        }
    }
}

// Whether lanes seem to wait for others of the warp that wait for them at a meeting; those go on then.
bool Warp::spins() {
    if (freeMeetings_.size() == meetings_.size() || ++observed_ < kSpins)
        return false;
    observed_ = 0;
    return releaseMeeting();
}

// Makes a split that can run the current one.
bool Warp::pick() {
    if (currentRuns_)
        return true;
    for (size_t i = splits_.size(); i-- > 0;) {
        if (splits_[i].wait != Wait::None)
            continue;
        current = splits_[i];
        splits_.erase(splits_.begin() + static_cast<std::ptrdiff_t>(i));
        return currentRuns_ = true;
    }
    return false;
}

Warp::State Warp::turn(uint32_t budget) {
    while (budget != 0) {
        if (!pick()) {
            // Lanes at a barrier of the block may come yet when other warps let them go on.
            const bool atBarrier = std::any_of(splits_.begin(), splits_.end(),
                                               [](const Split& split) { return split.wait == Wait::Barrier; });
            if (!atBarrier && releaseMeeting())
                continue;
            state_ = live_ == 0 ? State::Ended : State::Waits;
            return state_;
        }
        const Outcome outcome = execute(budget);
        if (outcome == Outcome::Fault)
            return state_ = State::Ended;
        if (outcome == Outcome::Exhausted)
            break;
    }
    if (currentRuns_ &&
        std::any_of(splits_.begin(), splits_.end(), [](const Split& split) { return split.wait == Wait::None; })) {
        splits_.insert(splits_.begin(), current);
        currentRuns_ = false;
    }
    if (freeMeetings_.size() != meetings_.size() && ++patience_ >= kPatience) {
        patience_ = 0;
        releaseMeeting();
    }
    return state_;
}

Step Warp::fault(const Op& op, FaultKind kind, uint32_t lane, const std::string& words, uint64_t address) {
    const Instruction& instruction = current.frame->code->function->body[op.instruction];
    std::string text = instruction.opcode;
    for (const std::string& modifier : instruction.modifiers)
        text += "." + modifier;
    grid_->fault = Fault{kind,
                         words + ": '" + text + "' in line " + std::to_string(instruction.line) + " of '" +
                             current.frame->code->function->name + "', " + threadWords(lane),
                         address};
    return Step::Fault;
}

std::string Warp::threadWords(uint32_t lane) const {
    const auto show = [](uint64_t x, uint64_t y, uint64_t z) {
        return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
    };
    const auto block = block_->index();
    return "block " + show(block[0], block[1], block[2]) + ", thread " + show(tid[0][lane], tid[1][lane], tid[2][lane]);
}

Frame* Warp::newFrame(const Code& code, Frame* caller) {
    Frame* frame = nullptr;
    for (size_t i = freeFrames_.size(); i-- > 0 && !frame;) {
        if (freeFrames_[i]->code == &code) {
            frame = freeFrames_[i];
            freeFrames_.erase(freeFrames_.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
    if (!frame) {
        frames_.push_back(std::make_unique<Frame>());
        frame = frames_.back().get();
        frame->code = &code;
        frame->registerStorage = std::make_unique<uint64_t[]>(size_t(code.registers) * kWarp);
        frame->registers = frame->registerStorage.get();
        frame->areaStorage = std::make_unique<std::byte[]>(size_t(code.areaBytes) * kWarp);
        frame->area = frame->areaStorage.get();
    }
    frame->caller = caller;
    frame->localBase = 0;
    frame->lanes = 0;
    return frame;
}

void Warp::freeFrame(Frame* frame) {
    freeFrames_.push_back(frame);
}

// The lanes have left the frame; what they left last is free.
void Warp::removeLanes(Frame* frame, uint32_t lanes) {
    frame->lanes &= ~lanes;
    if (frame->lanes == 0)
        freeFrame(frame);
}

Step Warp::call(const Op& op, uint32_t mask) {
    Frame& caller = *current.frame;
    const Code::Call& call = caller.code->calls[op.target];
    const ProgramData& program = grid_->program;
    uint32_t callee = call.callee;
    if (callee == Code::kIndirect) {
        const uint64_t* pointer = source(op, 0);
        const uint64_t first = pointer[std::countr_zero(mask)];
        uint32_t same = 0;
        eachLane(mask, [&](uint32_t lane) { same |= uint32_t(pointer[lane] == first) << lane; });
        callee = static_cast<uint32_t>(first);
        if ((first & kWindowMask) != kFunctionWindow || callee >= program.codes.size() ||
            program.module.functions[callee].entry || !program.module.functions[callee].defined ||
            program.codes[callee].parameterOffsets.size() != call.arguments.size() ||
            program.codes[callee].resultOffsets.size() != call.results.size())
            return fault(op, FaultKind::IllegalInstruction, static_cast<uint32_t>(std::countr_zero(mask)),
                         "call of what is no function of this kind", first);
        detach(mask & ~same, current.pc);
        mask = same;
        detach(current.mask & ~mask, current.pc + 1);
    } else {
        detach(current.mask & ~mask, current.pc + 1);
    }
    const Code& code = program.codes[callee];
    const uint32_t begin = caller.localBase + (caller.code->localBytes + 15) / 16 * 16;
    uint32_t depth = 0;
    for (const Frame* frame = &caller; frame; frame = frame->caller)
        ++depth;
    if (begin + code.localBytes > localBytes_ || depth > 512)
        return fault(op, FaultKind::StackError, static_cast<uint32_t>(std::countr_zero(mask)), "stack overflow");
    Meeting* meeting = newMeeting();
    *meeting = {current.pc + 1, &caller, mask, 0, current.meeting};
    Frame* frame = newFrame(code, &caller);
    frame->lanes = mask;
    frame->callPc = current.pc;
    frame->localBase = begin;
    const auto& parameters = code.function->parameters;
    for (size_t i = 0; i < parameters.size(); ++i)
        eachLane(mask, [&](uint32_t lane) {
            std::memcpy(frame->area + size_t(lane) * code.areaBytes + code.parameterOffsets[i],
                        caller.area + size_t(lane) * caller.code->areaBytes + call.arguments[i], parameters[i].bytes);
        });
    current.frame = frame;
    current.pc = 0;
    current.meeting = meeting;
    return Step::Jump;
}

// The lanes of `mask` return from a .func; the rest of the split goes on behind the instruction.
Step Warp::ret(uint32_t mask) {
    if (!current.frame->caller)
        return exitLanes(mask);
    detach(current.mask & ~mask, current.pc + 1);
    Frame& frame = *current.frame;
    Frame& caller = *frame.caller;
    const Code::Call& call = caller.code->calls[caller.code->ops[frame.callPc].target];
    const auto& results = frame.code->function->results;
    for (size_t i = 0; i < results.size(); ++i)
        eachLane(mask, [&](uint32_t lane) {
            std::memcpy(caller.area + size_t(lane) * caller.code->areaBytes + call.results[i],
                        frame.area + size_t(lane) * frame.code->areaBytes + frame.code->resultOffsets[i],
                        results[i].bytes);
        });
    Meeting* meeting = current.meeting;
    while (current.meeting && current.meeting->frame == &frame)
        current.meeting = current.meeting->outer;
    dropFromMeetings(meeting, &frame, mask); // inside the function: these lanes do not come any more
    current.pc = frame.callPc + 1;
    current.frame = &caller;
    removeLanes(&frame, mask);
    return Step::Jump;
}

} // namespace halyard::softcuda::ptx
