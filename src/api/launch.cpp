// Launches that need a closer look than the usual ones (api/launch_path.h), with every check in its order and words for
// what it finds. No allocation, at most one lock.
#include "api/check.h"
#include "api/core.h"
#include "api/launch_check.h"
#include "api/launch_path.h"
#include "graph/attention.h"

#include <algorithm>
#include <array>

namespace halyard {
namespace {

[[gnu::cold]] HyResult failArgumentCount(const Kernel& kernel, uint32_t argCount) {
    return fail(HY_ERROR_INVALID_KERNEL_ARGS, "argCount",
                "pass one pointer per parameter; hyKernelGetParameter describes them",
                "kernel '{}' takes {} arguments, {} given", kernel.info.name, kernel.parameterCount, argCount);
}

[[gnu::cold]] HyResult failNullArgument(const Kernel& kernel, const void* const* args) {
    if (args == nullptr) {
        return fail(HY_ERROR_INVALID_KERNEL_ARGS, "args", "pass an array of pointers to the values",
                    "args is null, and kernel '{}' takes {} arguments", kernel.info.name, kernel.parameterCount);
    }
    uint32_t index = 0;
    while (args[index] != nullptr)
        ++index;
    return fail(HY_ERROR_INVALID_KERNEL_ARGS, "args",
                "every entry points to the argument's value; a null device pointer is a value of 0",
                "args[{}] ({}) of kernel '{}' is null", index, kernel.info.parameters[index].name, kernel.info.name);
}

[[gnu::cold]] HyResult failWorkgroupSize(const Kernel& kernel, HyDim3 size) {
    if (size.x == 0 || size.y == 0 || size.z == 0) {
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", "use 1 for dimensions that are not needed",
                    "workgroupSize is {} x {} x {}", size.x, size.y, size.z);
    }
    if (kernel.hasRequiredSize) {
        const HyDim3 required = kernel.requiredSize;
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", "launch with the required size (hyKernelGetInfo)",
                    "kernel '{}' requires workgroups of {} x {} x {}, not {} x {} x {}", kernel.info.name, required.x,
                    required.y, required.z, size.x, size.y, size.z);
    }
    const HyDeviceProperties& limits = kernel.device->properties;
    return fail(
        HY_ERROR_INVALID_LAUNCH_SIZE, "workgroupSize", "use a smaller workgroup (hyKernelSuggestWorkgroupSize)",
        "a workgroup of {} x {} x {} is above the limits of {}: {} x {} x {} and {} invocations for kernel '{}'",
        size.x, size.y, size.z, limits.selector, limits.maxWorkgroupSize[0], limits.maxWorkgroupSize[1],
        limits.maxWorkgroupSize[2], kernel.maxInvocations, kernel.info.name);
}

[[gnu::cold]] HyResult failGrid(const Kernel& kernel, HyDim3 groups) {
    if (groups.x == 0 || groups.y == 0 || groups.z == 0) {
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups",
                    "use 1 for dimensions that are not needed, and do not launch empty grids",
                    "workgroups is {} x {} x {}", groups.x, groups.y, groups.z);
    }
    const HyDeviceProperties& limits = kernel.device->properties;
    return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "workgroups", "launch several smaller grids",
                "{} x {} x {} workgroups is above the limits of {}: {} x {} x {} and 2^63 in all", groups.x, groups.y,
                groups.z, limits.selector, limits.maxWorkgroups[0], limits.maxWorkgroups[1], limits.maxWorkgroups[2]);
}

[[gnu::cold]] HyResult failDevice(const Device& device, const Kernel& kernel) {
    return fail(HY_ERROR_UNSUPPORTED, "kernel", "load the module on the stream's device",
                "kernel '{}' belongs to {}, the stream to {}", kernel.info.name, kernel.device->properties.selector,
                device.properties.selector);
}

// Native kernels alone have an unnamed block.
[[gnu::noinline]] HyResult checkDynamicLocal(const Kernel& kernel, uint32_t bytes) {
    if (kernel.module->format != HY_MODULE_FORMAT_SPIRV) {
        const uint64_t limit = kernel.device->properties.maxLocalBytes;
        if (kernel.info.staticLocalBytes <= limit && bytes <= limit - kernel.info.staticLocalBytes)
            return HY_SUCCESS;
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "dynamicLocalBytes", "use less workgroup memory",
                    "kernel '{}' declares {} bytes of workgroup memory, and dynamicLocalBytes is {}; {} has {}",
                    kernel.info.name, kernel.info.staticLocalBytes, bytes, kernel.device->properties.selector, limit);
    }
    return fail(HY_ERROR_INVALID_ARGUMENT, "dynamicLocalBytes",
                "give the bytes as the argument of the Workgroup pointer parameter",
                "dynamicLocalBytes is {}, and a SPIR-V kernel has no unnamed block of workgroup memory", bytes);
}

