#include "device.h"
#include "handles.h"
#include "presence.h"
#include "tables.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
    Context& context = *static_cast<Context*>(user);
    context.host.log(HY_LOG_ERROR, data->pMessage);
    const std::scoped_lock lock(context.messageMutex);
    if (context.validationMessages.fetch_add(1) == 0)
        context.firstMessage = data->pMessage;
    return VK_FALSE;
}

VkDebugUtilsMessengerCreateInfoEXT messengerInfo(Context& context) {
    VkDebugUtilsMessengerCreateInfoEXT info{};
    info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
    info.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    info.pfnUserCallback = onMessage;
    info.pUserData = &context;
    return info;
}

bool isOn(const char* value) {
    return value != nullptr && std::strcmp(value, "1") == 0;
}

void createInstance(Context& context) {
    const char* const wanted = context.host.getEnv("HALYARD_VULKAN_VALIDATION");
    const bool validate = isOn(wanted);
    VkApplicationInfo application{};
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
    application.pEngineName = "Halyard";
    application.apiVersion = VK_API_VERSION_1_3;
    const char* const extension = VK_EXT_DEBUG_UTILS_EXTENSION_NAME;
    VkInstanceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    info.pApplicationInfo = &application;
    const VkDebugUtilsMessengerCreateInfoEXT messenger = messengerInfo(context);
    if (validate) {
        info.pNext = &messenger;
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = &kValidationLayer;
        info.enabledExtensionCount = 1;
        info.ppEnabledExtensionNames = &extension;
    }
    const VkResult result = vkCreateInstance(&info, nullptr, &context.instance);
    if (result == VK_ERROR_LAYER_NOT_PRESENT)
        throw Failure{HY_ERROR_UNSUPPORTED,
                      fmt::format("HALYARD_VULKAN_VALIDATION=1, but there is no layer {}", kValidationLayer),
                      "install it (Debian: vulkan-validationlayers), or unset the variable", "", result};
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER)
        throw Failure{HY_ERROR_NOT_FOUND, "no Vulkan driver is installed", "install a driver for your device", "",
                      result};
    check(result, "vkCreateInstance");
    if (const std::string missing = loadSymbols(context.instance); !missing.empty()) {
        context.instance = vkDestroyInstance != nullptr ? context.instance : VK_NULL_HANDLE;
        throw Failure{HY_ERROR_NOT_FOUND, fmt::format("the Vulkan loader lacks {}", missing), "update it"};
    }
    if (validate && vkCreateDebugUtilsMessengerEXT == nullptr)
        throw Failure{HY_ERROR_UNSUPPORTED, "HALYARD_VULKAN_VALIDATION=1, but the loader lacks VK_EXT_debug_utils",
                      "update it, or unset the variable"};
    if (validate)
        check(vkCreateDebugUtilsMessengerEXT(context.instance, &messenger, nullptr, &context.messenger),
              "vkCreateDebugUtilsMessengerEXT");
}

// Which device is looked at, and as what.
struct Wanted {
    bool software; // those that run on the processor, too
    bool staged;   // as if the host saw no memory of the device, for tests
};

void findAdapters(Context& context, const Wanted& wanted) {
    uint32_t count = 0;
    check(vkEnumeratePhysicalDevices(context.instance, &count, nullptr), "vkEnumeratePhysicalDevices");
    std::vector<VkPhysicalDevice> devices(count);
    check(vkEnumeratePhysicalDevices(context.instance, &count, devices.data()), "vkEnumeratePhysicalDevices");
    devices.resize(count);
    std::string reasons;
    for (VkPhysicalDevice device : devices) {
        std::string why;
        std::optional<Adapter> adapter = examine(device, &why);
        if (adapter && !wanted.software && adapter->core.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU) {
            why = fmt::format("{} runs on the processor, which the cpu backend uses better (HALYARD_VULKAN_SOFTWARE=1 "
                              "lists it)",
                              adapter->core.deviceName);
            adapter.reset();
        }
        if (adapter) {
            if (wanted.staged)
                hideMemory(*adapter);
            context.adapters.push_back(std::move(*adapter));
        } else {
            context.host.log(HY_LOG_INFO, why);
            reasons += (reasons.empty() ? "" : "; ") + why;
        }
    }
    if (context.adapters.empty())
        throw Failure{HY_ERROR_NOT_FOUND,
                      reasons.empty() ? "there is no Vulkan device" : "no Vulkan device can be used: " + reasons,
                      "install a driver of Vulkan 1.3 for your device"};
}

HyResult initialise(const HyHostServices* services, HyBackendContext* outContext) {
    const Host host(services);
    return guarded(host, [&] {
        const bool software = isOn(host.getEnv("HALYARD_VULKAN_SOFTWARE"));
        if (!software && !mayHaveGpu())
            throw Failure{HY_ERROR_NOT_FOUND,
                          "not opened: the system has no GPU (no render node in /dev/dri, no device of another driver)",
                          "HALYARD_VULKAN_SOFTWARE=1 lists Vulkan drivers that run on the processor"};
        if (loadSymbols() != VK_SUCCESS)
            throw Failure{HY_ERROR_NOT_FOUND, "libvulkan.so.1 cannot be opened",
                          "install the Vulkan loader (Debian: libvulkan1)"};
        if (volkGetInstanceVersion() < VK_API_VERSION_1_3)
            throw Failure{HY_ERROR_NOT_FOUND, "the Vulkan loader is older than Vulkan 1.3", "update it"};
        auto context = std::make_shared<Context>(host);
        createInstance(*context);
        findAdapters(*context, {software, isOn(host.getEnv("HALYARD_VULKAN_STAGING"))});
        *outContext = toHandle<HyBackendContext>(std::move(context));
        return HY_SUCCESS;
    });
}

void shutdown(HyBackendContext context) {
    destroyHandle(context);
}

constexpr HyBackendInterface kInterface{
    .structSize = sizeof(HyBackendInterface),
    .abiMajor = HY_BACKEND_ABI_MAJOR,
    .abiMinor = HY_BACKEND_ABI_MINOR,
    .name = "vulkan",
    .vendor = "Halyard",
    .buildId = HALYARD_BACKEND_BUILD_ID,
    .initialise = initialise,
    .shutdown = shutdown,
    .device = &kDeviceTable,
    .memory = &kMemoryTable,
    .stream = &kStreamTable,
    .event = &kEventTable,
    .module = &kModuleTable,
    .semaphore = &kSemaphoreTable,
    .graph = &kGraphTable,
    .profiling = &kProfilingTable,
};

} // namespace
} // namespace halyard::vulkan

HyResult hyBackendGetInterface(uint32_t hostAbi, const HyHostServices* services,
                               const HyBackendInterface** outInterface) {
    using namespace halyard::vulkan;
    if (hostAbi >> 16 != HY_BACKEND_ABI_MAJOR) {
        const Host host(services);
        return guarded(host, [&]() -> HyResult {
            throw Failure{HY_ERROR_INCOMPATIBLE_ABI,
                          fmt::format("the vulkan backend was built for backend ABI {}, the runtime has {}",
                                      HY_BACKEND_ABI_MAJOR, hostAbi >> 16),
                          "install the vulkan backend that comes with this Halyard"};
        });
    }
    *outInterface = &kInterface;
    return HY_SUCCESS;
}
