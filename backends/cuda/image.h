// A module that the driver has loaded.
#pragma once

#include "device.h"

namespace halyard::cuda {

// A module's hyPrintFormats. Outlives the module with what is still to be printed, and nothing of it calls the driver.
struct PrintFormats {
    std::string text;
    CUdeviceptr address = 0;

    // The string at an offset; "" beyond the end.
    std::string_view at(uint64_t offset) const;
    // A string at an address of the device, for %s: one of these, or words that say it cannot be read.
    std::string textAt(uint64_t deviceAddress) const;
};

// Unloaded when the last reference goes, once no stream can use it any more.
class Image {
public:
    // Loads PTX text (ended by a nul), a cubin or a fatbin. A failure carries the driver's log. Throws std::bad_alloc.
    static HyResult load(const std::shared_ptr<Device>& device, const void* data, const std::string& what,
                         std::shared_ptr<Image>& out);
    Image(std::shared_ptr<Device> device, CUmodule handle) : device_(std::move(device)), handle_(handle) {}
    ~Image();
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;

    Device& device() const { return *device_; }
    CUmodule handle() const { return handle_; }
    // A variable of the module: its address and bytes. False: there is none of that name.
    bool find(const char* name, CUdeviceptr& outAddress, size_t& outBytes) const;
    // Writes the addresses that hyProgramPointers lists (jit/ptx_kernel_abi.h) into hyProgramData. Throws
    // std::bad_alloc.
    HyResult setProgramPointers();
    // Copies hyPrintFormats from the device. Throws std::bad_alloc.
    HyResult readFormats();
    const std::shared_ptr<const PrintFormats>& formats() const { return formats_; }

private:
    const std::shared_ptr<Device> device_;
    const CUmodule handle_;
    std::shared_ptr<const PrintFormats> formats_;
};

} // namespace halyard::cuda
