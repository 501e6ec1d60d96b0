#include "adapter.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

struct Needed {
    const char* name;
    VkBool32 has;
};

std::vector<Needed> needs(const Features& found) {
    return {
        {"shaderInt64", found.features.features.shaderInt64},
        {"shaderInt8", found.core12.shaderInt8},
        {"shaderInt16", found.features.features.shaderInt16},
        {"storageBuffer8BitAccess", found.core12.storageBuffer8BitAccess},
        {"storageBuffer16BitAccess", found.core11.storageBuffer16BitAccess},
        {"bufferDeviceAddress", found.core12.bufferDeviceAddress},
        {"vulkanMemoryModel", found.core12.vulkanMemoryModel},
        {"vulkanMemoryModelDeviceScope", found.core12.vulkanMemoryModelDeviceScope},
        {"timelineSemaphore", found.core12.timelineSemaphore},
        {"hostQueryReset", found.core12.hostQueryReset},
        {"scalarBlockLayout", found.core12.scalarBlockLayout},
        {"synchronization2", found.core13.synchronization2},
        {"subgroupSizeControl", found.core13.subgroupSizeControl},
        {"computeFullSubgroups", found.core13.computeFullSubgroups},
        {"maintenance4", found.core13.maintenance4},
    };
}

std::vector<VkExtensionProperties> extensionsOf(VkPhysicalDevice device) {
    uint32_t count = 0;
    if (vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr) < 0)
        return {};
    std::vector<VkExtensionProperties> all(count);
    if (vkEnumerateDeviceExtensionProperties(device, nullptr, &count, all.data()) < 0)
        return {};
    all.resize(count);
    return all;
}

bool has(const std::vector<VkExtensionProperties>& all, const char* name) {
    return std::any_of(all.begin(), all.end(),
                       [name](const auto& one) { return std::strcmp(one.extensionName, name) == 0; });
}

bool knowsBothClocks(VkPhysicalDevice device) {
    if (vkGetPhysicalDeviceCalibrateableTimeDomainsEXT == nullptr)
        return false;
    uint32_t count = 0;
    if (vkGetPhysicalDeviceCalibrateableTimeDomainsEXT(device, &count, nullptr) < 0)
        return false;
    std::vector<VkTimeDomainEXT> domains(count);
    if (vkGetPhysicalDeviceCalibrateableTimeDomainsEXT(device, &count, domains.data()) < 0)
        return false;
    domains.resize(count);
    const auto knows = [&](VkTimeDomainEXT domain) {
        return std::find(domains.begin(), domains.end(), domain) != domains.end();
    };
    return knows(VK_TIME_DOMAIN_DEVICE_EXT) && knows(VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT);
}

// Whether buffers can be exported and imported as opaque file descriptors.
bool canShareMemory(VkPhysicalDevice device) {
    VkPhysicalDeviceExternalBufferInfo asked{};
    asked.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO;
    asked.usage = kBufferUsage;
    asked.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    VkExternalBufferProperties told{};
    told.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES;
    vkGetPhysicalDeviceExternalBufferProperties(device, &asked, &told);
    constexpr VkExternalMemoryFeatureFlags kBoth =
        VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    return (told.externalMemoryProperties.externalMemoryFeatures & kBoth) == kBoth;
}

// A compute queue family, one for compute alone if there is one, which no rendering shares.
bool chooseQueue(Adapter& adapter) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(adapter.device, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(adapter.device, &count, families.data());
    for (uint32_t i = 0; i < count; ++i) {
        const VkQueueFamilyProperties& family = families[i];
        const bool better = adapter.queueCount == 0 || (family.queueFlags & VK_QUEUE_GRAPHICS_BIT) == 0;
        if ((family.queueFlags & VK_QUEUE_COMPUTE_BIT) == 0 || family.queueCount == 0 || !better)
            continue;
        adapter.queueFamily = i;
        adapter.queueCount = family.queueCount;
        adapter.timestampBits = family.timestampValidBits;
        if ((family.queueFlags & VK_QUEUE_GRAPHICS_BIT) == 0)
            break;
    }
    return adapter.queueCount != 0;
}

