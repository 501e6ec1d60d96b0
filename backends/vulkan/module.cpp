#include "module.h"

#include "handles.h"
#include "kernel.h"
#include "tables.h"

#include <algorithm>
#include <cstring>

namespace halyard::vulkan {
namespace {

HyResult load(HyBackendDevice handle, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        if (desc->format != HY_MODULE_FORMAT_SPIRV)
            throw Failure{HY_ERROR_UNSUPPORTED, "a Vulkan device takes SPIR-V and nothing else",
                          "load the SPIR-V that the module was compiled from", "desc.data"};
        *outModule = toHandle<HyBackendModule>(std::make_shared<Module>(device, *desc));
        return HY_SUCCESS;
    });
}

HyResult unload(HyBackendModule handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult createKernel(HyBackendModule handle, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel) {
    const std::shared_ptr<Module>& module = fromHandle(handle);
    return guarded(module->device()->host(), [&] {
        HyResult failed = HY_SUCCESS;
        std::shared_ptr<Kernel> kernel = Kernel::create(module, *desc, failed);
        if (kernel == nullptr)
            return failed;
        *outKernel = toHandle<HyBackendKernel>(std::move(kernel));
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

} // namespace

const HyBackendModuleTable kModuleTable{
    .structSize = sizeof(HyBackendModuleTable),
    .load = load,
    .unload = unload,
    .createKernel = createKernel,
    .destroyKernel = destroyKernel,
    .getKernelInfo = getKernelInfo,
};

} // namespace halyard::vulkan
