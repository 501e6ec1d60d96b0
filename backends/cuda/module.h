// Modules: SPIR-V, whose kernels are compiled one by one, or an image that the driver loads as it is.
#pragma once

#include "device.h"
#include "image.h"
#include "native_module.h"

namespace halyard::cuda {

// Thread-safe.
class Module {
public:
    Module(std::shared_ptr<Device> device, const HyBackendModuleDesc& desc) : device_(std::move(device)), desc_(desc) {}

    Device& device() const { return *device_; }
    const std::shared_ptr<Device>& sharedDevice() const { return device_; }
    // The runtime keeps its data until the module is unloaded.
    const HyBackendModuleDesc& desc() const { return desc_; }
    // For images; null for SPIR-V.
    const std::shared_ptr<Image>& image() const { return image_; }
    // Loads the image of a module that is none of SPIR-V. Throws std::bad_alloc.
    HyResult loadImage() { return loadNative(device_, desc_, image_, kernels_); }
    // Of native modules, by name.
    const std::vector<NativeKernel>& kernels() const { return kernels_; }
    // The image whose variables at program scope all kernels of the module use: the first that came.
    // Before its first use its pointers into itself are set. Errors: those of the copies.
    HyResult shareProgram(const std::shared_ptr<Image>& image, std::shared_ptr<Image>& out);

private:
    const std::shared_ptr<Device> device_;
    const HyBackendModuleDesc desc_;
    std::shared_ptr<Image> image_;
    std::vector<NativeKernel> kernels_;
    std::mutex mutex_;
    std::shared_ptr<Image> programOwner_;
};

} // namespace halyard::cuda