// The first type with all of `flags`, on the largest heap; none: UINT32_MAX.
uint32_t memoryType(const Adapter& adapter, VkMemoryPropertyFlags flags, uint64_t atLeast = 0) {
    uint32_t best = UINT32_MAX;
    const auto heap = [&](uint32_t type) {
        return adapter.memory.memoryHeaps[adapter.memory.memoryTypes[type].heapIndex].size;
    };
    for (uint32_t i = 0; i < adapter.memory.memoryTypeCount; ++i) {
        const VkMemoryPropertyFlags own = adapter.memory.memoryTypes[i].propertyFlags;
        // Such memory needs features of its own.
        constexpr VkMemoryPropertyFlags kOdd = VK_MEMORY_PROPERTY_PROTECTED_BIT |
                                               VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD |
                                               VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT;
        if ((own & flags) == flags && (own & kOdd) == 0 && heap(i) >= atLeast &&
            (best == UINT32_MAX || heap(i) > heap(best)))
            best = i;
    }
    return best;
}

bool chooseMemory(Adapter& adapter) {
    constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    constexpr VkMemoryPropertyFlags kMapped =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const uint32_t local = memoryType(adapter, kLocal);
    adapter.hostType = memoryType(adapter, kMapped | VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
    if (adapter.hostType == UINT32_MAX)
        adapter.hostType = memoryType(adapter, kMapped);
    if (local == UINT32_MAX || adapter.hostType == UINT32_MAX)
        return false;
    // Unified memory, or a device whose whole memory the host sees. Reads by the host are slow unless it is cached:
    // then copies are the better way, and the host gets no pointer.
    const uint64_t localBytes = adapter.memory.memoryHeaps[adapter.memory.memoryTypes[local].heapIndex].size;
    const uint32_t both = memoryType(adapter, kLocal | kMapped | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, localBytes);
    adapter.deviceMapped = both != UINT32_MAX;
    adapter.deviceType = adapter.deviceMapped ? both : local;
    return true;
}

std::string vendorName(uint32_t id) {
    switch (id) {
    case 0x1002:
        return "AMD";
    case 0x10de:
        return "NVIDIA";
    case 0x8086:
        return "Intel";
    case 0x13b5:
        return "ARM";
    case 0x5143:
        return "Qualcomm";
    case VK_VENDOR_ID_MESA:
        return "Mesa";
    default:
        return fmt::format("vendor {:#x}", id);
    }
}

HyDeviceType typeOf(VkPhysicalDeviceType type) {
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU:
        return HY_DEVICE_TYPE_DISCRETE_GPU;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return HY_DEVICE_TYPE_INTEGRATED_GPU;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return HY_DEVICE_TYPE_EMULATED; // a driver for testing; the cpu backend is what uses a processor well
    default:
        return HY_DEVICE_TYPE_OTHER;
    }
}

template <size_t Size> void write(char (&out)[Size], const std::string& text) {
    const size_t length = std::min(text.size(), Size - 1);
    std::memcpy(out, text.data(), length);
    out[length] = 0;
}