// The value of an argument that is 8 bytes wide, wherever it lies.
uint64_t readArgument(const Kernel& kernel, const HyBackendLaunch& launch, uint32_t index) {
    const void* source = launch.args != nullptr
                             ? launch.args[index]
                             : static_cast<const std::byte*>(launch.packedArgs) + kernel.parameters[index].offset;
    uint64_t value = 0;
    std::memcpy(&value, source, sizeof value);
    return value;
}

[[gnu::cold]] HyResult failAlignment(const Kernel& kernel, const HyBackendLaunch& launch, Kernel::PointerCheck check) {
    return fail(HY_ERROR_MISALIGNED, "args", "pass an address that is a multiple of the size of the kernel's type",
                "args[{}] of kernel '{}' is {:#x}, which is not a multiple of {}", check.parameter, kernel.info.name,
                readArgument(kernel, launch, check.parameter), check.mask + 1);
}

// Code loads vectors by instructions that fault on an address which is not aligned as its type says.
inline HyResult checkAlignment(const Kernel& kernel, const HyBackendLaunch& launch) {
    for (const Kernel::PointerCheck check : kernel.pointerChecks) {
        if ((readArgument(kernel, launch, check.parameter) & check.mask) != 0) [[unlikely]]
            return failAlignment(kernel, launch, check);
    }
    return HY_SUCCESS;
}

// Workgroup memory: what the kernel declares and what its Workgroup pointer arguments ask for, each rounded up as
// targets place them.
[[gnu::noinline]] HyResult checkLocalMemory(const Kernel& kernel, const HyBackendLaunch& launch) {
    constexpr uint64_t kAlignment = 128; // src/jit/host_kernel_abi.h; the strictest of the targets
    const uint64_t limit = kernel.device->properties.maxLocalBytes;
    uint64_t total = kernel.info.staticLocalBytes;
    for (uint32_t i = 0; i < kernel.parameterCount && total <= limit; ++i) {
        if (kernel.parameters[i].kind != HY_PARAMETER_LOCAL_POINTER)
            continue;
        const uint64_t bytes = readArgument(kernel, launch, i);
        total = (total + kAlignment - 1) / kAlignment * kAlignment;
        total = bytes > limit ? bytes : total + bytes;
    }
    if (total <= limit)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "args", "use less workgroup memory",
                "kernel '{}' needs {} bytes of workgroup memory; {} has {}", kernel.info.name, total,
                kernel.device->properties.selector, limit);
}

HyResult failNotCooperative(const Kernel& kernel) {
    return fail(
        HY_ERROR_INVALID_ARGUMENT, "kernel", "launch it by hyLaunchKernelEx with HY_LAUNCH_COOPERATIVE",
        "kernel '{}' has a barrier of the whole grid, so all of its workgroups must run at once, and this launch "
        "is not cooperative",
        kernel.info.name);
}

} // namespace

void findLengths(const Kernel& kernel, const HyBackendLaunch& launch, uint64_t* lengths) {
    for (size_t i = 0; i < kernel.lengthParameters.size(); ++i) {
        const HyDevicePtr address = readArgument(kernel, launch, kernel.lengthParameters[i]);
        const AddressMap& addresses = kernel.instance->addresses;
        const Located located = addresses.locate(address);
        const bool live = located.kind == Located::Kind::Live;
        if (live && located.range.kind == HY_MEMORY_VIRTUAL) [[unlikely]]
            lengths[i] = addresses.reach(address, UINT64_MAX, HY_ACCESS_READ);
        else
            lengths[i] = live ? located.range.bytesFrom(address) : 0;
    }
}

