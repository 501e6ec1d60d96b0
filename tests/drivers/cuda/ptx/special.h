// Special registers: %tid.x, %laneid and so on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace halyard::softcuda::ptx {

// clang-format off
enum class SpecialRegister : uint8_t {
    TidX, TidY, TidZ, NtidX, NtidY, NtidZ, CtaidX, CtaidY, CtaidZ, NctaidX, NctaidY, NctaidZ,
    LaneId, WarpId, NWarpId, SmId, NSmId, GridId, MaskEq, MaskLt, MaskLe, MaskGt, MaskGe,
    Clock, ClockHi, Clock64, GlobalTimer, GlobalTimerLo, GlobalTimerHi,
    TotalShared, AggregateShared, DynamicShared, ReservedBegin, ReservedEnd, ReservedCap,
    ClusterIdX, ClusterIdY, ClusterIdZ, NClusterIdX, NClusterIdY, NClusterIdZ,
    ClusterCtaidX, ClusterCtaidY, ClusterCtaidZ, ClusterNctaidX, ClusterNctaidY, ClusterNctaidZ,
    ClusterCtaRank, ClusterNctaRank, IsExplicitCluster, Zero
};
// clang-format on

// Nothing for a name that there is not. `*bits` is its width.
std::optional<SpecialRegister> findSpecial(const std::string& name, uint32_t* bits);

} // namespace halyard::softcuda::ptx
