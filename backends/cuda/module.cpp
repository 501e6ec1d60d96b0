#include "module.h"

#include "handles.h"
#include "kernel.h"
#include "tables.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {

HyResult Module::shareProgram(const std::shared_ptr<Image>& image, std::shared_ptr<Image>& out) {
    const std::scoped_lock lock(mutex_);
    if (programOwner_ == nullptr) {
        if (const HyResult result = image->setProgramPointers(); result != HY_SUCCESS)
            return result;
        programOwner_ = image;
    }
    out = programOwner_;
    return HY_SUCCESS;
}

namespace {

HyResult load(HyBackendDevice handle, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        auto module = std::make_shared<Module>(device, *desc);
        switch (desc->format) {
        case HY_MODULE_FORMAT_SPIRV:
            break;
        case HY_MODULE_FORMAT_PTX:
        case HY_MODULE_FORMAT_CUBIN:
        case HY_MODULE_FORMAT_FATBIN:
            if (const HyResult result = module->loadImage(); result != HY_SUCCESS)
                return result;
            break;
        default:
            return device->host().fail({HY_ERROR_UNSUPPORTED, "CUDA devices read SPIR-V, PTX, cubin and fatbin modules",
                                        "desc->format", "pass the kernel as SPIR-V"});
        }
        *outModule = toHandle<HyBackendModule>(std::move(module));
        return HY_SUCCESS;
    });
}

HyResult unload(HyBackendModule handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult createKernel(HyBackendModule handle, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel) {
    const std::shared_ptr<Module>& module = fromHandle(handle);
    return guarded(module->device().host(), [&] {
        std::shared_ptr<Kernel> kernel;
        if (const HyResult result = Kernel::create(module, *desc, kernel); result != HY_SUCCESS)
            return result;
        *outKernel = toHandle<HyBackendKernel>(std::move(kernel));
        return HY_SUCCESS;
    });
}

HyResult destroyKernel(HyBackendKernel handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

template <typename Struct> void answer(const Struct& found, Struct* out) {
    const uint32_t structSize = out->structSize;
    std::memcpy(out, &found, std::min<size_t>(structSize, sizeof found));
    out->structSize = structSize;
}

HyResult getKernelInfo(HyBackendKernel handle, HyBackendKernelInfo* outInfo) {
    HyBackendKernelInfo info{};
    const HyResult result = fromHandle(handle)->info(info);
    if (result == HY_SUCCESS)
        answer(info, outInfo);
    return result;
}

HyResult getKernelCount(HyBackendModule handle, uint32_t* outCount) {
    *outCount = static_cast<uint32_t>(fromHandle(handle)->kernels().size());
    return HY_SUCCESS;
}

HyResult getKernelInterface(HyBackendModule handle, uint32_t index, HyBackendKernelInterface* outInterface) {
    const NativeKernel& kernel = fromHandle(handle)->kernels()[index];
    HyBackendKernelInterface found{};
    found.parameterCount = static_cast<uint32_t>(kernel.parameters.size());
    found.name = kernel.name.c_str();
    found.parameters = kernel.parameters.data();
    found.argumentBytes = kernel.argumentBytes;
    found.staticLocalBytes = kernel.staticLocalBytes;
    answer(found, outInterface);
    return HY_SUCCESS;
}

HyResult getOccupancy(HyBackendKernel handle, HyDim3 workgroupSize, uint64_t localBytes, HyOccupancy* outOccupancy) {
    HyOccupancy found{};
    const HyResult result = fromHandle(handle)->occupancy(workgroupSize, localBytes, found);
    if (result == HY_SUCCESS)
        answer(found, outOccupancy);
    return result;
}

HyResult getModuleNative(HyBackendModule handle, HyNativeHandle* outHandle) {
    const Module& module = *fromHandle(handle);
    if (module.image() == nullptr)
        return module.device().host().fail({HY_ERROR_UNSUPPORTED,
                                            "a SPIR-V module has no CUmodule: each of its kernels has one", "object",
                                            "ask for the native handle of a kernel"});
    outHandle->value = reinterpret_cast<uintptr_t>(module.image()->handle());
    outHandle->typeName = "CUmodule";
    return HY_SUCCESS;
}

HyResult getKernelNative(HyBackendKernel handle, HyNativeHandle* outHandle) {
    outHandle->value = reinterpret_cast<uintptr_t>(fromHandle(handle)->function());
    outHandle->typeName = "CUfunction";
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
    .getNativeHandle = getModuleNative,
    .getKernelNativeHandle = getKernelNative,
    .getOccupancy = getOccupancy,
    .getKernelCount = getKernelCount,
    .getKernelInterface = getKernelInterface,
};

} // namespace halyard::cuda
