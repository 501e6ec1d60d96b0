#include "native_module.h"

#include "driver_log.h"

#include <algorithm>

namespace halyard::cuda {
namespace {

constexpr const char* kData = "desc->data";

HyResult failDamaged(const Device& device, const char* what, const std::string& fault) {
    return device.host().fail(
        {HY_ERROR_INVALID_MODULE, std::string(what) + " is damaged: " + fault, kData, "pass the file whole"});
}

// Reads the module; `text` becomes the PTX that the driver gets, ended by a nul.
HyResult readCode(const Device& device, const HyBackendModuleDesc& desc, std::string& text,
                  std::vector<NativeCode>& out) {
    const Bytes data(static_cast<const std::byte*>(desc.data), desc.dataBytes);
    if (desc.format == HY_MODULE_FORMAT_FATBIN) {
        const std::string fault = readFatbin(data, out);
        return fault.empty() ? HY_SUCCESS : failDamaged(device, "the CUDA fat binary", fault);
    }
    NativeCode code;
    std::string fault;
    if (desc.format == HY_MODULE_FORMAT_CUBIN) {
        fault = readCubin(data, code);
    } else {
        text.assign(static_cast<const char*>(desc.data), desc.dataBytes);
        while (!text.empty() && text.back() == '\0') // the nul of a C string, or padding
            text.pop_back();
        fault = readPtx(text, code);
    }
    if (!fault.empty())
        return failDamaged(device, desc.format == HY_MODULE_FORMAT_CUBIN ? "the cubin" : "the PTX", fault);
    out.push_back(std::move(code));
    return HY_SUCCESS;
}

std::string listCode(const std::vector<NativeCode>& code) {
    std::string list;
    for (const NativeCode& each : code)
        list += (list.empty() ? "" : ", ") + describe(each);
    return list;
}

// What the driver will run: the machine code that may run with the highest processor, else such PTX. Null: nothing.
const NativeCode* choose(const std::vector<NativeCode>& all, uint32_t capability) {
    const NativeCode* best = nullptr;
    for (const NativeCode& code : all) {
        if (!mayRun(code, capability))
            continue;
        if (best == nullptr || code.binary > best->binary ||
            (code.binary == best->binary && code.processor > best->processor))
            best = &code;
    }
    return best;
}

// By the driver's own words (CUDA 12.4). False: it does not tell.
bool askDriver(const Image& image, std::vector<NativeKernel>& out) {
    const Symbols& cu = image.device().cu();
    if (cu.cuModuleGetFunctionCount == nullptr || cu.cuModuleEnumerateFunctions == nullptr ||
        cu.cuFuncGetName == nullptr || cu.cuFuncGetParamInfo == nullptr)
        return false;
    unsigned count = 0;
    if (cu.cuModuleGetFunctionCount(&count, image.handle()) != CUDA_SUCCESS)
        return false;
    std::vector<CUfunction> functions(count);
    if (count != 0 && cu.cuModuleEnumerateFunctions(functions.data(), count, image.handle()) != CUDA_SUCCESS)
        return false;
    for (const CUfunction function : functions) {
        const char* name = nullptr;
        if (cu.cuFuncGetName(&name, function) != CUDA_SUCCESS || name == nullptr)
            return false;
        NativeKernel kernel;
        kernel.name = name;
        size_t offset = 0, bytes = 0;
        CUresult code = CUDA_SUCCESS;
        const ExpectFailure theEnd;
        while ((code = cu.cuFuncGetParamInfo(function, kernel.parameters.size(), &offset, &bytes)) == CUDA_SUCCESS)
            kernel.addAt(static_cast<uint32_t>(offset), static_cast<uint32_t>(bytes));
        if (code != CUDA_ERROR_INVALID_VALUE) // that there is no such parameter
            return false;
        out.push_back(std::move(kernel));
    }
    return true;
}

HyResult findKernels(Image& image, const NativeCode& code, std::vector<NativeKernel>& out) {
    Device& device = image.device();
    const Current current = enterContext(device);
    if (!askDriver(image, out)) {
        if (!code.kernelsKnown)
            return device.host().fail({HY_ERROR_UNSUPPORTED,
                                       "the kernels in " + describe(code) +
                                           " are not known: it is compressed or says nothing of their parameters, and "
                                           "drivers before CUDA 12.4 do not tell",
                                       kData, "update the driver, or build with nvcc --no-compress"});
        out = code.kernels;
    }
    for (NativeKernel& kernel : out) {
        CUfunction function = nullptr;
        int bytes = 0;
        CUresult found = device.cu().cuModuleGetFunction(&function, image.handle(), kernel.name.c_str());
        if (found == CUDA_SUCCESS)
            found = device.cu().cuFuncGetAttribute(&bytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, function);
        if (found != CUDA_SUCCESS)
            return device.fail(found, ("describe kernel '" + kernel.name + "'").c_str());
        kernel.staticLocalBytes = static_cast<uint64_t>(bytes);
    }
    std::sort(out.begin(), out.end(),
              [](const NativeKernel& left, const NativeKernel& right) { return left.name < right.name; });
    return HY_SUCCESS;
}

} // namespace

HyResult loadNative(const std::shared_ptr<Device>& device, const HyBackendModuleDesc& desc,
                    std::shared_ptr<Image>& outImage, std::vector<NativeKernel>& outKernels) {
    std::string text;
    std::vector<NativeCode> all;
    if (const HyResult result = readCode(*device, desc, text, all); result != HY_SUCCESS)
        return result;
    const uint32_t capability = device->info().computeCapability;
    const NativeCode* chosen = choose(all, capability);
    if (chosen == nullptr)
        return device->host().fail(
            {HY_ERROR_UNSUPPORTED,
             "the module has " + listCode(all) + "; the device is sm_" + std::to_string(capability), kData,
             "build it for the device's processor, or as PTX for an older one",
             meaningOf(CUDA_ERROR_NO_BINARY_FOR_GPU).name, CUDA_ERROR_NO_BINARY_FOR_GPU});
    const void* data = desc.format == HY_MODULE_FORMAT_PTX ? text.c_str() : desc.data;
    const std::string what = "a module of " + listCode(all) + " on sm_" + std::to_string(capability);
    if (const HyResult result = Image::load(device, data, what, outImage); result != HY_SUCCESS)
        return result;
    return findKernels(*outImage, *chosen, outKernels);
}

} // namespace halyard::cuda
