#include "api/native_module.h"

#include "api/check.h"

#include <algorithm>
#include <fmt/format.h>

namespace halyard {
namespace {

struct NativeFormat {
    HyModuleFormat format;
    HyCapabilities capability;
    const char* plural;
};

constexpr NativeFormat kNativeFormats[] = {
    {HY_MODULE_FORMAT_PTX, HY_CAP_MODULE_PTX, "PTX"},
    {HY_MODULE_FORMAT_CUBIN, HY_CAP_MODULE_CUBIN, "cubins"},
    {HY_MODULE_FORMAT_FATBIN, HY_CAP_MODULE_FATBIN, "CUDA fat binaries"},
};

spv::KernelInfo describeKernel(const HyBackendKernelInterface& from) {
    spv::KernelInfo info;
    info.name = from.name;
    for (uint32_t i = 0; i < from.parameterCount; ++i) {
        spv::Parameter parameter;
        parameter.kind = static_cast<spv::ParameterKind>(from.parameters[i].kind);
        parameter.size = from.parameters[i].bytes;
        parameter.alignment = from.parameters[i].alignment;
        parameter.offset = from.parameters[i].offset;
        info.parameters.push_back(std::move(parameter));
    }
    info.argumentBytes = from.argumentBytes;
    info.requiredWorkgroupSize = {from.requiredWorkgroupSize.x, from.requiredWorkgroupSize.y,
                                  from.requiredWorkgroupSize.z};
    info.staticLocalBytes = from.staticLocalBytes;
    return info;
}

std::string compareParameters(const spv::KernelInfo& portable, const spv::KernelInfo& native) {
    if (portable.parameters.size() != native.parameters.size())
        return fmt::format("its kernel '{}' has {} parameters, the SPIR-V's {}", native.name, native.parameters.size(),
                           portable.parameters.size());
    for (size_t i = 0; i < native.parameters.size(); ++i) {
        const spv::Parameter& parameter = portable.parameters[i];
        if (parameter.kind == spv::ParameterKind::LocalPointer)
            return fmt::format("parameter {} of kernel '{}' is a Workgroup pointer, which native code has not", i,
                               native.name);
        if (parameter.needsLength)
            return fmt::format("kernel '{}' measures the buffer of parameter {}, which native code cannot", native.name,
                               i);
        if (parameter.size != native.parameters[i].size)
            return fmt::format("parameter {} of its kernel '{}' has {} bytes, the SPIR-V's {}", i, native.name,
                               native.parameters[i].size, parameter.size);
    }
    return {};
}

} // namespace

bool takesNative(const Device& device, HyModuleFormat format) {
    return std::any_of(std::begin(kNativeFormats), std::end(kNativeFormats), [&](const NativeFormat& known) {
        return known.format == format && (device.properties.capabilities & known.capability) != 0;
    });
}

std::string takenFormats(const Device& device) {
    const HyCapabilities capabilities = device.properties.capabilities;
    std::string list;
    if ((capabilities & (HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE)) != 0)
        list = "SPIR-V, ";
    for (const NativeFormat& known : kNativeFormats) {
        if ((capabilities & known.capability) != 0)
            list.append(known.plural).append(", ");
    }
    return list + "and fat files with one of these inside";
}

HyResult loadNative(Device& device, HyModuleFormat format, std::span<const std::byte> data, uint32_t flags,
                    std::shared_ptr<ModuleState>& out) {
    auto state = std::make_shared<ModuleState>(&device);
    state->format = format;
    state->native.assign(data.begin(), data.end());
    const HyBackendModuleDesc desc = {.structSize = sizeof desc,
                                      .flags = flags,
                                      .next = nullptr,
                                      .format = format,
                                      .reserved = 0,
                                      .data = state->native.data(),
                                      .dataBytes = state->native.size(),
                                      .spirvDigest = nullptr};
    const std::string& backend = device.backend->name;
    HY_TRY(blameBackend(backend, device.tables->module.load(device.impl, &desc, &state->impl)));
    uint32_t count = 0;
    HY_TRY(blameBackend(backend, device.tables->module.getKernelCount(state->impl, &count)));
    for (uint32_t i = 0; i < count; ++i) {
        HyBackendKernelInterface found{.structSize = sizeof found};
        HY_TRY(blameBackend(backend, device.tables->module.getKernelInterface(state->impl, i, &found)));
        state->reflection.kernels.push_back(describeKernel(found));
    }
    out = std::move(state);
    return HY_SUCCESS;
}

std::string adoptInterface(ModuleState& native, const spv::Reflection& portable) {
    std::vector<spv::KernelInfo>& kernels = native.reflection.kernels;
    std::vector<spv::KernelInfo> adopted = kernels;
    for (const spv::KernelInfo& info : portable.kernels) {
        if (info.refusal)
            continue;
        const auto found =
            std::find_if(adopted.begin(), adopted.end(), [&](const auto& kernel) { return kernel.name == info.name; });
        if (found == adopted.end())
            return fmt::format("it has no kernel '{}', which the SPIR-V has", info.name);
        if (std::string difference = compareParameters(info, *found); !difference.empty())
            return difference;
        const uint64_t staticLocalBytes = found->staticLocalBytes;
        *found = info;
        found->staticLocalBytes = staticLocalBytes;
    }
    kernels = std::move(adopted);
    return {};
}

} // namespace halyard
