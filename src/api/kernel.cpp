#include "api/check.h"
#include "api/core.h"
#include "api/launch_path.h"
#include "api/workgroup_size.h"

#include <algorithm>
#include <bit>

namespace halyard {
namespace {

// The kinds are one list in the ABI and in the reflection.
static_assert(static_cast<uint32_t>(spv::ParameterKind::Value) == HY_PARAMETER_VALUE);
static_assert(static_cast<uint32_t>(spv::ParameterKind::GlobalPointer) == HY_PARAMETER_GLOBAL_POINTER);
static_assert(static_cast<uint32_t>(spv::ParameterKind::LocalPointer) == HY_PARAMETER_LOCAL_POINTER);
static_assert(static_cast<uint32_t>(spv::ParameterKind::PushConstants) == HY_PARAMETER_PUSH_CONSTANTS);

HyDim3 toDim3(const std::array<uint32_t, 3>& size) {
    return {size[0], size[1], size[2]};
}

void describeParameters(Kernel& kernel) {
    for (uint32_t i = 0; i < kernel.info.parameters.size(); ++i) {
        const spv::Parameter& parameter = kernel.info.parameters[i];
        kernel.parameters.push_back({.kind = static_cast<HyParameterKind>(parameter.kind),
                                     .bytes = parameter.size,
                                     .alignment = parameter.alignment,
                                     .offset = parameter.offset});
        kernel.hasLocalParameters |= parameter.kind == spv::ParameterKind::LocalPointer;
        if (parameter.kind == spv::ParameterKind::GlobalPointer && parameter.pointeeAlignment > 1)
            kernel.pointerChecks.push_back({i, parameter.pointeeAlignment - 1});
        if (parameter.needsLength) {
            kernel.lengthParameters.push_back(i);
            kernel.lengthOffsets.push_back(parameter.lengthOffset);
        }
    }
    kernel.parameterCount = static_cast<uint32_t>(kernel.parameters.size());
}

HyResult checkLimits(const Kernel& kernel) {
    const HyDeviceProperties& limits = kernel.device->properties;
    if (limits.maxArgumentBytes != 0 && kernel.info.argumentBytes > limits.maxArgumentBytes) {
        return fail(HY_ERROR_UNSUPPORTED, "name", "pass large structures through device memory",
                    "kernel '{}' takes {} bytes of arguments; {} allows {}", kernel.info.name,
                    kernel.info.argumentBytes, limits.selector, limits.maxArgumentBytes);
    }
    if (kernel.info.usesGridBarrier && (limits.capabilities & HY_CAP_COOPERATIVE_LAUNCH) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "name", "end the kernel where the grid has to meet, and launch another",
                    "kernel '{}' has a barrier of the whole grid, and {} has no cooperative launch "
                    "(HY_CAP_COOPERATIVE_LAUNCH)",
                    kernel.info.name, limits.selector);
    }
    if (kernel.lengthParameters.size() > Kernel::kMaxLengths) {
        return fail(HY_ERROR_UNSUPPORTED, "name", "ask for the lengths of fewer buffers",
                    "kernel '{}' measures {} runtime arrays; at most {} are supported", kernel.info.name,
                    kernel.lengthParameters.size(), Kernel::kMaxLengths);
    }
    const HyDim3 size = kernel.requiredSize;
    const uint64_t invocations = uint64_t{size.x} * size.y * size.z;
    if (kernel.hasRequiredSize &&
        (invocations > limits.maxWorkgroupInvocations || size.x > limits.maxWorkgroupSize[0] ||
         size.y > limits.maxWorkgroupSize[1] || size.z > limits.maxWorkgroupSize[2])) {
        return fail(HY_ERROR_UNSUPPORTED, "name", "build the kernel for a smaller workgroup",
                    "kernel '{}' requires a workgroup of {} x {} x {}; {} allows {} invocations", kernel.info.name,
                    size.x, size.y, size.z, limits.selector, limits.maxWorkgroupInvocations);
    }
    return HY_SUCCESS;
}

const spv::KernelInfo* findKernel(const ModuleState& state, std::string_view name) {
    const auto& kernels = state.reflection.kernels;
    const auto found =
        std::find_if(kernels.begin(), kernels.end(), [&](const auto& info) { return info.name == name; });
    return found != kernels.end() ? &*found : nullptr;
}

HyResult failNoKernel(const ModuleState& state, const char* name) {
    std::string list;
    for (const spv::KernelInfo& info : state.reflection.kernels)
        list += (list.empty() ? "" : ", ") + info.name;
    return fail(HY_ERROR_NOT_FOUND, "name", "use one of the names there are",
                "the module has no kernel '{}'; it has: {}", name, list.empty() ? "none" : list);
}

// The subgroup size that a kernel is made for: what it requires itself, else what the application asks for; 0: any.
HyResult chooseSubgroupSize(const Device& device, const spv::KernelInfo& info, uint32_t wanted, uint32_t& outSize) {
    constexpr const char* kArgument = "desc->requiredSubgroupSize";
    const HyDeviceProperties& limits = device.properties;
    outSize = info.requiredSubgroupSize;
    if (wanted == 0)
        return HY_SUCCESS;
    if ((limits.capabilities & HY_CAP_SUBGROUP_SIZE_CONTROL) == 0)
        return fail(HY_ERROR_UNSUPPORTED, kArgument, "query HY_CAP_SUBGROUP_SIZE_CONTROL first",
                    "{} chooses the subgroup size itself (HY_CAP_SUBGROUP_SIZE_CONTROL)", limits.selector);
    if (!std::has_single_bit(wanted) || wanted < limits.subgroupSizeMin || wanted > limits.subgroupSizeMax)
        return fail(HY_ERROR_INVALID_ARGUMENT, kArgument, "use one of the sizes of hyDeviceGetSubgroupSizes",
                    "a subgroup size of {} is asked for; {} has powers of two from {} to {}", wanted, limits.selector,
                    limits.subgroupSizeMin, limits.subgroupSizeMax);
    if (info.requiredSubgroupSize != 0 && info.requiredSubgroupSize != wanted)
        return fail(HY_ERROR_INVALID_ARGUMENT, kArgument, "pass 0, or what the kernel requires",
                    "a subgroup size of {} is asked for; kernel '{}' itself requires {}", wanted, info.name,
                    info.requiredSubgroupSize);
    if (info.requiredSubgroups != 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, kArgument, "pass 0",
                    "a subgroup size of {} is asked for; kernel '{}' itself requires {} subgroups a workgroup", wanted,
                    info.name, info.requiredSubgroups);
    outSize = wanted;
    return HY_SUCCESS;
}

HyResult create(const Module& module, const char* name, uint32_t subgroupSize, const char* argument,
                HyKernel* outKernel) {
    HY_TRY(requirePointer(name, argument));
    HY_TRY(requirePointer(outKernel, "outKernel"));
    const std::shared_ptr<ModuleState>& state = module.state;
    const spv::KernelInfo* info = findKernel(*state, name);
    if (info == nullptr)
        return failNoKernel(*state, name);
    if (info->refusal) {
        return setLastError({info->refusal->code, "name", info->refusal->message, info->refusal->hint, {}, {}, 0});
    }
    uint32_t requiredSubgroupSize = 0;
    HY_TRY(chooseSubgroupSize(*module.device, *info, subgroupSize, requiredSubgroupSize));
    if (subgroupSize != 0 && state->format != HY_MODULE_FORMAT_SPIRV)
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->requiredSubgroupSize", "pass 0",
                    "a subgroup size of {} is asked for; kernel '{}' is native code, compiled for its own",
                    subgroupSize, name);