HyCapabilities capabilitiesOf(const Adapter& adapter, const Features& found) {
    HyCapabilities all = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE | HY_CAP_INT64 |
                         HY_CAP_FLOAT32_ATOMIC_ADD | HY_CAP_HOST_FUNCTIONS | HY_CAP_TIMELINE_SEMAPHORES | HY_CAP_GRAPHS;
    const auto add = [&](bool holds, HyCapabilities capability) { all |= holds ? capability : 0; };
    add(found.core12.shaderFloat16 != 0, HY_CAP_FLOAT16);
    add(found.features.features.shaderFloat64 != 0, HY_CAP_FLOAT64);
    add(found.core12.shaderBufferInt64Atomics != 0, HY_CAP_INT64_ATOMICS);
    add(adapter.timestampBits != 0, HY_CAP_TIMING);
    add(adapter.hostImportAlignment != 0, HY_CAP_HOST_REGISTRATION);
    add(adapter.deviceMapped, HY_CAP_HOST_ACCESS);
    add(adapter.sharesMemory, HY_CAP_IPC);
    add(true, HY_CAP_SHARE_SEMAPHORES);
    add((adapter.core13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0, HY_CAP_SUBGROUP_SIZE_CONTROL);
    add(adapter.queueCount > 1, HY_CAP_CONCURRENT_STREAMS);
    return all;
}

// Behind the flattened workgroup there is one dimension to the driver, so its limit there is the limit of the product.
void describe(Adapter& adapter, const Features& found, const VkPhysicalDevicePCIBusInfoPropertiesEXT* pci) {
    HyDeviceProperties& out = adapter.properties;
    const VkPhysicalDeviceLimits& limits = adapter.core.limits;
    out.structSize = sizeof out;
    out.type = typeOf(adapter.core.deviceType);
    write(out.name, adapter.core.deviceName);
    write(out.backend, "vulkan");
    write(out.vendor, vendorName(adapter.core.vendorID));
    write(out.driver, fmt::format("{} {}", adapter.core12.driverName, adapter.core12.driverInfo));
    write(out.isa, fmt::format("Vulkan {}.{}", VK_API_VERSION_MAJOR(adapter.core.apiVersion),
                               VK_API_VERSION_MINOR(adapter.core.apiVersion)));
    std::memcpy(out.uuid, adapter.core11.deviceUUID, sizeof out.uuid);
    out.pciDomain = pci != nullptr ? pci->pciDomain : ~0U;
    out.pciBus = pci != nullptr ? pci->pciBus : ~0U;
    out.pciDevice = pci != nullptr ? pci->pciDevice : ~0U;
    out.pciFunction = pci != nullptr ? pci->pciFunction : ~0U;
    out.computeUnits = 1; // Vulkan does not tell
    out.maxWorkgroupInvocations = std::min(limits.maxComputeWorkGroupInvocations, limits.maxComputeWorkGroupSize[0]);
    for (int i = 0; i < 3; ++i) {
        out.maxWorkgroupSize[i] = out.maxWorkgroupInvocations;
        out.maxWorkgroups[i] = INT32_MAX; // by slices
    }
    out.subgroupSizeMin = adapter.core13.minSubgroupSize;
    out.subgroupSizeMax = adapter.core13.maxSubgroupSize;
    out.maxLocalBytes = limits.maxComputeSharedMemorySize;
    out.maxArgumentBytes = 4096;
    out.memoryAlignment = 256;
    out.totalMemory = adapter.memory.memoryHeaps[adapter.memory.memoryTypes[adapter.deviceType].heapIndex].size;
    const uint64_t largest = std::min(adapter.core11.maxMemoryAllocationSize, adapter.core13.maxBufferSize);
    // An allocation of its own is rounded up.
    out.maxAllocation = std::min(out.totalMemory, largest) & ~uint64_t{0xffff};
    out.capabilities = capabilitiesOf(adapter, found);
}

} // namespace

Features::Features() {
    features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
    core11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES;
    core12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES;
    core13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
    atomicFloat.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_ATOMIC_FLOAT_FEATURES_EXT;
    features.pNext = &core11;
    core11.pNext = &core12;
    core12.pNext = &core13;
}

