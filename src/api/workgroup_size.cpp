#include "api/workgroup_size.h"

#include <algorithm>
#include <bit>

namespace halyard {
namespace {

// The power of two up to `budget` that covers `extent`, or the budget.
uint32_t cover(uint32_t extent, uint32_t budget) {
    const uint32_t limit = std::bit_floor(std::max(budget, 1u));
    return extent >= limit ? limit : std::min(std::bit_ceil(std::max(extent, 1u)), limit);
}

} // namespace

HyDim3 chooseWorkgroupSize(HyDim3 global, uint32_t preferred, uint32_t maxInvocations, const uint32_t (&maxSize)[3]) {
    const uint32_t budget = std::max(std::min(preferred, maxInvocations), 1u);
    HyDim3 size{};
    size.x = cover(global.x, std::min(budget, maxSize[0]));
    size.y = cover(global.y, std::min(budget / size.x, maxSize[1]));
    size.z = cover(global.z, std::min(budget / size.x / size.y, maxSize[2]));
    return size;
}

} // namespace halyard
