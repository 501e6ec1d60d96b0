#include "module.h"

#include "handles.h"
#include "kernel.h"
#include "tables.h"
#include "transfer.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {

Module::~Module() {
    for (const uint64_t block : blocks_)
        device_->memory().free(block);
}

std::array<uint64_t, 2> Module::place(const Artifact& artifact) {
    const std::scoped_lock lock(mutex_);
    std::array<uint64_t, 2> addresses{};
    std::array<bool, 2> isNew{};
    for (size_t i = 0; i < addresses.size(); ++i) {
        const uint64_t bytes = artifact.data[i].size();
        if (bytes == 0)
            continue;
        if (i == 0 && program_ != 0) {
            if (programBytes_ != bytes)
                throw Failure{HY_ERROR_INTERNAL,
                              fmt::format("kernels of one module have {} and {} bytes of variables at program scope",
                                          programBytes_, bytes),
                              "please report this"};
            addresses[i] = program_;
            continue;
        }
        blocks_.reserve(blocks_.size() + 1);
        addresses[i] = device_->memory().allocate(bytes).address;
        blocks_.push_back(addresses[i]);
        isNew[i] = true;
    }
    std::array<std::vector<uint8_t>, 2> data = artifact.data;
    for (const Artifact::Address& address : artifact.addresses) {
        const uint64_t value = addresses[address.targetBlock] + address.target;
        std::memcpy(data[address.block].data() + address.offset, &value, sizeof value);
    }
    for (size_t i = 0; i < data.size(); ++i)
        if (isNew[i])
            writeNow(*device_, addresses[i], data[i].data(), data[i].size());
    if (isNew[0]) {
        program_ = addresses[0];
        programBytes_ = data[0].size();
    }
    return addresses;
}

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
