#include "module.h"

#include "handles.h"
#include "kernel.h"
#include "tables.h"

#include <algorithm>
#include <cstring>

namespace halyard::cpu {

OwnedSource::OwnedSource(const Source& source)
    : words_((source.bytes + sizeof(uint32_t) - 1) / sizeof(uint32_t)), bytes_(source.bytes),
      jitFlags_(source.jitFlags) {
    std::memcpy(words_.data(), source.spirv, source.bytes);
    if (source.digest != nullptr) {
        std::memcpy(digest_.data(), source.digest, digest_.size());
    }
}

Module::Module(Ref<Device> device, const HyBackendModuleDesc& desc)
    : device_(std::move(device)), source_{desc.data, desc.dataBytes, desc.spirvDigest,
                                          (desc.flags & HY_MODULE_FAST_MATH) != 0 ? HY_JIT_FAST_MATH : 0} {}

Ref<OwnedSource> Module::ownedSource() {
    const std::scoped_lock lock(mutex_);
    if (!owned_) {
        owned_ = Ref<OwnedSource>::adopt(new OwnedSource(source_));
    }
    return owned_;
}

HyResult Module::shareProgram(const Ref<CodeObject>& code) {
    if (!code->usesProgram()) {
        return HY_SUCCESS;
    }
    const std::scoped_lock lock(mutex_);
    if (!programOwner_) {
        programOwner_ = code;
    }
    return code->shareProgram(programOwner_);
}

namespace {

const char* formatName(HyModuleFormat moduleFormat) {
    switch (moduleFormat) {
    case HY_MODULE_FORMAT_PTX:
        return "PTX";
    case HY_MODULE_FORMAT_CUBIN:
        return "a CUDA binary";
    case HY_MODULE_FORMAT_FATBIN:
        return "a CUDA fat binary";
    case HY_MODULE_FORMAT_AMD_CODE_OBJECT:
        return "an AMD code object";
    case HY_MODULE_FORMAT_HOST_ELF:
        return "a host shared object";
    case HY_MODULE_FORMAT_FAT_FILE:
        return "a fat file without SPIR-V";
    default:
        return "of a format that it does not know";
    }
}

HyResult load(HyBackendDevice handle, const HyBackendModuleDesc* desc, HyBackendModule* outModule) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        if (desc->format != HY_MODULE_FORMAT_SPIRV) {
            return device.host().fail(
                {HY_ERROR_UNSUPPORTED,
                 format("the cpu device takes SPIR-V; this module is %s", formatName(desc->format)), "desc.data"});
        }
        *outModule = toHandle(new Module(Ref<Device>::share(&device), *desc));
        return HY_SUCCESS;
    });
}

HyResult unload(HyBackendModule handle) {
    fromHandle(handle).release();
    return HY_SUCCESS;
}

HyResult createKernel(HyBackendModule handle, const HyBackendKernelDesc* desc, HyBackendKernel* outKernel) {
    Module& module = fromHandle(handle);
    return guarded(module.device().host(), [&] {
        auto kernel = Ref<Kernel>::adopt(new Kernel(Ref<Module>::share(&module), *desc));
        const HyResult result = kernel->prepare();
        if (result == HY_SUCCESS) {
            *outKernel = toHandle(kernel.leak());
        }
        return result;
    });
}

HyResult destroyKernel(HyBackendKernel handle) {
    Kernel& kernel = fromHandle(handle);
    kernel.abandon();
    kernel.release();
    return HY_SUCCESS;
}

HyResult getKernelInfo(HyBackendKernel handle, HyBackendKernelInfo* outInfo) {
    const HyBackendKernelInfo info = fromHandle(handle).info();
    const uint32_t structSize = outInfo->structSize;
    std::memcpy(outInfo, &info, std::min<size_t>(structSize, sizeof info));
    outInfo->structSize = structSize;
    return HY_SUCCESS;
}

HyResult getOccupancy(HyBackendKernel handle, HyDim3 workgroupSize, uint64_t /*localBytes*/,
                      HyOccupancy* outOccupancy) {
    const Kernel& kernel = fromHandle(handle);
    return guarded(kernel.host(), [&] { return kernel.occupancy(workgroupSize, *outOccupancy); });
}

HyResult getKernelNativeHandle(HyBackendKernel handle, HyNativeHandle* outHandle) {
    outHandle->value = reinterpret_cast<uint64_t>(fromHandle(handle).code().entry());
    outHandle->typeName = "HyHostKernelRun";
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
    .getKernelNativeHandle = getKernelNativeHandle,
    .getOccupancy = getOccupancy,
};

} // namespace halyard::cpu
