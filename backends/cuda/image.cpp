#include "image.h"

#include <array>

namespace halyard::cuda {
namespace {

constexpr size_t kLogBytes = 16384;

// Copies from the device, waiting for it: module variables are there once the module is loaded, so this waits for no
// other work.
HyResult readDevice(Device& device, void* to, CUdeviceptr from, size_t bytes) {
    const Symbols& cu = device.cu();
    CUstream stream = nullptr;
    if (const HyResult result =
            device.check(cu.cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0), "make a stream");
        result != HY_SUCCESS)
        return result;
    CUresult code = cu.cuMemcpyDtoHAsync_v2(to, from, bytes, stream);
    if (code == CUDA_SUCCESS)
        code = cu.cuStreamSynchronize(stream);
    cu.cuStreamDestroy_v2(stream);
    return device.check(code, "read a module's variable");
}

} // namespace

HyResult Image::load(const std::shared_ptr<Device>& device, const void* data, const std::string& what,
                     std::shared_ptr<Image>& out) {
    const Current current = enterContext(*device);
    std::string errors(kLogBytes, '\0');
    std::string notes(kLogBytes, '\0');
    std::array<CUjit_option, 4> options{CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES,
                                        CU_JIT_INFO_LOG_BUFFER, CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES};
    // The driver takes numbers in the place of pointers. NOLINTNEXTLINE(performance-no-int-to-ptr)
    void* const size = reinterpret_cast<void*>(uintptr_t{kLogBytes});
    std::array<void*, 4> values{errors.data(), size, notes.data(), size};
    CUmodule module = nullptr;
    const CUresult code = device->cu().cuModuleLoadDataEx(&module, data, options.size(), options.data(), values.data());
    errors.resize(errors.find('\0') == std::string::npos ? errors.size() : errors.find('\0'));
    notes.resize(notes.find('\0') == std::string::npos ? notes.size() : notes.find('\0'));
    if (!notes.empty())
        device->host().log(HY_LOG_DEBUG, "the driver about " + what + ": " + notes);
    if (code != CUDA_SUCCESS)
        return device->fail(code, ("load " + what).c_str(), errors);
    out = std::make_shared<Image>(device, module);
    return HY_SUCCESS;
}

Image::~Image() {
    // The device is kept, and so are its functions, until the driver is done with the code.
    Device* const device = device_.get();
    device->leftovers().keep([device, handle = handle_] { device->cu().cuModuleUnload(handle); });
}

bool Image::find(const char* name, CUdeviceptr& outAddress, size_t& outBytes) const {
    const Current current = enterContext(*device_);
    return device_->cu().cuModuleGetGlobal_v2(&outAddress, &outBytes, handle_, name) == CUDA_SUCCESS;
}

HyResult Image::readFormats() {
    auto formats = std::make_shared<PrintFormats>();
    size_t bytes = 0;
    if (!find("hyPrintFormats", formats->address, bytes))
        return device_->host().fail({HY_ERROR_INTERNAL, "the compiled code prints, but has no hyPrintFormats"});
    formats->text.resize(bytes);
    const Current current = enterContext(*device_);
    const HyResult result = readDevice(*device_, formats->text.data(), formats->address, bytes);
    formats_ = std::move(formats);
    return result;
}

std::string_view PrintFormats::at(uint64_t offset) const {
    return offset < text.size() ? std::string_view(text.c_str() + offset) : std::string_view();
}

std::string PrintFormats::textAt(uint64_t deviceAddress) const {
    if (deviceAddress == 0)
        return "(null)";
    if (deviceAddress - address < text.size())
        return std::string(at(deviceAddress - address));
    return "(text in device memory)";
}

} // namespace halyard::cuda
