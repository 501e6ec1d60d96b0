// The hot path of hyLaunchKernel, compiled into the entry point. Budget: under 150 instructions of the runtime and the
// backend together for a kernel with three arguments (halyard-bench launch --callgrind), no allocation and no lock.
//
// A launch is usual when a few comparisons with numbers that hyKernelCreate prepared show that no check could refuse
// it. Every other one takes the long way, which repeats all checks: nothing is decided here but that.
#pragma once

#include "api/object.h"
#include "graph/attention.h"

#include <bit>

namespace halyard {

// The long way.
HyResult launchKernel(HyStream stream, HyKernel kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                      uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount);
// Completes the record of a launch that the backend refused.
[[gnu::cold]] HyResult failUsualLaunch(const Stream& stream, HyResult result);
// Fills kernel.usual. REQUIRES: the rest of the kernel is complete.
void prepareUsualLaunch(Kernel& kernel);

inline bool fitsWorkgroup(const Kernel& kernel, HyDim3 size) {
    if (kernel.hasRequiredSize) {
        const HyDim3 required = kernel.requiredSize;
        return size.x == required.x && size.y == required.y && size.z == required.z;
    }
    const HyDeviceProperties& limits = kernel.device->properties;
    // Zero wraps to the largest number, so one comparison refuses both ends.
    return size.x - 1 < limits.maxWorkgroupSize[0] && size.y - 1 < limits.maxWorkgroupSize[1] &&
           size.z - 1 < limits.maxWorkgroupSize[2] && uint64_t{size.x} * size.y <= kernel.maxInvocations &&
           uint64_t{size.x} * size.y * size.z <= kernel.maxInvocations;
}

inline bool fitsGrid(const Kernel& kernel, HyDim3 groups) {
    const HyDeviceProperties& limits = kernel.device->properties;
    uint64_t total = 0;
    return groups.x - 1 < limits.maxWorkgroups[0] && groups.y - 1 < limits.maxWorkgroups[1] &&
           groups.z - 1 < limits.maxWorkgroups[2] &&
           !__builtin_mul_overflow(uint64_t{groups.x} * groups.y, uint64_t{groups.z}, &total) && total <= INT64_MAX;
}

// Whether y and z are those of `leastXY` and `z`, and x is one of the `count` numbers from that of `leastXY` on: the
// difference of two pairs whose high words differ is at least 2^32 - 1.
inline bool isAmong(const HyDim3& shape, uint64_t leastXY, uint32_t z, uint64_t count) {
    return (shape.x | uint64_t{shape.y} << 32) - leastXY < count && shape.z == z;
}

inline bool isUsualArgument(const void* const* args, uint32_t i, const UsualLaunch& usual) {
    static_assert(std::endian::native == std::endian::little); // the first byte of an address has its lowest bits
    const auto* value = static_cast<const uint8_t*>(args[i]);
    return value != nullptr && (*value & usual.addressMasks[i]) == 0;
}

// REQUIRES: argCount <= kMaxParameters.
inline bool areUsualArguments(const UsualLaunch& usual, const void* const* args, uint32_t argCount) {
    static_assert(UsualLaunch::kMaxParameters == 12);
    if (args == nullptr) [[unlikely]]
        return argCount == 0;
    switch (argCount) {
#define HY_USUAL_ARGUMENT(count)                                                                                       \
    case count:                                                                                                        \
        if (!isUsualArgument(args, count - 1, usual)) [[unlikely]]                                                     \
            return false;                                                                                              \
        [[fallthrough]];
        HY_USUAL_ARGUMENT(12)
        HY_USUAL_ARGUMENT(11)
        HY_USUAL_ARGUMENT(10)
        HY_USUAL_ARGUMENT(9)
        HY_USUAL_ARGUMENT(8)
        HY_USUAL_ARGUMENT(7)
        HY_USUAL_ARGUMENT(6)
        HY_USUAL_ARGUMENT(5)
        HY_USUAL_ARGUMENT(4)
        HY_USUAL_ARGUMENT(3)
        HY_USUAL_ARGUMENT(2)
        HY_USUAL_ARGUMENT(1)
#undef HY_USUAL_ARGUMENT
    case 0:
        return true;
    }
    __builtin_unreachable();
}

// A launch of a box, which takes a few instructions more than one of a row. Otherwise as launchUsual.
HyResult launchUsualBox(HyStream stream, HyKernel kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                        uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount);

template <bool kBoxes = false>
inline HyResult launchUsual(HyStream stream, HyKernel kernel, const HyDim3& workgroups, const HyDim3& workgroupSize,
                            uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount) {
    const HandleTable::View handles;
    void* found[2];
    if (handles.find(reinterpret_cast<uint64_t>(stream), ObjectType::Stream, found[0]) &&
        handles.find(reinterpret_cast<uint64_t>(kernel), ObjectType::Kernel, found[1])) [[likely]] {
        const auto& on = *static_cast<const Stream*>(found[0]);
        const auto& code = *static_cast<const Kernel*>(found[1]);
        const UsualLaunch& usual = code.usual;
        if ((dynamicLocalBytes | on.attention.load(std::memory_order_acquire) | usual.never) == 0 &&
            on.device == code.device && argCount == code.parameterCount && areUsualArguments(usual, args, argCount))
            [[likely]] {
            constexpr uint64_t kOneOne = 1 | uint64_t{1} << 32;
            const bool fits = kBoxes ? fitsWorkgroup(code, workgroupSize) && fitsGrid(code, workgroups)
                                     : isAmong(workgroupSize, usual.leastSizeXY, usual.sizeZ, usual.sizes) &&
                                           isAmong(workgroups, kOneOne, 1, usual.groups);
            if (fits) [[likely]] {
                const HyResult result =
                    on.tables->stream.launchArgs(on.impl, code.impl, &workgroups, &workgroupSize, args);
                return result >= 0 ? result : failUsualLaunch(on, result);
            }
            if constexpr (!kBoxes)
                return launchUsualBox(stream, kernel, workgroups, workgroupSize, dynamicLocalBytes, args, argCount);
        }
    }
    return launchKernel(stream, kernel, workgroups, workgroupSize, dynamicLocalBytes, args, argCount);
}

} // namespace halyard
