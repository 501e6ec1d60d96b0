#include "api/check.h"
#include "api/core.h"
#include "api/fat_module.h"
#include "api/module_format.h"
#include "api/native_module.h"
#include "spv/spv.h"

#include <algorithm>

namespace halyard {
namespace {

constexpr uint64_t kMaxModuleBytes = uint64_t{1} << 30; // what a request to the compiler can carry

HyResult failSpv(const spv::Error& error, const char* argument) {
    return setLastError({error.code, argument, error.message, error.hint, {}, {}, 0});
}

HyResult checkFormat(const Device& device, HyModuleFormat format) {
    if (format == HY_MODULE_FORMAT_SPIRV || format == HY_MODULE_FORMAT_FAT_FILE || takesNative(device, format))
        return HY_SUCCESS;
    if (format == HY_MODULE_FORMAT_AUTO) {
        return fail(HY_ERROR_INVALID_MODULE, "desc->data", "pass the bytes of a module file, not a path or source code",
                    "the bytes begin like no module format that Halyard knows; {} takes {}", device.properties.selector,
                    takenFormats(device));
    }
    return fail(HY_ERROR_UNSUPPORTED, "desc->format", "pass the kernel as SPIR-V", "{} takes {}; this module is {}",
                device.properties.selector, takenFormats(device), moduleFormatName(format));
}

using Bytes = std::span<const std::byte>;

HyResult readWords(Bytes data, std::vector<uint32_t>& out) {
    if (data.size() % sizeof(uint32_t) != 0 || data.size() > kMaxModuleBytes) {
        return fail(HY_ERROR_INVALID_MODULE, "desc->dataBytes", "pass the size of the module in bytes",
                    "{} bytes of SPIR-V: a multiple of 4, at most {}, is needed", data.size(), kMaxModuleBytes);
    }
    out.resize(data.size() / sizeof(uint32_t));
    std::memcpy(out.data(), data.data(), data.size());
    return HY_SUCCESS;
}

// Checked, reflected and specialised SPIR-V.
HyResult prepareSpirv(const HyModuleDesc& desc, Bytes data, ModuleState& state) {
    std::vector<uint32_t> words;
    HY_TRY(readWords(data, words));
    spv::Result<spv::Module> parsed = spv::Module::parse(words);
    if (!parsed)
        return failSpv(parsed.error(), "desc->data");
    // Parsing comes first because it is safe on anything and quick; the validator is neither, so it runs in a worker,
    // once a module.
    HY_TRY(state.device->instance->compiler.validate(std::as_bytes(std::span(words)), "desc->data"));
    if (const spv::Status supported = spv::checkSupported(*parsed); !supported)
        return failSpv(supported.error(), "desc->data");

    std::vector<spv::SpecValue> values(desc.specConstantCount);
    std::transform(desc.specConstants, desc.specConstants + desc.specConstantCount, values.begin(),
                   [](const HySpecConstant& constant) {
                       return spv::SpecValue{constant.id, constant.sizeBytes, constant.value};
                   });
    spv::Result<std::vector<uint32_t>> specialised = spv::specialise(*parsed, values);
    if (!specialised)
        return failSpv(specialised.error(), "desc->specConstants");
    spv::Result<spv::Module> final = spv::Module::parse(*specialised);
    if (!final)
        return failSpv(final.error(), "desc->data");
    spv::Result<spv::Reflection> reflection = spv::reflect(*final);
    if (!reflection)
        return failSpv(reflection.error(), "desc->data");
    if (const spv::Status usable = spv::checkKernels(*final, *reflection); !usable)
        return failSpv(usable.error(), "desc->data");
    state.digest = spv::canonicalHash(*final);
    state.reflection = std::move(*reflection);
    state.words = std::move(*specialised);
    return HY_SUCCESS;
}

HyResult loadSpirv(Device& device, const HyModuleDesc& desc, Bytes data, std::shared_ptr<ModuleState>& out) {
    auto state = std::make_shared<ModuleState>(&device);
    HY_TRY(prepareSpirv(desc, data, *state));
    const HyBackendModuleDesc backendDesc = {.structSize = sizeof backendDesc,
                                             .flags = desc.flags,
                                             .next = nullptr,
                                             .format = HY_MODULE_FORMAT_SPIRV,
                                             .reserved = 0,
                                             .data = state->words.data(),
                                             .dataBytes = state->words.size() * sizeof(uint32_t),
                                             .spirvDigest = state->digest.data()};
    HY_TRY(blameBackend(device.backend->name, device.tables->module.load(device.impl, &backendDesc, &state->impl)));
    out = std::move(state);
    return HY_SUCCESS;
}

HyResult loadFat(Device& device, const HyModuleDesc& desc, Bytes data, std::shared_ptr<ModuleState>& out) {
    std::vector<FatImage> images;
    if (const std::string fault = readFatFile(data, images); !fault.empty())
        return fail(HY_ERROR_INVALID_MODULE, "desc->data", "pass the file whole and unchanged", "{}", fault);
    std::string reasons;
    if (desc.specConstantCount == 0) {
        HY_TRY(loadBestNative(device, images, desc.flags, out, reasons));
        if (out != nullptr)
            return HY_SUCCESS;
    }
    if (const FatImage* portable = findSpirv(images))
        return loadSpirv(device, desc, portable->data, out);
    if (desc.specConstantCount != 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->specConstants", "add SPIR-V to the fat file",
                    "specialisation constants are for SPIR-V; the fat file has {}", listImages(images));
    return fail(HY_ERROR_UNSUPPORTED, "desc->data", "add SPIR-V, which every device with kernels takes",
                "no image of the fat file is for {} ({}); it has {}{}", device.properties.selector,
                device.properties.isa, listImages(images), reasons);
}

HyResult loadFormat(Device& device, const HyModuleDesc& desc, HyModuleFormat format,
                    std::shared_ptr<ModuleState>& out) {
    const Bytes data(static_cast<const std::byte*>(desc.data), desc.dataBytes);
    if (format == HY_MODULE_FORMAT_SPIRV)
        return loadSpirv(device, desc, data, out);
    if (format == HY_MODULE_FORMAT_FAT_FILE)
        return loadFat(device, desc, data, out);
    if (desc.specConstantCount != 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->specConstants", "pass the kernel as SPIR-V to specialise it",
                    "specialisation constants are for SPIR-V; this module is {}", moduleFormatName(format));
    return loadNative(device, format, data, desc.flags, out);
}

HyResult load(Device& device, const HyModuleDesc* in, HyModule* outModule) {
    HyModuleDesc desc{};
    HY_TRY(readDesc(in, desc, kModuleDescV1, HY_MODULE_FAST_MATH, "desc"));
    HY_TRY(requirePointer(outModule, "outModule"));
    HY_TRY(requirePointer(desc.data, "desc->data"));
    if (desc.dataBytes == 0)
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->dataBytes", "pass the size of the module", "dataBytes is 0");
    if (desc.format > HY_MODULE_FORMAT_FAT_FILE)
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->format", "use HY_MODULE_FORMAT_AUTO", "format {} is unknown",
                    desc.format);
    if (desc.specConstantCount != 0)
        HY_TRY(requirePointer(desc.specConstants, "desc->specConstants"));
    if ((device.properties.capabilities & HY_CAP_KERNELS) == 0) {
        return fail(HY_ERROR_UNSUPPORTED, "device", "choose a device with HY_CAP_KERNELS", "{} runs no kernels",
                    device.properties.selector);
    }
    HY_TRY(device.ensureOpen());
    const HyModuleFormat format =
        desc.format == HY_MODULE_FORMAT_AUTO ? recogniseModule(desc.data, desc.dataBytes) : desc.format;
    HY_TRY(checkFormat(device, format));
    std::shared_ptr<ModuleState> state;
    HY_TRY(loadFormat(device, desc, format, state));
    return publish(std::make_unique<Module>(std::move(state)), outModule);
}

} // namespace

