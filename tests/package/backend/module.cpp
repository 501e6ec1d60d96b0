#include "module.h"

#include "handles.h"
#include "kernel.h"

#include <algorithm>
#include <cstring>

namespace vendor {

HyResult Module::compile(const HyBackendKernelDesc& desc, std::shared_ptr<CodeObject>& outCode) {
    HyJitRequest request{};
    request.structSize = sizeof request;
    request.flags = (desc_.flags & HY_MODULE_FAST_MATH) != 0 ? HY_JIT_FAST_MATH : 0;
    request.spirv = desc_.data;
    request.spirvBytes = desc_.dataBytes;
    request.spirvDigest = desc_.spirvDigest;
    request.kernel = desc.name;
    request.target = "host";
    request.cpu = isa();
    request.features = "";
    request.workgroupSize[0] = desc.requiredWorkgroupSize.x;
    request.workgroupSize[1] = desc.requiredWorkgroupSize.y;
    request.workgroupSize[2] = desc.requiredWorkgroupSize.z;
    request.subgroupSize = desc.requiredSubgroupSize;
    HyJitArtifact artifact{};
    artifact.structSize = sizeof artifact;
    if (const HyResult result = host()->jitCompile(host()->context, &request, &artifact); result != HY_SUCCESS)
        return result;
    const HyResult result = guarded(host(), [&] {
        std::shared_ptr<CodeObject> code;
        HyResult loaded = CodeObject::load(host(), desc.name, artifact, desc.argumentBytes, code);
        if (loaded == HY_SUCCESS && code->usesProgram())
            loaded = shareProgram(code);
        outCode = std::move(code);
        return loaded;
    });
    host()->jitRelease(host()->context, &artifact);
    return result;
}

HyResult Module::shareProgram(const std::shared_ptr<CodeObject>& code) {
    const std::scoped_lock lock(mutex_);
    if (programOwner_ == nullptr) {
        programOwner_ = code;
        return HY_SUCCESS;
    }
    if (code->shareProgram(programOwner_))
        return HY_SUCCESS;
    return fail(host(), {HY_ERROR_INVALID_MODULE, "kernels of one module have different variables at program scope",
                         "a damaged cache entry? Empty the compile cache and try again"});
}

namespace {

HyResult load(HyBackendDevice handle, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        if (desc->format != HY_MODULE_FORMAT_SPIRV)
            return fail(device->host(), {HY_ERROR_UNSUPPORTED, "the vendor device takes SPIR-V and nothing else",
                                         "load the SPIR-V that the module was compiled from", "desc.data"});
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
    return guarded(module->host(), [&] {
        std::shared_ptr<CodeObject> code;
        const HyResult result = module->compile(*desc, code);
        if (result == HY_SUCCESS)
            *outKernel = toHandle<HyBackendKernel>(std::make_shared<Kernel>(*desc, std::move(code)));
        return result;
    });
}

HyResult destroyKernel(HyBackendKernel handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult getKernelInfo(HyBackendKernel handle, HyBackendKernelInfo* outInfo) {
    HyBackendKernelInfo info = fromHandle(handle)->info();
    info.structSize = outInfo->structSize;
    std::memcpy(outInfo, &info, std::min<size_t>(info.structSize, sizeof info));
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

} // namespace vendor
