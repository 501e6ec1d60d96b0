// A loaded SPIR-V module: its kernels are compiled one by one when they are created.
#pragma once

#include "device.h"

namespace halyard::vulkan {

// Immutable.
class Module {
public:
    // `desc` is copied; what it points to lives as long as the module.
    Module(std::shared_ptr<Device> device, const HyBackendModuleDesc& desc) : device_(std::move(device)), desc_(desc) {}

    const std::shared_ptr<Device>& device() const { return device_; }
    const HyBackendModuleDesc& desc() const { return desc_; }

private:
    const std::shared_ptr<Device> device_;
    const HyBackendModuleDesc desc_;
};

} // namespace halyard::vulkan
