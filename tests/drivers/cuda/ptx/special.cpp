#include "special.h"

#include "grid.h"
#include "handlers.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace halyard::softcuda::ptx {
namespace {

using S = SpecialRegister;

constexpr std::pair<const char*, S> kWide[] = {{"%clock64", S::Clock64},
                                               {"%globaltimer", S::GlobalTimer},
                                               {"%gridid", S::GridId},
                                               {"%current_graph_exec", S::Zero}};
constexpr std::pair<const char*, S> kScalars[] = {
    {"%laneid", S::LaneId},
    {"%warpid", S::WarpId},
    {"%nwarpid", S::NWarpId},
    {"%smid", S::SmId},
    {"%nsmid", S::NSmId},
    {"%lanemask_eq", S::MaskEq},
    {"%lanemask_lt", S::MaskLt},
    {"%lanemask_le", S::MaskLe},
    {"%lanemask_gt", S::MaskGt},
    {"%lanemask_ge", S::MaskGe},
    {"%clock", S::Clock},
    {"%clock_hi", S::ClockHi},
    {"%globaltimer_lo", S::GlobalTimerLo},
    {"%globaltimer_hi", S::GlobalTimerHi},
    {"%total_smem_size", S::TotalShared},
    {"%aggr_smem_size", S::AggregateShared},
    {"%dynamic_smem_size", S::DynamicShared},
    {"%reserved_smem_offset_begin", S::ReservedBegin},
    {"%reserved_smem_offset_end", S::ReservedEnd},
    {"%reserved_smem_offset_cap", S::ReservedCap},
    {"%cluster_ctarank", S::ClusterCtaRank},
    {"%cluster_nctarank", S::ClusterNctaRank},
    {"%is_explicit_cluster", S::IsExplicitCluster},
};
constexpr std::pair<const char*, S> kVectors[] = {
    {"%tid", S::TidX},
    {"%ntid", S::NtidX},
    {"%ctaid", S::CtaidX},
    {"%nctaid", S::NctaidX},
    {"%clusterid", S::ClusterIdX},
    {"%nclusterid", S::NClusterIdX},
    {"%cluster_ctaid", S::ClusterCtaidX},
    {"%cluster_nctaid", S::ClusterNctaidX},
};

uint64_t nanoseconds() {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
}
uint64_t ticks() {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
}

uint64_t clusterValue(const Warp& warp, S what) {
    const auto& launch = warp.grid().launch;
    const auto index = warp.block().index();
    const auto& size = launch.cluster;
    const auto axis = [&](S first) { return static_cast<size_t>(what) - static_cast<size_t>(first); };
    if (what >= S::ClusterNctaidX && what <= S::ClusterNctaidZ)
        return size[axis(S::ClusterNctaidX)];
    if (what >= S::ClusterCtaidX && what <= S::ClusterCtaidZ)
        return index[axis(S::ClusterCtaidX)] % size[axis(S::ClusterCtaidX)];
    if (what >= S::NClusterIdX && what <= S::NClusterIdZ)
        return launch.grid[axis(S::NClusterIdX)] / size[axis(S::NClusterIdX)];
    if (what >= S::ClusterIdX && what <= S::ClusterIdZ)
        return index[axis(S::ClusterIdX)] / size[axis(S::ClusterIdX)];
    const uint32_t count = size[0] * size[1] * size[2];
    if (what == S::ClusterNctaRank)
        return count;
    if (what == S::IsExplicitCluster)
        return count > 1;
    return index[0] % size[0] + size[0] * (index[1] % size[1] + size[1] * (index[2] % size[2]));
}

// Of those that are the same for all lanes of a warp.
uint64_t uniformValue(const Warp& warp, S what) {
    const Grid& grid = warp.grid();
    const auto axis = [&](S first) { return static_cast<size_t>(what) - static_cast<size_t>(first); };
    const auto linear = warp.block().index();
    switch (what) {
    case S::NtidX:
    case S::NtidY:
    case S::NtidZ:
        return grid.launch.block[axis(S::NtidX)];
    case S::CtaidX:
    case S::CtaidY:
    case S::CtaidZ:
        return warp.block().index()[axis(S::CtaidX)];
    case S::NctaidX:
    case S::NctaidY:
    case S::NctaidZ:
        return grid.launch.grid[axis(S::NctaidX)];
    case S::WarpId:
        return warp.index();
    case S::NWarpId:
        return kWarp; // of the processor: 1024 threads
    case S::SmId:
        return (linear[0] + uint64_t(grid.launch.grid[0]) * (linear[1] + uint64_t(grid.launch.grid[1]) * linear[2])) %
               16;
    case S::NSmId:
        return 16;
    case S::GridId:
        return grid.id;
    case S::Clock:
        return ticks() & 0xFFFFFFFF;
    case S::ClockHi:
        return ticks() >> 32;
    case S::Clock64:
        return ticks();
    case S::GlobalTimer:
        return nanoseconds();
    case S::GlobalTimerLo:
        return nanoseconds() & 0xFFFFFFFF;
    case S::GlobalTimerHi:
        return nanoseconds() >> 32;
    case S::TotalShared:
    case S::AggregateShared:
        return grid.sharedEnd - grid.sharedBegin;
    case S::DynamicShared:
        return grid.launch.dynamicSharedBytes;
    case S::ReservedBegin:
        return 0;
    case S::ReservedEnd:
    case S::ReservedCap:
        return grid.program.reservedShared();
    case S::Zero:
        return 0;
    default:
        return clusterValue(warp, what);
    }
}

uint64_t laneValue(S what, uint32_t lane) {
    const uint32_t bit = 1u << lane;
    switch (what) {
    case S::LaneId:
        return lane;
    case S::MaskEq:
        return bit;
    case S::MaskLt:
        return bit - 1;
    case S::MaskLe:
        return bit - 1 + bit;
    case S::MaskGt:
        return ~(bit - 1 + bit);
    default:
        return ~(bit - 1);
    }
}

} // namespace

std::optional<SpecialRegister> findSpecial(const std::string& name, uint32_t* bits) {
    *bits = 32;
    for (const auto& [known, value] : kScalars)
        if (name == known)
            return value;
    for (const auto& [known, value] : kWide)
        if (name == known) {
            *bits = 64;
            return value;
        }
    if (name.starts_with("%envreg"))
        return S::Zero;
    const size_t dot = name.find('.');
    if (dot == std::string::npos || dot + 2 != name.size())
        return std::nullopt;
    const char axis = name[dot + 1];
    if (axis < 'x' || axis > 'z')
        return std::nullopt;
    for (const auto& [known, first] : kVectors)
        if (name.compare(0, dot, known) == 0)
            return static_cast<S>(static_cast<uint32_t>(first) + static_cast<uint32_t>(axis - 'x'));
    return std::nullopt;
}

namespace handlers {

Step special(Warp& warp, const Op& op, uint32_t mask) {
    const auto what = static_cast<S>(op.target);
    uint64_t* to = warp.destination(op, 0);
    if (what <= S::TidZ) {
        const uint64_t* from = warp.tid[op.target];
        eachLane(mask, [&](uint32_t lane) { to[lane] = from[lane]; });
    } else if (what == S::LaneId || (what >= S::MaskEq && what <= S::MaskGe)) {
        eachLane(mask, [&](uint32_t lane) { to[lane] = laneValue(what, lane); });
    } else {
        const uint64_t value = uniformValue(warp, what);
        eachLane(mask, [&](uint32_t lane) { to[lane] = value; });
    }
    return Step::Next;
}

} // namespace handlers
} // namespace halyard::softcuda::ptx
