// The driver's functions, through volk: opened at run time, never closed. Functions of an instance are volk's globals,
// functions of a device are in a table of that device.
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <volk.h>

namespace halyard::vulkan {

// Opens the loader and makes volk's global functions. VK_SUCCESS, or VK_ERROR_INITIALIZATION_FAILED: there is none.
// Thread-safe.
VkResult loadSymbols();
// Makes volk's instance functions. They are trampolines of the loader, the same for every instance. Thread-safe.
void loadSymbols(VkInstance instance);

} // namespace halyard::vulkan
