// A physical device: what it has, what it lacks of what the backend needs, and what Halyard says about it.
#pragma once

#include "status.h"

#include <optional>
#include <string>
#include <vector>

namespace halyard::vulkan {

// The features that the backend looks at, chained; `features.pNext` begins the chain. Not copyable: it points into
// itself.
struct Features {
    Features();
    Features(const Features&) = delete;
    Features& operator=(const Features&) = delete;

    VkPhysicalDeviceFeatures2 features{};
    VkPhysicalDeviceVulkan11Features core11{};
    VkPhysicalDeviceVulkan12Features core12{};
    VkPhysicalDeviceVulkan13Features core13{};
    VkPhysicalDeviceShaderAtomicFloatFeaturesEXT atomicFloat{};
};

// Every device with VK_KHR_push_descriptor takes so many.
constexpr uint32_t kMostPushDescriptors = 32;

// What buffers of the backend are for.
constexpr VkBufferUsageFlags kBufferUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                                            VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT |
                                            VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;

// Immutable.
struct Adapter {
    VkPhysicalDevice device = VK_NULL_HANDLE;
    VkPhysicalDeviceProperties core{};
    VkPhysicalDeviceVulkan11Properties core11{};
    VkPhysicalDeviceVulkan12Properties core12{};
    VkPhysicalDeviceVulkan13Properties core13{};
    VkPhysicalDeviceMemoryProperties memory{};
    uint64_t hostImportAlignment = 0; // of VK_EXT_external_memory_host; 0: the device lacks it
    bool sharesMemory = false;        // with other processes, by VK_KHR_external_memory_fd
    bool hasMemoryBudget = false;
    bool hasAtomicFloat = false;
    uint32_t maxPushDescriptors = 0; // of VK_KHR_push_descriptor, up to kMostPushDescriptors; 0: the device lacks it
    bool hasCalibratedTime = false;  // the device's clock beside CLOCK_MONOTONIC
    uint32_t queueFamily = 0;
    uint32_t queueCount = 0;
    uint32_t timestampBits = 0;
    uint32_t deviceType = 0;   // memory type of hyMemAlloc
    bool deviceMapped = false; // and whether the host sees it
    uint32_t hostType = 0;     // coherent, for arguments and staging
    HyDeviceProperties properties{};

    bool isLavapipe() const { return core12.driverID == VK_DRIVER_ID_MESA_LLVMPIPE; }
};

// What `device` is; or, in `*outWhy`, everything that it lacks. Throws std::bad_alloc.
std::optional<Adapter> examine(VkPhysicalDevice device, std::string* outWhy);
// As if the host did not see the device's memory, so that all copies with it go through staging memory.
void hideMemory(Adapter& adapter);
// Enables in `wanted` what kernels may use and `adapter` has. What the backend itself needs is there.
void chooseFeatures(const Adapter& adapter, Features& wanted);
// Extensions that the backend uses and the device has.
std::vector<const char*> chooseExtensions(const Adapter& adapter);

} // namespace halyard::vulkan
