// A part of a launch in which every node runs as soon as the nodes before it are done, whatever the others do.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

namespace halyard::cpu {

class Plan;

// Which slots of a plan come after which.
struct SlotOrder {
    std::vector<uint32_t> first; // by slot, and one more: where its successors begin
    std::vector<uint32_t> successors;
    bool known() const { return !first.empty(); }
};

// One for each plan, and used by one launch at a time; others find it taken. The rest is for callers that hold the
// executor's lock.
class Flow {
public:
    // Consecutive units of a slot.
    struct Piece {
        uint32_t slot = 0;
        uint64_t first = 0;
        uint64_t end = 0;
        bool isLong = false; // it may keep its worker for longer than calling another one takes
    };

    // Room for a plan of that many slots. Throws std::bad_alloc.
    void reserve(uint32_t slots);
    // Starts at a step before which everything is done, and goes as far as branches do. False: another launch is at it.
    bool tryBegin(const Plan& plan, uint32_t step, uint32_t workers);
    // The step with which the launch goes on. REQUIRES: take() gives nothing, and all that it gave is finished.
    uint32_t end();

    // Something that can run now. False: nothing, until more is finished; or what is left is quicker step by step.
    bool take(Piece& out);
    void finish(const Piece& piece);
    // How many of `participants` workers and others should be there for what is ready.
    uint64_t wanted(uint32_t participants) const;
    // Whether somebody else of the participants, not busy for long, does what is ready as soon as this worker would.
    bool isEnoughWithout(uint32_t participants) const;

private:
    struct State {
        uint32_t waiting = 0; // slots before it that are not done
        uint32_t cost = 0;    // ticks; at most kLong
        uint64_t next = 0;    // unit
        uint64_t unfinished = 0;
    };

    void makeReady(uint32_t slot);
    bool isQuickerByStep() const;
    bool isLittleReady() const;
    uint64_t pieceOf(uint32_t slot) const;

    std::atomic<bool> taken_{false};
    const Plan* plan_ = nullptr;
    uint32_t workers_ = 1;
    uint32_t endSlot_ = 0;
    uint32_t endStep_ = 0;
    uint32_t quickStep_ = 0; // from here on all steps cost little
    uint32_t left_ = 0;      // slots that are not done
    uint32_t begun_ = 0;     // slots of which some is taken, and which are not done
    uint32_t longInFlight_ = 0;
    uint64_t readyCost_ = 0; // ticks
    std::vector<State> states_;
    std::vector<uint32_t> ready_; // a heap: the lowest slot first
};

} // namespace halyard::cpu
