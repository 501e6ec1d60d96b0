// The driver's functions, through volk: opened at run time, never closed. Functions of an instance are volk's globals,
// functions of a device are in a table of that device.
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <string>
#include <volk.h>

// X(name): what every driver must have. A missing one is named, and the backend or the device is not used.
// clang-format off
#define HALYARD_VULKAN_INSTANCE_SYMBOLS(X) \
    X(vkCreateDevice) \
    X(vkDestroyInstance) \
    X(vkEnumerateDeviceExtensionProperties) \
    X(vkEnumeratePhysicalDevices) \
    X(vkGetPhysicalDeviceExternalBufferProperties) \
    X(vkGetPhysicalDeviceFeatures2) \
    X(vkGetPhysicalDeviceMemoryProperties) \
    X(vkGetPhysicalDeviceMemoryProperties2) \
    X(vkGetPhysicalDeviceProperties) \
    X(vkGetPhysicalDeviceProperties2) \
    X(vkGetPhysicalDeviceQueueFamilyProperties)
#define HALYARD_VULKAN_DEVICE_SYMBOLS(X) \
    X(vkAllocateCommandBuffers) \
    X(vkAllocateMemory) \
    X(vkBeginCommandBuffer) \
    X(vkBindBufferMemory) \
    X(vkCmdBindPipeline) \
    X(vkCmdCopyBuffer) \
    X(vkCmdDispatch) \
    X(vkCmdDispatchBase) \
    X(vkCmdExecuteCommands) \
    X(vkCmdFillBuffer) \
    X(vkCmdPipelineBarrier2) \
    X(vkCmdPushConstants) \
    X(vkCmdWriteTimestamp2) \
    X(vkCreateBuffer) \
    X(vkCreateCommandPool) \
    X(vkCreateComputePipelines) \
    X(vkCreatePipelineLayout) \
    X(vkCreateQueryPool) \
    X(vkCreateSemaphore) \
    X(vkCreateShaderModule) \
    X(vkDestroyBuffer) \
    X(vkDestroyCommandPool) \
    X(vkDestroyDevice) \
    X(vkDestroyPipeline) \
    X(vkDestroyPipelineLayout) \
    X(vkDestroyQueryPool) \
    X(vkDestroySemaphore) \
    X(vkDestroyShaderModule) \
    X(vkEndCommandBuffer) \
    X(vkFreeMemory) \
    X(vkGetBufferDeviceAddress) \
    X(vkGetBufferMemoryRequirements) \
    X(vkGetDeviceQueue) \
    X(vkGetQueryPoolResults) \
    X(vkGetSemaphoreCounterValue) \
    X(vkMapMemory) \
    X(vkQueueSubmit2) \
    X(vkQueueWaitIdle) \
    X(vkResetCommandPool) \
    X(vkResetQueryPool) \
    X(vkWaitSemaphores)
// Of extensions: without one, the backend lacks what the extension is for.
#define HALYARD_VULKAN_OPTIONAL_INSTANCE_SYMBOLS(X) \
    X(vkCreateDebugUtilsMessengerEXT) \
    X(vkDestroyDebugUtilsMessengerEXT) \
    X(vkGetPhysicalDeviceCalibrateableTimeDomainsEXT)
#define HALYARD_VULKAN_OPTIONAL_DEVICE_SYMBOLS(X) \
    X(vkGetCalibratedTimestampsEXT) \
    X(vkGetMemoryFdKHR) \
    X(vkGetMemoryHostPointerPropertiesEXT)
// clang-format on

namespace halyard::vulkan {

// Opens the loader and makes volk's global functions. VK_SUCCESS, or VK_ERROR_INITIALIZATION_FAILED: there is none.
// Thread-safe.
VkResult loadSymbols();
// Makes volk's instance functions. They are trampolines of the loader, the same for every instance. Thread-safe.
// Returns the required ones that are missing, with commas between; throws std::bad_alloc.
std::string loadSymbols(VkInstance instance);
// Makes a device's table. Returns the required ones that are missing; throws std::bad_alloc.
std::string loadSymbols(VkDevice device, VolkDeviceTable& outTable);

} // namespace halyard::vulkan
