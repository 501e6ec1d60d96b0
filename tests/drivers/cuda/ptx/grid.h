// The blocks of a launch.
#pragma once

#include "program_data.h"
#include "range_cache.h"
#include "warp.h"

#include <deque>

namespace halyard::softcuda::ptx {

struct Grid {
    Grid(const ProgramData& data, const Launch& what, const Code& entry, const std::atomic<bool>& stopFlag)
        : program(data), launch(what), code(entry), stop(stopFlag), cache(*data.memory) {}

    const ProgramData& program;
    const Launch& launch;
    const Code& code;
    const std::atomic<bool>& stop;
    RangeCache cache;
    std::vector<std::byte> parameters;
    uint32_t sharedBegin = 0, dynamicShared = 0, sharedEnd = 0; // addresses of the shared space
    uint32_t localBytes = 0;                                    // of a thread
    uint64_t id = 0;
    std::optional<Fault> fault;

    uint32_t threads() const { return launch.block[0] * launch.block[1] * launch.block[2]; }
    uint64_t blocks() const { return uint64_t(launch.grid[0]) * launch.grid[1] * launch.grid[2]; }
};

struct Barrier {
    uint32_t arrived = 0;  // threads
    uint32_t expected = 0; // threads; 0: all of the block
    uint32_t popc = 0;
    bool all = true, any = false;
};

class Block {
public:
    static constexpr uint32_t kBarriers = 16;

    Block(Grid& grid, uint64_t index) : grid_(grid) { start(index); }
    void start(uint64_t index);
    // A turn of each warp that can run. False when the launch is at fault.
    bool turn(uint32_t budget);
    bool ended() const { return ended_; }

    Grid& grid() const { return grid_; }
    std::byte* shared() { return shared_.data(); }
    std::array<uint32_t, 3> index() const { return index_; }
    uint32_t liveThreads() const { return liveThreads_; }
    void threadsEnded(uint32_t count);
    std::array<Barrier, kBarriers> barriers;
    // Lets the threads at the barrier go on when all have come.
    void completeBarrier(uint32_t barrier);
    uint32_t warps() const { return warpCount_; }

private:
    bool deadlock();

    Grid& grid_;
    std::array<uint32_t, 3> index_{};
    std::vector<std::byte> shared_;
    std::deque<Warp> warps_;
    uint32_t liveThreads_ = 0, warpCount_ = 0;
    bool ended_ = false;
};

// Runs all blocks.
std::optional<Fault> runGrid(Grid& grid);

} // namespace halyard::softcuda::ptx
