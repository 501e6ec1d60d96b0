#include "grid.h"

#include <algorithm>

namespace halyard::softcuda::ptx {
namespace {

constexpr uint32_t kBudget = 512;  // branches of a warp's turn
constexpr uint32_t kTurns = 8;     // of a block before another one's
constexpr uint64_t kResident = 16; // blocks of a launch that is not cooperative

// What nothing was written to is no zero that a kernel could rely on.
constexpr std::byte kUnwritten{0xA5};

} // namespace

void Block::start(uint64_t index) {
    const auto& size = grid_.launch.grid;
    index_ = {static_cast<uint32_t>(index % size[0]), static_cast<uint32_t>(index / size[0] % size[1]),
              static_cast<uint32_t>(index / size[0] / size[1])};
    shared_.assign(grid_.sharedEnd - grid_.sharedBegin, kUnwritten);
    barriers = {};
    liveThreads_ = grid_.threads();
    warpCount_ = (liveThreads_ + kWarp - 1) / kWarp;
    ended_ = false;
    while (warps_.size() < warpCount_)
        warps_.emplace_back();
    for (uint32_t i = 0; i < warpCount_; ++i) {
        const uint32_t lanes = std::min(kWarp, liveThreads_ - i * kWarp);
        warps_[i].start(*this, i, lanes == kWarp ? ~0u : (1u << lanes) - 1);
    }
}

bool Block::turn(uint32_t budget) {
    bool ran = false;
    for (Warp& warp : warps_) {
        if (warp.state() != Warp::State::Runs)
            continue;
        ran = true;
        warp.turn(budget);
        if (grid_.fault)
            return false;
        if (grid_.stop.load(std::memory_order_relaxed)) {
            grid_.fault = Fault{FaultKind::Stopped, "the launch of '" + grid_.code.function->name + "' was stopped", 0};
            return false;
        }
    }
    ended_ = liveThreads_ == 0;
    return ran || ended_ || deadlock();
}

void Block::threadsEnded(uint32_t count) {
    liveThreads_ -= count;
    for (uint32_t i = 0; i < kBarriers; ++i)
        completeBarrier(i);
}

void Block::completeBarrier(uint32_t number) {
    Barrier& barrier = barriers[number];
    if (barrier.arrived == 0)
        return;
    if (barrier.expected == 0 ? barrier.arrived < liveThreads_ : barrier.arrived < barrier.expected)
        return;
    const Barrier done = barrier;
    barrier = {};
    for (uint32_t i = 0; i < warpCount_; ++i)
        warps_[i].leaveBarrier(number, done);
}

// No warp can run: lanes that wait at meetings go on, or else the launch is at fault.
bool Block::deadlock() {
    bool released = false;
    for (uint32_t i = 0; i < warpCount_; ++i)
        released |= warps_[i].releaseMeeting();
    if (released)
        return true;
    for (uint32_t i = 0; i < warpCount_; ++i) {
        for (const Split& split : warps_[i].splits()) {
            warps_[i].current = split;
            warps_[i].fault(split.frame->code->ops[split.pc], FaultKind::IllegalInstruction,
                            static_cast<uint32_t>(std::countr_zero(split.mask)),
                            "deadlock: threads wait for others of their block that never come");
            return false;
        }
    }
    return false;
}

std::optional<Fault> runGrid(Grid& grid) {
    const uint64_t blocks = grid.blocks();
    const uint64_t limit = grid.launch.cooperative ? blocks : std::min(kResident, blocks);
    std::deque<std::unique_ptr<Block>> resident, unused;
    uint64_t next = 0;
    // The next block only starts when those that run are at their ends or wait for something.
    while (next < blocks || !resident.empty()) {
        if (next < blocks && resident.size() < limit) {
            if (unused.empty()) {
                resident.push_front(std::make_unique<Block>(grid, next));
            } else {
                resident.push_front(std::move(unused.back()));
                unused.pop_back();
                resident.front()->start(next);
            }
            ++next;
        }
        Block& block = *resident.front();
        for (uint32_t turn = 0; turn < kTurns && !block.ended(); ++turn)
            if (!block.turn(kBudget))
                return std::move(grid.fault);
        (block.ended() ? unused : resident).push_back(std::move(resident.front()));
        resident.pop_front();
    }
    return std::nullopt;
}

} // namespace halyard::softcuda::ptx