namespace core {

HyResult hyModuleLoad(HyDevice device, const HyModuleDesc* desc, HyModule* outModule) {
    return onObject<Device>("hyModuleLoad", device, "device",
                            [&](Device& object) { return load(object, desc, outModule); });
}

HyResult hyModuleDestroy(HyModule module) {
    return destroyObject<Module>("hyModuleDestroy", module, "module");
}

HyResult hyModuleGetKernelCount(HyModule module, uint32_t* outCount) {
    return onObject<Module>("hyModuleGetKernelCount", module, "module", [&](const Module& object) {
        HY_TRY(requirePointer(outCount, "outCount"));
        *outCount = static_cast<uint32_t>(object.state->reflection.kernels.size());
        return HY_SUCCESS;
    });
}

HyResult hyModuleGetKernelName(HyModule module, uint32_t index, const char** outName) {
    return onObject<Module>("hyModuleGetKernelName", module, "module", [&](const Module& object) {
        HY_TRY(requirePointer(outName, "outName"));
        const auto& kernels = object.state->reflection.kernels;
        if (index >= kernels.size()) {
            return fail(HY_ERROR_NOT_FOUND, "index", "ask hyModuleGetKernelCount first",
                        "there is no kernel {}; there are {}", index, kernels.size());
        }
        *outName = kernels[index].name.c_str();
        return HY_SUCCESS;
    });
}

} // namespace core
} // namespace halyard