    auto kernel = std::make_unique<Kernel>(state, *info);
    describeParameters(*kernel);
    kernel->requiredSize = toDim3(info->requiredWorkgroupSize);
    kernel->hasRequiredSize = kernel->requiredSize.x != 0;
    HY_TRY(checkLimits(*kernel));

    const Device& device = *kernel->device;
    const HyBackendKernelDesc desc = {.structSize = sizeof desc,
                                      .flags = 0,
                                      .next = nullptr,
                                      .name = info->name.c_str(),
                                      .parameters = kernel->parameters.data(),
                                      .parameterCount = kernel->parameterCount,
                                      .argumentBytes = info->argumentBytes,
                                      .requiredWorkgroupSize = kernel->requiredSize,
                                      .requiredSubgroupSize = requiredSubgroupSize,
                                      .staticLocalBytes = info->staticLocalBytes,
                                      .lengthOffsets = kernel->lengthOffsets.data(),
                                      .lengthCount = static_cast<uint32_t>(kernel->lengthOffsets.size()),
                                      .reserved = 0};
    HY_TRY(blameBackend(device.backend->name, device.tables->module.createKernel(state->impl, &desc, &kernel->impl)));
    HyBackendKernelInfo made{.structSize = sizeof made};
    HY_TRY(blameBackend(device.backend->name, device.tables->module.getKernelInfo(kernel->impl, &made)));
    kernel->maxInvocations = std::min(made.maxWorkgroupInvocations, device.properties.maxWorkgroupInvocations);
    kernel->subgroupSize = made.subgroupSize;
    kernel->suggestedSize = kernel->hasRequiredSize ? kernel->requiredSize : made.suggestedWorkgroupSize;
    prepareUsualLaunch(*kernel);

