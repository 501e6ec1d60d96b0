// Remembers, for the bytes of one allocation or of a workgroup's memory, who touched them last, and finds accesses that
// no barrier or release and acquire orders. It misses rather than invents: it keeps the two latest writers and readers,
// and a write that changes nothing conflicts with nothing.
#pragma once

#include "interp/clock.h"

#include <array>
#include <memory>

namespace halyard::interp {

struct Stamp {
    uint32_t thread = 0; // number in the launch + 1; 0 for none
    uint32_t clock = 0;
    uint32_t instruction : 29 = 0; // index in the module
    uint32_t atomic : 1 = 0;
    uint32_t changed : 1 = 0;
    uint32_t write : 1 = 0;
};

struct RaceAccess {
    const ThreadClock* clock = nullptr;
    uint32_t instruction = 0;
    bool atomic = false;
};

// Bounds what all maps of a run may take.
struct RaceBudget {
    uint64_t bytes = uint64_t{512} << 20;
};

class RaceMap {
public:
    RaceMap(uint64_t size, RaceBudget& budget) : size_(size), budget_(&budget) {}
    ~RaceMap();
    RaceMap(const RaceMap&) = delete;
    RaceMap& operator=(const RaceMap&) = delete;

    // Records a read; the stamp of a write that it races with, or one of thread 0.
    Stamp read(uint64_t offset, uint32_t bytes, const RaceAccess& access);
    // Records a write, before it happens: `before` are the bytes there (null: never written), `after` those that come.
    Stamp write(uint64_t offset, uint32_t bytes, const uint8_t* before, const uint8_t* after, const RaceAccess& access);
    // Forgets everything.
    void clear();

private:
    struct Cell {
        std::array<Stamp, 2> writes, reads; // the latest first, of different invocations
    };
    struct Page {
        uint32_t shift = 2; // log2 of the bytes that a cell stands for
        std::unique_ptr<Cell[]> cells;
    };
    Page* page(uint64_t offset, uint32_t bytes);
    bool refine(Page& page, uint32_t shift);
    static bool conflicts(const Stamp& stamp, const RaceAccess& access);
    static void record(std::array<Stamp, 2>& stamps, const Stamp& stamp);

    uint64_t size_;
    RaceBudget* budget_;
    std::unique_ptr<std::unique_ptr<Page>[]> pages_;
    uint64_t taken_ = 0;
};

} // namespace halyard::interp