namespace {

inline HyResult dispatch(const Stream& stream, const Kernel& kernel, const HyBackendLaunch& launch) {
    const HyResult result = stream.tables->stream.launch(stream.impl, kernel.impl, &launch);
    return result < 0 ? blameBackend(stream.device->backend->name, result) : result;
}

[[gnu::noinline]] HyResult submitWithLengths(const Stream& stream, const Kernel& kernel, HyBackendLaunch& launch) {
    std::array<uint64_t, Kernel::kMaxLengths> lengths;
    findLengths(kernel, launch, lengths.data());
    launch.bufferLengths = lengths.data();
    return dispatch(stream, kernel, launch);
}

// Checks that do not concern how arguments are passed.
inline HyResult check(const Device& device, const Kernel& kernel, const HyBackendLaunch& launch) {
    if (kernel.device != &device) [[unlikely]]
        return failDevice(device, kernel);
    if (!fitsWorkgroup(kernel, launch.workgroupSize)) [[unlikely]]
        return failWorkgroupSize(kernel, launch.workgroupSize);
    if (!fitsGrid(kernel, launch.workgroups)) [[unlikely]]
        return failGrid(kernel, launch.workgroups);
    if (launch.dynamicLocalBytes != 0) [[unlikely]]
        HY_TRY(checkDynamicLocal(kernel, launch.dynamicLocalBytes));
    HY_TRY(checkAlignment(kernel, launch));
    if (kernel.hasLocalParameters || kernel.info.staticLocalBytes != 0)
        HY_TRY(checkLocalMemory(kernel, launch));
    if (kernel.info.usesGridBarrier && (launch.flags & HY_LAUNCH_COOPERATIVE) == 0) [[unlikely]]
        return failNotCooperative(kernel);
    return HY_SUCCESS;
}

inline HyResult submit(const Stream& stream, Kernel& kernel, HyBackendLaunch& launch) {
    HY_TRY(check(*stream.device, kernel, launch));
    if (graph::needsAttention(stream)) [[unlikely]] {
        if (const graph::Taken taken = graph::takeLaunch(stream, kernel, launch))
            return *taken;
    }
    if (!kernel.lengthParameters.empty())
        return submitWithLengths(stream, kernel, launch);
    return dispatch(stream, kernel, launch);
}

inline HyResult checkArguments(const Kernel& kernel, const void* const* args, uint32_t argCount) {
    if (argCount != kernel.parameterCount) [[unlikely]]
        return failArgumentCount(kernel, argCount);
    if (argCount != 0 && args == nullptr) [[unlikely]]
        return failNullArgument(kernel, args);
    for (uint32_t i = 0; i < argCount; ++i) {
        if (args[i] == nullptr) [[unlikely]]
            return failNullArgument(kernel, args);
    }
    return HY_SUCCESS;
}

HyResult checkPacked(const Kernel& kernel, const HyLaunchDesc& desc) {
    if (desc.args != nullptr) {
        return fail(HY_ERROR_INVALID_KERNEL_ARGS, "desc->packedArgs", "pass either args or packedArgs",
                    "both args and packedArgs are given");
    }
    if (desc.packedArgBytes != kernel.info.argumentBytes) {
        return fail(HY_ERROR_INVALID_KERNEL_ARGS, "desc->packedArgBytes", "pass HyKernelInfo::argumentBytes bytes",
                    "packedArgBytes is {}; kernel '{}' has {}", desc.packedArgBytes, kernel.info.name,
                    kernel.info.argumentBytes);
    }
    return HY_SUCCESS;
}

HyResult checkShape(const Kernel& kernel, const HyLaunchDesc& desc) {
    const HyDeviceProperties& device = kernel.device->properties;
    if ((desc.flags & HY_LAUNCH_COOPERATIVE) != 0 && (device.capabilities & HY_CAP_COOPERATIVE_LAUNCH) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "desc->flags", "query HY_CAP_COOPERATIVE_LAUNCH first",
                    "{} has no cooperative launch (HY_CAP_COOPERATIVE_LAUNCH)", device.selector);
    }
    const HyDim3 cluster = desc.clusterSize;
    if ((cluster.x > 1 || cluster.y > 1 || cluster.z > 1) && (device.capabilities & HY_CAP_CLUSTERS) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "desc->clusterSize", "query HY_CAP_CLUSTERS first",
                    "{} has no clusters (HY_CAP_CLUSTERS)", device.selector);
    }
    const auto divides = [](uint32_t size, uint32_t count) { return count % std::max(size, 1u) == 0; };
    const HyDim3 grid = desc.workgroups;
    if (!divides(cluster.x, grid.x) || !divides(cluster.y, grid.y) || !divides(cluster.z, grid.z)) {
        return fail(HY_ERROR_INVALID_LAUNCH_SIZE, "desc->clusterSize", "launch whole clusters",
                    "clusters of {} x {} x {} workgroups do not divide {} x {} x {}", cluster.x, cluster.y, cluster.z,
                    grid.x, grid.y, grid.z);
    }
    return HY_SUCCESS;
}

HyResult launchEx(const HyLaunchDesc* in) {
    HyLaunchDesc desc{};
    HY_TRY(readDesc(in, desc, kLaunchDescV1, HY_LAUNCH_COOPERATIVE, "desc"));
    HyResult result = HY_SUCCESS;
    const auto* stream = resolve<Stream>(desc.stream, "desc->stream", result);
    auto* kernel = stream != nullptr ? resolve<Kernel>(desc.kernel, "desc->kernel", result) : nullptr;
    if (kernel == nullptr)
        return result;
    HyBackendLaunch launch{};
    HY_TRY(describeLaunch(*kernel, desc, launch));
    return submit(*stream, *kernel, launch);
}

} // namespace