    return publish(std::move(kernel), outKernel);
}

uint32_t accessFlags(const spv::Parameter& parameter) {
    return (parameter.readOnly ? HY_PARAMETER_READ_ONLY : 0) | (parameter.writeOnly ? HY_PARAMETER_WRITE_ONLY : 0);
}

HyResult suggest(const Kernel& kernel, HyDim3 global, HyDim3* outSize) {
    HY_TRY(requirePointer(outSize, "outWorkgroupSize"));
    const uint64_t preferred = uint64_t{kernel.suggestedSize.x} * kernel.suggestedSize.y * kernel.suggestedSize.z;
    *outSize = kernel.hasRequiredSize
                   ? kernel.requiredSize
                   : chooseWorkgroupSize({std::max(global.x, 1u), std::max(global.y, 1u), std::max(global.z, 1u)},
                                         static_cast<uint32_t>(std::min<uint64_t>(preferred, UINT32_MAX)),
                                         kernel.maxInvocations, kernel.device->properties.maxWorkgroupSize);
    return HY_SUCCESS;
}

} // namespace

namespace core {

HyResult hyKernelCreate(HyModule module, const char* name, HyKernel* outKernel) {
    return onObject<Module>("hyKernelCreate", module, "module",
                            [&](const Module& object) { return create(object, name, 0, "name", outKernel); });
}

HyResult hyKernelCreateEx(HyModule module, const HyKernelDesc* desc, HyKernel* outKernel) {
    return onObject<Module>("hyKernelCreateEx", module, "module", [&](const Module& object) {
        HyKernelDesc known{};
        HY_TRY(readDesc(desc, known, kKernelDescV1, 0, "desc"));
        return create(object, known.name, known.requiredSubgroupSize, "desc->name", outKernel);
    });
}

HyResult hyKernelDestroy(HyKernel kernel) {
    return destroyObject<Kernel>("hyKernelDestroy", kernel, "kernel");
}

HyResult hyKernelGetInfo(HyKernel kernel, HyKernelInfo* outInfo) {
    return onObject<Kernel>("hyKernelGetInfo", kernel, "kernel", [&](const Kernel& object) {
        const HyKernelInfo info = {.structSize = sizeof info,
                                   .parameterCount = object.parameterCount,
                                   .name = object.info.name.c_str(),
                                   .requiredWorkgroupSize = object.requiredSize,
                                   .suggestedWorkgroupSize = object.suggestedSize,
                                   .maxWorkgroupInvocations = object.maxInvocations,
                                   .argumentBytes = object.info.argumentBytes,
                                   .staticLocalBytes = object.info.staticLocalBytes,
                                   .subgroupSize = object.subgroupSize,
                                   .flags = object.info.usesGridBarrier ? HY_KERNEL_GRID_BARRIER : 0};
        return writeOut(outInfo, info, kKernelInfoV1, "outInfo");
    });
}

HyResult hyKernelGetParameter(HyKernel kernel, uint32_t index, HyParameterInfo* outInfo) {
    return onObject<Kernel>("hyKernelGetParameter", kernel, "kernel", [&](const Kernel& object) {
        if (index >= object.parameterCount) {
            return fail(HY_ERROR_NOT_FOUND, "index", "ask hyKernelGetInfo for parameterCount",
                        "kernel '{}' has no parameter {}; it has {}", object.info.name, index, object.parameterCount);
        }
        const HyBackendParameter& parameter = object.parameters[index];
        const HyParameterInfo info = {.structSize = sizeof info,
                                      .kind = parameter.kind,
                                      .bytes = parameter.bytes,
                                      .alignment = parameter.alignment,
                                      .offset = parameter.offset,
                                      .flags = accessFlags(object.info.parameters[index]),
                                      .name = object.info.parameters[index].name.c_str()};
        return writeOut(outInfo, info, kParameterInfoV1, "outInfo");
    });
}

HyResult hyKernelSuggestWorkgroupSize(HyKernel kernel, HyDim3 globalSize, HyDim3* outWorkgroupSize) {
    return onObject<Kernel>("hyKernelSuggestWorkgroupSize", kernel, "kernel",
                            [&](const Kernel& object) { return suggest(object, globalSize, outWorkgroupSize); });
}

} // namespace core
} // namespace halyard
