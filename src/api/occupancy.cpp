// How work fits a device: occupancy, subgroup sizes, cooperative matrices.
#include "api/check.h"
#include "api/core.h"

namespace halyard {
namespace {

HyResult checkWorkgroup(const Kernel& kernel, HyDim3 size) {
    const HyDeviceProperties& limits = kernel.device->properties;
    const HyDim3 required = kernel.requiredSize;
    if (kernel.hasRequiredSize && (size.x != required.x || size.y != required.y || size.z != required.z)) {
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", "pass 0, 0, 0 for the required size",
                    "kernel '{}' requires workgroups of {} x {} x {}, not {} x {} x {}", kernel.info.name, required.x,
                    required.y, required.z, size.x, size.y, size.z);
    }
    uint64_t invocations = 0;
    // Zero wraps to the largest number, so one comparison refuses both ends.
    const bool fits = size.x - 1 < limits.maxWorkgroupSize[0] && size.y - 1 < limits.maxWorkgroupSize[1] &&
                      size.z - 1 < limits.maxWorkgroupSize[2] &&
                      !__builtin_mul_overflow(uint64_t{size.x} * size.y, uint64_t{size.z}, &invocations) &&
                      invocations <= kernel.maxInvocations;
    if (fits)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", "use a smaller workgroup, and 1 for unused dimensions",
                "a workgroup of {} x {} x {} cannot be launched on {}: the limits are {} x {} x {} and {} invocations "
                "for kernel '{}'",
                size.x, size.y, size.z, limits.selector, limits.maxWorkgroupSize[0], limits.maxWorkgroupSize[1],
                limits.maxWorkgroupSize[2], kernel.maxInvocations, kernel.info.name);
}

HyResult occupancy(const Kernel& kernel, HyDim3 size, uint64_t dynamicLocalBytes, HyOccupancy* outOccupancy) {
    constexpr uint64_t kAlignment = 128; // as arguments are placed: the strictest of the targets
    HY_TRY(requirePointer(outOccupancy, "outOccupancy"));
    const HyDeviceProperties& limits = kernel.device->properties;
    if ((limits.capabilities & HY_CAP_OCCUPANCY) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "kernel", "query HY_CAP_OCCUPANCY first",
                    "{} does not tell how many workgroups are active (HY_CAP_OCCUPANCY)", limits.selector);
    }
    const bool chooseSize = size.x == 0 && size.y == 0 && size.z == 0;
    const HyDim3 chosen = chooseSize ? kernel.suggestedSize : size;
    HY_TRY(checkWorkgroup(kernel, chosen));
    uint64_t local = kernel.info.staticLocalBytes;
    if (dynamicLocalBytes != 0 && kernel.module->format == HY_MODULE_FORMAT_SPIRV)
        local = (local + kAlignment - 1) / kAlignment * kAlignment;
    if (__builtin_add_overflow(local, dynamicLocalBytes, &local) || local > limits.maxLocalBytes) {
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "dynamicLocalBytes", "use less workgroup memory",
                    "kernel '{}' declares {} bytes of workgroup memory, and {} are to come; {} has {}",
                    kernel.info.name, kernel.info.staticLocalBytes, dynamicLocalBytes, limits.selector,
                    limits.maxLocalBytes);
    }
    HyOccupancy found{.structSize = sizeof found};
    HY_TRY(blameBackend(kernel.device->backend->name,
                        kernel.device->tables->module.getOccupancy(kernel.impl, chosen, local, &found)));
    return writeOut(outOccupancy, found, kOccupancyV1, "outOccupancy");
}

HyResult subgroupSizes(const Device& device, uint32_t capacity, uint32_t* sizes, uint32_t* outCount) {
    HY_TRY(requirePointer(outCount, "outCount"));
    if (capacity != 0)
        HY_TRY(requirePointer(sizes, "sizes"));
    uint32_t count = 0;
    const uint64_t largest = device.properties.subgroupSizeMax;
    for (uint64_t size = device.properties.subgroupSizeMin; size != 0 && size <= largest; size *= 2) {
        if (count < capacity)
            sizes[count] = static_cast<uint32_t>(size);
        ++count;
    }
    *outCount = count;
    return HY_SUCCESS;
}

HyResult matrixCount(const Device& device, uint32_t& outCount) {
    outCount = 0;
    if ((device.properties.capabilities & HY_CAP_COOPERATIVE_MATRIX) == 0)
        return HY_SUCCESS;
    return blameBackend(device.backend->name, device.tables->device.getCooperativeMatrixCount(
                                                  device.backend->context, device.properties.ordinal, &outCount));
}

HyResult matrix(const Device& device, uint32_t index, HyCooperativeMatrixInfo* outInfo) {
    HY_TRY(requirePointer(outInfo, "outInfo"));
    if ((device.properties.capabilities & HY_CAP_COOPERATIVE_MATRIX) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "device", "query HY_CAP_COOPERATIVE_MATRIX first",
                    "{} has no cooperative matrices (HY_CAP_COOPERATIVE_MATRIX)", device.properties.selector);
    }
    uint32_t count = 0;
    HY_TRY(matrixCount(device, count));
    if (index >= count) {
        return fail(HY_ERROR_NOT_FOUND, "index", "ask hyDeviceGetCooperativeMatrixCount first",
                    "{} lists no cooperative matrix {}; it lists {}", device.properties.selector, index, count);
    }
    HyCooperativeMatrixInfo info{.structSize = sizeof info};
    HY_TRY(blameBackend(device.backend->name, device.tables->device.getCooperativeMatrix(
                                                  device.backend->context, device.properties.ordinal, index, &info)));
    return writeOut(outInfo, info, kCooperativeMatrixInfoV1, "outInfo");
}

} // namespace

namespace core {

HyResult hyKernelGetOccupancy(HyKernel kernel, HyDim3 workgroupSize, uint64_t dynamicLocalBytes,
                              HyOccupancy* outOccupancy) {
    return onObject<Kernel>("hyKernelGetOccupancy", kernel, "kernel", [&](const Kernel& object) {
        return occupancy(object, workgroupSize, dynamicLocalBytes, outOccupancy);
    });
}

HyResult hyDeviceGetSubgroupSizes(HyDevice device, uint32_t capacity, uint32_t* sizes, uint32_t* outCount) {
    return onObject<Device>("hyDeviceGetSubgroupSizes", device, "device",
                            [&](const Device& object) { return subgroupSizes(object, capacity, sizes, outCount); });
}

HyResult hyDeviceGetCooperativeMatrixCount(HyDevice device, uint32_t* outCount) {
    return onObject<Device>("hyDeviceGetCooperativeMatrixCount", device, "device", [&](const Device& object) {
        HY_TRY(requirePointer(outCount, "outCount"));
        uint32_t count = 0;
        HY_TRY(matrixCount(object, count));
        *outCount = count;
        return HY_SUCCESS;
    });
}

HyResult hyDeviceGetCooperativeMatrix(HyDevice device, uint32_t index, HyCooperativeMatrixInfo* outInfo) {
    return onObject<Device>("hyDeviceGetCooperativeMatrix", device, "device",
                            [&](const Device& object) { return matrix(object, index, outInfo); });
}

} // namespace core
} // namespace halyard