HyResult describeLaunch(const Kernel& kernel, const HyLaunchDesc& desc, HyBackendLaunch& out) {
    HY_TRY(checkShape(kernel, desc));
    if (desc.packedArgs != nullptr)
        HY_TRY(checkPacked(kernel, desc));
    else
        HY_TRY(checkArguments(kernel, desc.args, desc.argCount));
    const bool chooseSize = desc.workgroupSize.x == 0 && desc.workgroupSize.y == 0 && desc.workgroupSize.z == 0;
    const HyDim3 cluster = desc.clusterSize;
    out = {
        .structSize = sizeof out,
        .flags = desc.flags,
        .workgroups = desc.workgroups,
        .workgroupSize = chooseSize ? kernel.suggestedSize : desc.workgroupSize,
        .dynamicLocalBytes = desc.dynamicLocalBytes,
        .argCount = kernel.parameterCount,
        .args = desc.packedArgs != nullptr ? nullptr : desc.args,
        .packedArgs = desc.packedArgs,
        .bufferLengths = nullptr,
        .clusterSize = {std::max(cluster.x, 1u), std::max(cluster.y, 1u), std::max(cluster.z, 1u)},
        .reserved = 0,
    };
    return HY_SUCCESS;
}

HyResult checkLaunch(const Device& device, const Kernel& kernel, const HyBackendLaunch& launch) {
    return check(device, kernel, launch);
}

namespace {
constexpr const char* kCall = "hyLaunchKernel";
}

HyResult launchKernel(HyStream stream, HyKernel kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                      uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount) {
    HyResult result = HY_SUCCESS;
    const auto* onStream = resolve<Stream>(stream, "stream", result);
    auto* code = onStream != nullptr ? resolve<Kernel>(kernel, "kernel", result) : nullptr;
    if (code == nullptr) [[unlikely]]
        return finishFailure(kCall, "", result);
    result = checkArguments(*code, args, argCount);
    if (result < 0) [[unlikely]]
        return finishFailure(kCall, "", result);
    HyBackendLaunch launch = {.structSize = sizeof launch,
                              .flags = 0,
                              .workgroups = workgroups,
                              .workgroupSize = workgroupSize,
                              .dynamicLocalBytes = dynamicLocalBytes,
                              .argCount = argCount,
                              .args = args,
                              .packedArgs = nullptr,
                              .bufferLengths = nullptr,
                              .clusterSize = {1, 1, 1},
                              .reserved = 0};
    result = submit(*onStream, *code, launch);
    if (result < 0) [[unlikely]]
        return finishFailure(kCall, "", result);
    return result;
}

HyResult launchUsualBox(HyStream stream, HyKernel kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                        uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount) {
    return launchUsual<true>(stream, kernel, workgroups, workgroupSize, dynamicLocalBytes, args, argCount);
}

HyResult failUsualLaunch(const Stream& stream, HyResult result) {
    return finishFailure(kCall, stream.device->backend->name, result);
}

void prepareUsualLaunch(Kernel& kernel) {
    const HyDeviceProperties& limits = kernel.device->properties;
    UsualLaunch& usual = kernel.usual;
    if (!kernel.device->tables->launchesArgs || kernel.parameterCount > UsualLaunch::kMaxParameters ||
        kernel.hasLocalParameters || kernel.info.staticLocalBytes > limits.maxLocalBytes ||
        kernel.info.usesGridBarrier || !kernel.lengthParameters.empty())
        return;
    for (const Kernel::PointerCheck check : kernel.pointerChecks) {
        if (check.mask > UINT8_MAX)
            return;
        usual.addressMasks[check.parameter] = static_cast<uint8_t>(check.mask);
    }
    const HyDim3 least = kernel.hasRequiredSize ? kernel.requiredSize : HyDim3{1, 1, 1};
    usual.leastSizeXY = least.x | uint64_t{least.y} << 32;
    usual.sizeZ = least.z;
    usual.sizes = kernel.hasRequiredSize ? 1 : std::min(limits.maxWorkgroupSize[0], kernel.maxInvocations);
    usual.groups = limits.maxWorkgroups[0];
    usual.never = 0;
}

namespace core {

HyResult hyLaunchKernel(HyStream stream, HyKernel kernel, HyDim3 workgroups, HyDim3 workgroupSize,
                        uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount) {
    return launchUsual(stream, kernel, workgroups, workgroupSize, dynamicLocalBytes, args, argCount);
}

HyResult hyLaunchKernelEx(const HyLaunchDesc* desc) {
    return enter("hyLaunchKernelEx", [&] { return launchEx(desc); });
}

} // namespace core
} // namespace halyard
