#include "module.h"

#include "handles.h"
#include "kernel.h"
#include "tables.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace halyard::reference {

const spv::KernelInfo* Module::find(std::string_view name) const {
    const auto found = std::find_if(reflection_.kernels.begin(), reflection_.kernels.end(),
                                    [&](const spv::KernelInfo& kernel) { return kernel.name == name; });
    return found != reflection_.kernels.end() ? &*found : nullptr;
}

namespace {

HyResult load(HyBackendDevice handle, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    const Host& host = device->host();
    return guarded(host, [&] {
        if (desc->format != HY_MODULE_FORMAT_SPIRV)
            return host.fail({HY_ERROR_UNSUPPORTED, "the reference device interprets SPIR-V and takes nothing else",
                              "load the SPIR-V that the module was compiled from"},
                             "desc.data");
        auto parsed = spv::Module::parse(
            {static_cast<const uint32_t*>(desc->data), static_cast<size_t>(desc->dataBytes / sizeof(uint32_t))});
        if (!parsed)
            return host.fail(parsed.error(), "desc.data");
        auto reflection = spv::reflect(*parsed);
        if (!reflection)
            return host.fail(reflection.error(), "desc.data");
        *outModule =
            toHandle<HyBackendModule>(std::make_shared<Module>(device, std::move(*parsed), std::move(*reflection)));
        return HY_SUCCESS;
    });
}

HyResult unload(HyBackendModule handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult createKernel(HyBackendModule handle, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel) {
    const std::shared_ptr<Module>& module = fromHandle(handle);
    const Host& host = module->device().host();
    return guarded(host, [&] {
        const spv::KernelInfo* info = module->find(desc->name);
        if (info == nullptr)
            return host.fail({HY_ERROR_NOT_FOUND, fmt::format("the module has no kernel '{}'", desc->name), ""},
                             "name");
        auto kernel = Kernel::create(module, *info, desc->requiredSubgroupSize);
        if (!kernel)
            return host.fail(kernel.error());
        *outKernel = toHandle<HyBackendKernel>(std::move(*kernel));
        return HY_SUCCESS;
    });
}

HyResult destroyKernel(HyBackendKernel handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult getKernelInfo(HyBackendKernel handle, HyBackendKernelInfo* outInfo) {
    const HyBackendKernelInfo info = fromHandle(handle)->info();
    const uint32_t structSize = outInfo->structSize;
    std::memcpy(outInfo, &info, std::min<size_t>(structSize, sizeof info));
    outInfo->structSize = structSize;
    return HY_SUCCESS;
}

HyResult getOccupancy(HyBackendKernel handle, HyDim3 workgroupSize, uint64_t localBytes, HyOccupancy* outOccupancy) {
    const std::shared_ptr<Kernel>& kernel = fromHandle(handle);
    return guarded(kernel->host(), [&] {
        const spv::Result<HyOccupancy> found = kernel->occupancy(workgroupSize, localBytes);
        if (!found)
            return kernel->host().fail(found.error(), "workgroupSize");
        const uint32_t structSize = outOccupancy->structSize;
        std::memcpy(outOccupancy, &*found, std::min<size_t>(structSize, sizeof *found));
        outOccupancy->structSize = structSize;
        return HY_SUCCESS;
    });
}

} // namespace

const HyBackendModuleTable kModuleTable{
    .structSize = sizeof(HyBackendModuleTable),
    .load = load,
    .unload = unload,
    .createKernel = createKernel,
    .destroyKernel = destroyKernel,
    .getKernelInfo = getKernelInfo,
    .getOccupancy = getOccupancy,
};

} // namespace halyard::reference
