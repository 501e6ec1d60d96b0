#define VOLK_IMPLEMENTATION
#include "symbols.h"

#include <mutex>

namespace halyard::vulkan {
namespace {

std::once_flag loaderOnce, instanceOnce;
VkResult loaderResult = VK_ERROR_INITIALIZATION_FAILED;

template <typename Function> void noteMissing(Function function, const char* name, std::string& missing) {
    if (function == nullptr)
        missing += (missing.empty() ? "" : ", ") + std::string(name);
}

} // namespace

VkResult loadSymbols() {
    std::call_once(loaderOnce, [] {
        loaderResult = volkInitialize();
        // volk takes any library of that name.
        if (vkCreateInstance == nullptr || vkGetInstanceProcAddr == nullptr)
            loaderResult = VK_ERROR_INITIALIZATION_FAILED;
    });
    return loaderResult;
}

std::string loadSymbols(VkInstance instance) {
    std::call_once(instanceOnce, [instance] { volkLoadInstanceOnly(instance); });
    std::string missing;
    noteMissing(vkGetDeviceProcAddr, "vkGetDeviceProcAddr", missing);
#define HALYARD_VULKAN_NOTE(name) noteMissing(name, #name, missing);
    HALYARD_VULKAN_INSTANCE_SYMBOLS(HALYARD_VULKAN_NOTE)
#undef HALYARD_VULKAN_NOTE
    return missing;
}

std::string loadSymbols(VkDevice device, VolkDeviceTable& outTable) {
    volkLoadDeviceTable(&outTable, device);
    std::string missing;
#define HALYARD_VULKAN_NOTE(name) noteMissing(outTable.name, #name, missing);
    HALYARD_VULKAN_DEVICE_SYMBOLS(HALYARD_VULKAN_NOTE)
#undef HALYARD_VULKAN_NOTE
    return missing;
}

} // namespace halyard::vulkan
