// A module that the driver has loaded.
#pragma once

#include "device.h"

namespace halyard::cuda {

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
    // Copies hyPrintFormats from the device. Throws std::bad_alloc.
    HyResult readFormats();
    // The format string at an offset of hyPrintFormats; "" beyond its end.
    std::string_view format(uint32_t offset) const;

private:
    const std::shared_ptr<Device> device_;
    const CUmodule handle_;
    std::string formats_;
};

} // namespace halyard::cuda
