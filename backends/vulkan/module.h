// A loaded SPIR-V module: its kernels are compiled one by one when they are created.
#pragma once

#include "artifact.h"
#include "device.h"

namespace halyard::vulkan {

// Thread-safe.
class Module {
public:
    // `desc` is copied; what it points to lives as long as the module.
    Module(std::shared_ptr<Device> device, const HyBackendModuleDesc& desc) : device_(std::move(device)), desc_(desc) {}
    ~Module();
    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;

    const std::shared_ptr<Device>& device() const { return device_; }
    const HyBackendModuleDesc& desc() const { return desc_; }
    // Places a kernel's data in the device's memory, for as long as the module lives: its constants, and the variables
    // unless an earlier kernel brought them. Gives the addresses of both, 0 for what it does not have. Throws Failure.
    std::array<uint64_t, 2> place(const Artifact& artifact);

private:
    const std::shared_ptr<Device> device_;
    const HyBackendModuleDesc desc_;
    std::mutex mutex_;
    uint64_t program_ = 0;
    uint64_t programBytes_ = 0;
    std::vector<uint64_t> blocks_; // allocations
};

} // namespace halyard::vulkan
