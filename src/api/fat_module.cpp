#include "api/fat_module.h"

#include "api/module_format.h"
#include "api/native_module.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace halyard {
namespace {

// What the SPIR-V of the file says of its kernels; nothing when there is none that can be read. No compiler is asked,
// so that a machine without one can load the code beside it.
std::optional<spv::Reflection> reflectPortable(const std::vector<FatImage>& images) {
    const FatImage* image = findSpirv(images);
    if (image == nullptr || image->data.size() % sizeof(uint32_t) != 0)
        return std::nullopt;
    std::vector<uint32_t> words(image->data.size() / sizeof(uint32_t));
    std::memcpy(words.data(), image->data.data(), image->data.size());
    const spv::Result<spv::Module> parsed = spv::Module::parse(words);
    if (!parsed)
        return std::nullopt;
    spv::Result<spv::Reflection> reflection = spv::reflect(*parsed);
    return reflection ? std::optional(std::move(*reflection)) : std::nullopt;
}

// The native images that the device takes, the best first.
std::vector<FatImage> orderNative(const Device& device, const std::vector<FatImage>& images) {
    constexpr HyModuleFormat kOrder[] = {HY_MODULE_FORMAT_CUBIN, HY_MODULE_FORMAT_FATBIN, HY_MODULE_FORMAT_PTX};
    std::vector<FatImage> ordered;
    for (const HyModuleFormat format : kOrder) {
        for (const bool exact : {true, false}) {
            std::copy_if(images.begin(), images.end(), std::back_inserter(ordered), [&](const FatImage& image) {
                return image.format == format && takesNative(device, format) &&
                       (image.architecture == device.properties.isa) == exact;
            });
        }
    }
    return ordered;
}

// HY_SUCCESS and `out`, or `reason` and whether that is worth a warning; any other failure ends the choice.
HyResult tryImage(Device& device, const FatImage& image, const std::optional<spv::Reflection>& portable, uint32_t flags,
                  std::shared_ptr<ModuleState>& out, std::string& reason, HyLogLevel& level) {
    PreservedError kept;
    std::shared_ptr<ModuleState> state;
    const HyResult result = loadNative(device, image.format, image.data, flags, state);
    if (result == HY_SUCCESS) {
        reason = portable ? adoptInterface(*state, *portable) : "";
        level = HY_LOG_WARNING;
        if (reason.empty())
            out = std::move(state);
        return HY_SUCCESS;
    }
    if (result != HY_ERROR_INVALID_MODULE && result != HY_ERROR_UNSUPPORTED) {
        kept.dismiss();
        return result;
    }
    HyErrorInfo info{.structSize = sizeof info};
    hyGetLastError(&info);
    reason = info.message;
    level = result == HY_ERROR_UNSUPPORTED ? HY_LOG_INFO : HY_LOG_WARNING;
    return HY_SUCCESS;
}

} // namespace

const FatImage* findSpirv(const std::vector<FatImage>& images) {
    const auto found = std::find_if(images.begin(), images.end(),
                                    [](const FatImage& image) { return image.format == HY_MODULE_FORMAT_SPIRV; });
    return found != images.end() ? &*found : nullptr;
}

HyResult loadBestNative(Device& device, const std::vector<FatImage>& images, uint32_t flags,
                        std::shared_ptr<ModuleState>& out, std::string& reasons) {
    const std::vector<FatImage> natives = orderNative(device, images);
    if (natives.empty())
        return HY_SUCCESS;
    const std::optional<spv::Reflection> portable = reflectPortable(images);
    Log& log = device.instance->log;
    for (const FatImage& image : natives) {
        const std::string name = listImages({image});
        std::string reason;
        HyLogLevel level = HY_LOG_OFF;
        if (const HyResult result = tryImage(device, image, portable, flags, out, reason, level); result < 0)
            return result;
        if (out != nullptr) {
            log.info("core", "{} runs {} of a fat file", device.properties.selector, name);
            return HY_SUCCESS;
        }
        if (level == HY_LOG_WARNING)
            log.warning("core", "{} passes over {} of a fat file: {}", device.properties.selector, name, reason);
        else
            log.info("core", "{} passes over {} of a fat file: {}", device.properties.selector, name, reason);
        reasons += fmt::format("; {}: {}", name, reason);
    }
    return HY_SUCCESS;
}

} // namespace halyard