std::optional<Adapter> examine(VkPhysicalDevice device, std::string* outWhy) {
    Adapter adapter;
    adapter.device = device;
    vkGetPhysicalDeviceProperties(device, &adapter.core);
    const auto refuse = [&](const std::string& what) {
        *outWhy = fmt::format("{} lacks {}", adapter.core.deviceName, what);
        return std::nullopt;
    };
    if (adapter.core.apiVersion < VK_API_VERSION_1_3)
        return refuse(fmt::format("Vulkan 1.3 (it has {}.{})", VK_API_VERSION_MAJOR(adapter.core.apiVersion),
                                  VK_API_VERSION_MINOR(adapter.core.apiVersion)));
    const std::vector<VkExtensionProperties> extensions = extensionsOf(device);
    Features found;
    adapter.hasAtomicFloat = has(extensions, VK_EXT_SHADER_ATOMIC_FLOAT_EXTENSION_NAME);
    if (adapter.hasAtomicFloat)
        found.core13.pNext = &found.atomicFloat;
    vkGetPhysicalDeviceFeatures2(device, &found.features);
    std::string missing;
    for (const Needed& need : needs(found))
        if (need.has == VK_FALSE)
            missing += (missing.empty() ? "" : ", ") + std::string(need.name);
    if (!missing.empty())
        return refuse("the features " + missing);
    VkPhysicalDeviceProperties2 properties{};
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT import{};
    VkPhysicalDevicePCIBusInfoPropertiesEXT pci{};
    properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
    adapter.core11.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES;
    adapter.core12.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES;
    adapter.core13.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES;
    import.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT;
    pci.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PCI_BUS_INFO_PROPERTIES_EXT;
    properties.pNext = &adapter.core11;
    adapter.core11.pNext = &adapter.core12;
    adapter.core12.pNext = &adapter.core13;
    void** next = &adapter.core13.pNext;
    if (has(extensions, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)) {
        *next = &import;
        next = &import.pNext;
    }
    VkPhysicalDevicePushDescriptorPropertiesKHR push{};
    push.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PUSH_DESCRIPTOR_PROPERTIES_KHR;
    if (has(extensions, VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME)) {
        *next = &push;
        next = &push.pNext;
    }
    const bool onPci = has(extensions, VK_EXT_PCI_BUS_INFO_EXTENSION_NAME);
    if (onPci)
        *next = &pci;
    vkGetPhysicalDeviceProperties2(device, &properties);
    adapter.core11.pNext = adapter.core12.pNext = adapter.core13.pNext = nullptr;
    adapter.core = properties.properties;
    adapter.hostImportAlignment = import.minImportedHostPointerAlignment;
    adapter.maxPushDescriptors = std::min(push.maxPushDescriptors, kMostPushDescriptors);
    adapter.sharesMemory = has(extensions, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) && canShareMemory(device);
    adapter.hasMemoryBudget = has(extensions, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    vkGetPhysicalDeviceMemoryProperties(device, &adapter.memory);
    if (!chooseQueue(adapter))
        return refuse("a queue for compute");
    adapter.hasCalibratedTime = has(extensions, VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME) &&
                                adapter.timestampBits != 0 && knowsBothClocks(device);
    if (!chooseMemory(adapter))
        return refuse("memory for the device or coherent memory for the host");
    describe(adapter, found, onPci ? &pci : nullptr);
    return adapter;
}

void hideMemory(Adapter& adapter) {
    adapter.deviceMapped = false;
    adapter.properties.capabilities &= ~HY_CAP_HOST_ACCESS;
}

void chooseFeatures(const Adapter& adapter, Features& wanted) {
    Features found;
    if (adapter.hasAtomicFloat) {
        found.core13.pNext = &found.atomicFloat;
        wanted.core13.pNext = &wanted.atomicFloat;
    }
    vkGetPhysicalDeviceFeatures2(adapter.device, &found.features);
    VkPhysicalDeviceFeatures& core = wanted.features.features;
    core.shaderInt64 = core.shaderInt16 = VK_TRUE;
    core.shaderFloat64 = found.features.features.shaderFloat64;
    wanted.core11.storageBuffer16BitAccess = VK_TRUE;
    wanted.core12.shaderInt8 = wanted.core12.storageBuffer8BitAccess = VK_TRUE;
    wanted.core12.shaderFloat16 = found.core12.shaderFloat16;
    wanted.core12.shaderBufferInt64Atomics = found.core12.shaderBufferInt64Atomics;
    wanted.core12.shaderSharedInt64Atomics = found.core12.shaderSharedInt64Atomics;
    wanted.core12.shaderSubgroupExtendedTypes = found.core12.shaderSubgroupExtendedTypes;
    wanted.core12.bufferDeviceAddress = wanted.core12.vulkanMemoryModel = VK_TRUE;
    wanted.core12.vulkanMemoryModelDeviceScope = wanted.core12.timelineSemaphore = VK_TRUE;
    wanted.core12.hostQueryReset = wanted.core12.scalarBlockLayout = VK_TRUE;
    wanted.core13.synchronization2 = wanted.core13.subgroupSizeControl = VK_TRUE;
    wanted.core13.computeFullSubgroups = wanted.core13.maintenance4 = VK_TRUE;
    wanted.atomicFloat.shaderBufferFloat32Atomics = found.atomicFloat.shaderBufferFloat32Atomics;
    wanted.atomicFloat.shaderBufferFloat32AtomicAdd = found.atomicFloat.shaderBufferFloat32AtomicAdd;
}

std::vector<const char*> chooseExtensions(const Adapter& adapter) {
    std::vector<const char*> names;
    if (adapter.hostImportAlignment != 0)
        names.push_back(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
    if (adapter.sharesMemory)
        names.push_back(VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    if (adapter.hasMemoryBudget)
        names.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    if (adapter.hasCalibratedTime)
        names.push_back(VK_EXT_CALIBRATED_TIMESTAMPS_EXTENSION_NAME);
    if (adapter.maxPushDescriptors != 0)
        names.push_back(VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME);
    if (adapter.hasAtomicFloat)
        names.push_back(VK_EXT_SHADER_ATOMIC_FLOAT_EXTENSION_NAME);
    return names;
}

} // namespace halyard::vulkan
