// A warp that runs: its lanes in splits that are at different places, which meet again at reconvergence points.
#pragma once

#include "code.h"
#include "program.h"

#include <bit>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace halyard::softcuda::ptx {

struct Grid;
struct Barrier;
class Block;

// The registers and memory of one call of a function by lanes of a warp.
struct Frame {
    const Code* code = nullptr;
    uint64_t* registers = nullptr;
    std::byte* area = nullptr; // Code::areaBytes for each lane
    Frame* caller = nullptr;
    uint32_t callPc = 0;
    uint32_t lanes = 0;     // not returned yet
    uint32_t localBase = 0; // in each lane's local memory
    std::unique_ptr<uint64_t[]> registerStorage;
    std::unique_ptr<std::byte[]> areaStorage;
};

// Where the lanes that a branch parted wait for each other.
struct Meeting {
    uint32_t pc = 0;
    Frame* frame = nullptr;
    uint32_t expected = 0, arrived = 0;
    Meeting* outer = nullptr;
};

enum class Wait : uint8_t { None, Lanes, Barrier };

struct Split {
    uint32_t mask = 0, pc = 0;
    Frame* frame = nullptr;
    Meeting* meeting = nullptr;
    Wait wait = Wait::None;
    uint32_t waitFor = 0; // the member mask, or the barrier's number
};

class Warp {
public:
    enum class State : uint8_t { Runs, Waits, Ended };

    Warp() = default;
    Warp(const Warp&) = delete;
    Warp& operator=(const Warp&) = delete;

    void start(Block& block, uint32_t index, uint32_t lanes);
    // Runs up to the budget of branches.
    State turn(uint32_t budget);

    // For handlers.
    Grid& grid() const { return *grid_; }
    Block& block() const { return *block_; }
    uint32_t index() const { return index_; }
    uint32_t live() const { return live_; }
    uint32_t existing() const { return existing_; }
    State state() const { return state_; }
    Split current;

    const uint64_t* source(const Op& op, uint32_t i) const { return read(slots(op)[op.destinations + i]); }
    uint64_t* destination(const Op& op, uint32_t i) const {
        return current.frame->registers + size_t(slots(op)[i]) * kWarp;
    }
    uint32_t guardMask(const Op& op) const;

    // Parts the current lanes: those of `taken` go to `target`, the others to `rest`.
    Step part(const Op& op, uint32_t taken, uint32_t target, uint32_t rest);
    // Lanes of the current split that go on at `pc` on their own.
    void detach(uint32_t lanes, uint32_t pc);
    Step meet();
    Step exitLanes(uint32_t lanes);
    Step call(const Op& op, uint32_t mask);
    Step ret(uint32_t mask);
    // Runs op.perform for groups of lanes with the same member mask when all lanes of each are there.
    Step waitForLanes(const Op& op, uint32_t mask);
    // The current lanes `mask` wait at a barrier of the block; the others go on.
    void waitAtBarrier(uint32_t mask, uint32_t barrier);
    // Lets all go on that wait at the barrier, behind their instruction.
    void leaveBarrier(uint32_t barrier, const Barrier& done);
    // Lets the lanes go on that wait where a branch's ways meet; false when there are none.
    bool releaseMeeting();
    const std::vector<Split>& splits() const { return splits_; }

    std::byte* localMemory(uint32_t lane) const { return local_.get() + size_t(lane) * localBytes_; }
    uint32_t localBytes() const { return localBytes_; }
    // Ends the launch; names the current instruction and the thread of `lane`.
    Step fault(const Op& op, FaultKind kind, uint32_t lane, const std::string& words, uint64_t address = 0);
    std::string threadWords(uint32_t lane) const;

    uint64_t tid[3][kWarp] = {};

private:
    const Slot* slots(const Op& op) const { return current.frame->code->slots.data() + op.slots; }
    const uint64_t* read(Slot slot) const {
        return slot >= 0 ? current.frame->registers + size_t(slot) * kWarp
                         : current.frame->code->constants[static_cast<size_t>(~slot)].data();
    }
    enum class Outcome : uint8_t { Left, Exhausted, Fault };
    Outcome execute(uint32_t& budget);
    bool pick();
    bool spins();
    // In the meeting and those outside it, up to the function `within` (null: all).
    void dropFromMeetings(Meeting* meeting, const Frame* within, uint32_t lanes);
    void completeWaits();
    bool completeWait(size_t first);
    void mergeSplits();
    Meeting* newMeeting();
    void freeMeeting(Meeting* meeting);
    Frame* newFrame(const Code& code, Frame* caller);
    void freeFrame(Frame* frame);
    void removeLanes(Frame* frame, uint32_t lanes);

    Grid* grid_ = nullptr;
    Block* block_ = nullptr;
    uint32_t index_ = 0, live_ = 0, existing_ = 0, patience_ = 0, observed_ = 0;
    State state_ = State::Ended;
    std::vector<Split> splits_; // all but the current one
    std::vector<std::unique_ptr<Meeting>> meetings_;
    std::vector<Meeting*> freeMeetings_;
    std::vector<std::unique_ptr<Frame>> frames_;
    std::vector<Frame*> freeFrames_;
    std::unique_ptr<std::byte[]> local_;
    uint32_t localBytes_ = 0;
    bool currentRuns_ = false;
};

inline uint32_t maskOf(const uint64_t* predicate) {
    uint32_t mask = 0;
    for (uint32_t lane = 0; lane < kWarp; ++lane)
        mask |= static_cast<uint32_t>(predicate[lane] & 1) << lane;
    return mask;
}

// for (lane of mask)
template <class Function> inline void eachLane(uint32_t mask, Function&& function) {
    for (; mask != 0; mask &= mask - 1)
        function(static_cast<uint32_t>(std::countr_zero(mask)));
}

} // namespace halyard::softcuda::ptx
