// The counters behind hyInstanceGetCounters. Relaxed: each is a sum, and no order between them is promised.
#pragma once

#include <atomic>
#include <cstdint>

namespace halyard {

struct Counters {
    std::atomic<uint64_t> cacheHits{0}, cacheMisses{0}, cacheCorrupt{0}, cacheWrites{0};
    std::atomic<uint64_t> compiles{0}, compileFailures{0};
    std::atomic<uint64_t> workersStarted{0}, workersLost{0};
};

} // namespace halyard
