#include "status.h"

#include <cstddef>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {

const char* nameOf(VkResult result) noexcept {
    switch (result) {
#define HALYARD_VULKAN_NAME(name)                                                                                      \
    case name:                                                                                                         \
        return #name;
        HALYARD_VULKAN_NAME(VK_TIMEOUT)
        HALYARD_VULKAN_NAME(VK_ERROR_OUT_OF_HOST_MEMORY)
        HALYARD_VULKAN_NAME(VK_ERROR_OUT_OF_DEVICE_MEMORY)
        HALYARD_VULKAN_NAME(VK_ERROR_INITIALIZATION_FAILED)
        HALYARD_VULKAN_NAME(VK_ERROR_DEVICE_LOST)
        HALYARD_VULKAN_NAME(VK_ERROR_MEMORY_MAP_FAILED)
        HALYARD_VULKAN_NAME(VK_ERROR_LAYER_NOT_PRESENT)
        HALYARD_VULKAN_NAME(VK_ERROR_EXTENSION_NOT_PRESENT)
        HALYARD_VULKAN_NAME(VK_ERROR_FEATURE_NOT_PRESENT)
        HALYARD_VULKAN_NAME(VK_ERROR_INCOMPATIBLE_DRIVER)
        HALYARD_VULKAN_NAME(VK_ERROR_TOO_MANY_OBJECTS)
        HALYARD_VULKAN_NAME(VK_ERROR_OUT_OF_POOL_MEMORY)
        HALYARD_VULKAN_NAME(VK_ERROR_INVALID_EXTERNAL_HANDLE)
        HALYARD_VULKAN_NAME(VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS)
        HALYARD_VULKAN_NAME(VK_ERROR_VALIDATION_FAILED_EXT)
        HALYARD_VULKAN_NAME(VK_ERROR_INVALID_SHADER_NV)
        HALYARD_VULKAN_NAME(VK_ERROR_UNKNOWN)
#undef HALYARD_VULKAN_NAME
    default:
        return "VkResult";
    }
}

HyResult resultOf(VkResult result) noexcept {
    switch (result) {
    case VK_ERROR_OUT_OF_HOST_MEMORY:
        return HY_ERROR_OUT_OF_HOST_MEMORY;
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
    case VK_ERROR_OUT_OF_POOL_MEMORY:
    case VK_ERROR_TOO_MANY_OBJECTS:
        return HY_ERROR_OUT_OF_DEVICE_MEMORY;
    case VK_ERROR_DEVICE_LOST:
        return HY_ERROR_DEVICE_LOST;
    case VK_TIMEOUT:
        return HY_ERROR_TIMEOUT;
    case VK_ERROR_FEATURE_NOT_PRESENT:
    case VK_ERROR_EXTENSION_NOT_PRESENT:
    case VK_ERROR_LAYER_NOT_PRESENT:
        return HY_ERROR_UNSUPPORTED;
    default:
        return HY_ERROR_NATIVE;
    }
}

Failure failureOf(VkResult result, std::string_view what) {
    Failure failure{resultOf(result), fmt::format("{} gave {} ({})", what, nameOf(result), static_cast<int>(result)),
                    ""};
    failure.native = result;
    return failure;
}

Failure failureOf(const common::Fault& fault) {
    const char* const name = fault.error != 0 ? strerrorname_np(fault.error) : nullptr;
    return {fault.code, name != nullptr ? fmt::format("{} ({})", fault.message, name) : fault.message, fault.hint,
            fault.argument};
}

void check(VkResult result, std::string_view what) {
    if (result < 0)
        throw failureOf(result, what);
}

HyResult Host::fail(const Failure& failure) const noexcept {
    HyBackendError error{};
    error.structSize = sizeof error;
    error.code = failure.code;
    error.argument = failure.argument;
    error.message = failure.message.c_str();
    error.hint = failure.hint.c_str();
    if (failure.native != VK_SUCCESS) {
        error.nativeName = nameOf(failure.native);
        error.nativeCode = failure.native;
    }
    services_->setError(services_->context, &error);
    return failure.code;
}

void Host::log(HyLogLevel level, const std::string& message) const noexcept {
    services_->log(services_->context, level, message.c_str());
}

void Host::print(std::string_view text) const noexcept {
    constexpr size_t kSince11 = offsetof(HyHostServices, print) + sizeof services_->print;
    if (services_->structSize >= kSince11 && services_->print != nullptr)
        services_->print(services_->context, text.data(), text.size());
    else
        services_->log(services_->context, HY_LOG_WARNING,
                       "a kernel prints, but this runtime is too old to pass it on");
}

uint64_t Host::correlation() const noexcept {
    constexpr size_t kSince12 = offsetof(HyHostServices, getCorrelation) + sizeof services_->getCorrelation;
    return services_->structSize >= kSince12 && services_->getCorrelation != nullptr
               ? services_->getCorrelation(services_->context)
               : 0;
}

const char* Host::getEnv(const char* name) const noexcept {
    return services_->getEnv(services_->context, name);
}

} // namespace halyard::vulkan
