#include "image.h"

#include "driver_log.h"

#include <array>
#include <vector>

namespace halyard::cuda {
namespace {

constexpr size_t kLogBytes = 16384;

// One copy by `submit(stream)` on a stream of its own, waiting for it: module variables are there once the module is
// loaded, so this waits for no other work.
template <typename Submit> HyResult copyNow(Device& device, const char* what, Submit&& submit) {
    const Symbols& cu = device.cu();
    CUstream stream = nullptr;
    if (const HyResult result =
            device.check(cu.cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0), "make a stream");
        result != HY_SUCCESS)
        return result;
    CUresult code = submit(stream);
    if (code == CUDA_SUCCESS)
        code = cu.cuStreamSynchronize(stream);
    cu.cuStreamDestroy_v2(stream);
    return device.check(code, what);
}

HyResult readDevice(Device& device, void* to, CUdeviceptr from, size_t bytes) {
    return copyNow(device, "read a module's variable",
                   [&](CUstream stream) { return device.cu().cuMemcpyDtoHAsync_v2(to, from, bytes, stream); });
}

HyResult writeDevice(Device& device, CUdeviceptr to, const void* from, size_t bytes) {
    return copyNow(device, "write a module's variable",
                   [&](CUstream stream) { return device.cu().cuMemcpyHtoDAsync_v2(to, from, bytes, stream); });
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
    const ExpectFailure mayBeMissing;
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

HyResult Image::setProgramPointers() {
    CUdeviceptr block = 0, list = 0;
    size_t blockBytes = 0, listBytes = 0;
    if (!find("hyProgramPointers", list, listBytes))
        return HY_SUCCESS; // most have none
    if (!find("hyProgramData", block, blockBytes))
        return device_->host().fail({HY_ERROR_INTERNAL, "the compiled code has no hyProgramData"});
    const Current current = enterContext(*device_);
    std::vector<uint64_t> words(listBytes / sizeof(uint64_t));
    if (const HyResult result = readDevice(*device_, words.data(), list, listBytes); result != HY_SUCCESS)
        return result;
    for (size_t i = 0; i + 1 < words.size(); i += 2) {
        const uint64_t address = block + words[i + 1];
        if (words[i] > blockBytes || blockBytes - words[i] < sizeof address)
            return device_->host().fail({HY_ERROR_INTERNAL, "hyProgramPointers names a place beyond hyProgramData"});
        if (const HyResult result = writeDevice(*device_, block + words[i], &address, sizeof address);
            result != HY_SUCCESS)
            return result;
    }
    return HY_SUCCESS;
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
