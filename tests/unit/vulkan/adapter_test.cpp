// What the backend says of a physical device: what it lacks, by name, and which memory it uses.
#include "adapter.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>

namespace halyard::vulkan {
namespace {

// The device that the functions below describe.
struct Described {
    uint32_t version = VK_API_VERSION_1_3;
    VkPhysicalDeviceFeatures core{};
    VkPhysicalDeviceVulkan11Features core11{};
    VkPhysicalDeviceVulkan12Features core12{};
    VkPhysicalDeviceVulkan13Features core13{};
    std::vector<VkQueueFamilyProperties> families;
    VkPhysicalDeviceMemoryProperties memory{};
    std::vector<const char*> extensions;
    VkExternalMemoryFeatureFlags opaqueDescriptors = 0;
};
Described described;

template <typename Structure> Structure* inChain(void* chain, VkStructureType type) {
    for (auto* at = static_cast<VkBaseOutStructure*>(chain); at != nullptr; at = at->pNext)
        if (at->sType == type)
            return reinterpret_cast<Structure*>(at);
    return nullptr;
}

// Copies what follows the structure's head, so that the chain stays as it is.
template <typename Structure> void answer(Structure* to, const Structure& from) {
    if (to == nullptr)
        return;
    void* const next = to->pNext;
    const VkStructureType type = to->sType;
    *to = from;
    to->sType = type;
    to->pNext = next;
}

VKAPI_ATTR void VKAPI_CALL getProperties(VkPhysicalDevice, VkPhysicalDeviceProperties* out) {
    *out = {};
    out->apiVersion = described.version;
    std::strcpy(out->deviceName, "Test GPU");
    out->limits.maxComputeWorkGroupInvocations = 1024;
    out->limits.maxComputeWorkGroupSize[0] = 512;
}

VKAPI_ATTR void VKAPI_CALL getProperties2(VkPhysicalDevice device, VkPhysicalDeviceProperties2* out) {
    getProperties(device, &out->properties);
    auto* const core11 = inChain<VkPhysicalDeviceVulkan11Properties>(
        out->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES);
    auto* const core13 = inChain<VkPhysicalDeviceVulkan13Properties>(
        out->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES);
    core11->maxMemoryAllocationSize = uint64_t{1} << 40;
    core13->maxBufferSize = uint64_t{1} << 30;
}

VKAPI_ATTR VkResult VKAPI_CALL getExtensions(VkPhysicalDevice, const char*, uint32_t* count,
                                             VkExtensionProperties* out) {
    *count = static_cast<uint32_t>(described.extensions.size());
    for (size_t i = 0; out != nullptr && i < described.extensions.size(); ++i)
        std::strcpy(out[i].extensionName, described.extensions[i]);
    return VK_SUCCESS;
}

VKAPI_ATTR void VKAPI_CALL getFeatures(VkPhysicalDevice, VkPhysicalDeviceFeatures2* out) {
    out->features = described.core;
    answer(inChain<VkPhysicalDeviceVulkan11Features>(out->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES),
           described.core11);
    answer(inChain<VkPhysicalDeviceVulkan12Features>(out->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES),
           described.core12);
    answer(inChain<VkPhysicalDeviceVulkan13Features>(out->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES),
           described.core13);
}

VKAPI_ATTR void VKAPI_CALL getFamilies(VkPhysicalDevice, uint32_t* count, VkQueueFamilyProperties* out) {
    if (out != nullptr)
        std::copy_n(described.families.begin(), *count, out);
    *count = static_cast<uint32_t>(described.families.size());
}

VKAPI_ATTR void VKAPI_CALL getMemory(VkPhysicalDevice, VkPhysicalDeviceMemoryProperties* out) {
    *out = described.memory;
}

VKAPI_ATTR void VKAPI_CALL getExternalBuffers(VkPhysicalDevice, const VkPhysicalDeviceExternalBufferInfo* info,
                                              VkExternalBufferProperties* out) {
    const bool opaque = info->handleType == VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
    out->externalMemoryProperties.externalMemoryFeatures = opaque ? described.opaqueDescriptors : 0;
}

constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kMapped = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;

class VulkanAdapter : public testing::Test {
protected:
    void SetUp() override {
        vkGetPhysicalDeviceProperties = getProperties;
        vkGetPhysicalDeviceProperties2 = getProperties2;
        vkEnumerateDeviceExtensionProperties = getExtensions;
        vkGetPhysicalDeviceFeatures2 = getFeatures;
        vkGetPhysicalDeviceQueueFamilyProperties = getFamilies;
        vkGetPhysicalDeviceMemoryProperties = getMemory;
        vkGetPhysicalDeviceExternalBufferProperties = getExternalBuffers;
        described = {};
        described.core.shaderInt64 = described.core.shaderInt16 = VK_TRUE;
        described.core11.storageBuffer16BitAccess = VK_TRUE;
        VkPhysicalDeviceVulkan12Features& core12 = described.core12;
        core12.shaderInt8 = core12.storageBuffer8BitAccess = core12.bufferDeviceAddress = VK_TRUE;
        core12.vulkanMemoryModel = core12.vulkanMemoryModelDeviceScope = core12.timelineSemaphore = VK_TRUE;
        core12.hostQueryReset = core12.scalarBlockLayout = VK_TRUE;
        VkPhysicalDeviceVulkan13Features& core13 = described.core13;
        core13.synchronization2 = core13.subgroupSizeControl = core13.computeFullSubgroups = VK_TRUE;
        core13.maintenance4 = VK_TRUE;
        described.families = {{VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT, 1, 64, {}}};
        setMemory({{kLocal, 8}, {kMapped | kCached, 16}});
    }

    // One heap a type; GiB.
    static void setMemory(const std::vector<std::pair<VkMemoryPropertyFlags, uint64_t>>& types) {
        described.memory = {};
        for (const auto& [flags, size] : types) {
            const uint32_t index = described.memory.memoryTypeCount++;
            described.memory.memoryTypes[index] = {flags, index};
            described.memory.memoryHeaps[described.memory.memoryHeapCount++] = {size << 30, 0};
        }
    }

    std::optional<Adapter> look() { return examine(VK_NULL_HANDLE, &why_); }

    std::string why_;
};

TEST_F(VulkanAdapter, WithAllFeaturesIsUsed) {
    const std::optional<Adapter> adapter = look();
    ASSERT_TRUE(adapter) << why_;
    EXPECT_STREQ(adapter->properties.name, "Test GPU");
    EXPECT_EQ(adapter->properties.maxWorkgroupInvocations, 512u);
    EXPECT_EQ(adapter->properties.totalMemory, uint64_t{8} << 30);
    EXPECT_EQ(adapter->properties.maxAllocation, uint64_t{1} << 30);
    EXPECT_EQ(adapter->properties.capabilities & HY_CAP_HOST_REGISTRATION, 0u);
}

TEST_F(VulkanAdapter, EachMissingFeatureIsNamed) {
    const std::pair<const char*, VkBool32*> features[] = {
        {"shaderInt64", &described.core.shaderInt64},
        {"shaderInt16", &described.core.shaderInt16},
        {"storageBuffer16BitAccess", &described.core11.storageBuffer16BitAccess},
        {"shaderInt8", &described.core12.shaderInt8},
        {"storageBuffer8BitAccess", &described.core12.storageBuffer8BitAccess},
        {"bufferDeviceAddress", &described.core12.bufferDeviceAddress},
        {"vulkanMemoryModel", &described.core12.vulkanMemoryModel},
        {"vulkanMemoryModelDeviceScope", &described.core12.vulkanMemoryModelDeviceScope},
        {"timelineSemaphore", &described.core12.timelineSemaphore},
        {"hostQueryReset", &described.core12.hostQueryReset},
        {"scalarBlockLayout", &described.core12.scalarBlockLayout},
        {"synchronization2", &described.core13.synchronization2},
        {"subgroupSizeControl", &described.core13.subgroupSizeControl},
        {"computeFullSubgroups", &described.core13.computeFullSubgroups},
        {"maintenance4", &described.core13.maintenance4},
    };
    for (const auto& [name, feature] : features) {
        *feature = VK_FALSE;
        EXPECT_FALSE(look()) << name;
        EXPECT_EQ(why_, std::string("Test GPU lacks the features ") + name);
        *feature = VK_TRUE;
    }
    described.core.shaderInt64 = described.core13.maintenance4 = VK_FALSE;
    EXPECT_FALSE(look());
    EXPECT_EQ(why_, "Test GPU lacks the features shaderInt64, maintenance4");
}

TEST_F(VulkanAdapter, AnOldVersionIsNamed) {
    described.version = VK_API_VERSION_1_2;
    EXPECT_FALSE(look());
    EXPECT_EQ(why_, "Test GPU lacks Vulkan 1.3 (it has 1.2)");
}

TEST_F(VulkanAdapter, ADeviceThatOnlyDrawsIsRefused) {
    described.families = {{VK_QUEUE_GRAPHICS_BIT, 1, 64, {}}};
    EXPECT_FALSE(look());
    EXPECT_EQ(why_, "Test GPU lacks a queue for compute");
}

TEST_F(VulkanAdapter, AQueueForComputeAloneIsPreferred) {
    described.families.push_back({VK_QUEUE_COMPUTE_BIT, 4, 36, {}});
    const std::optional<Adapter> adapter = look();
    ASSERT_TRUE(adapter) << why_;
    EXPECT_EQ(adapter->queueFamily, 1u);
    EXPECT_EQ(adapter->queueCount, 4u);
    EXPECT_EQ(adapter->timestampBits, 36u);
}

TEST_F(VulkanAdapter, ASmallWindowIsNotTheDevicesMemory) {
    described.memory = {};
    setMemory({{kLocal, 8}, {kLocal | kMapped | kCached, 1}, {kMapped | kCached, 16}});
    const std::optional<Adapter> adapter = look();
    ASSERT_TRUE(adapter) << why_;
    EXPECT_EQ(adapter->deviceType, 0u);
    EXPECT_FALSE(adapter->deviceMapped);
    EXPECT_EQ(adapter->hostType, 2u);
    EXPECT_EQ(adapter->properties.capabilities & HY_CAP_HOST_ACCESS, 0u);
}

TEST_F(VulkanAdapter, MemoryThatTheHostSeesWholeIsUsedDirectly) {
    setMemory({{kLocal, 8}, {kMapped | kCached, 4}, {kLocal | kMapped | kCached, 8}});
    const std::optional<Adapter> adapter = look();
    ASSERT_TRUE(adapter) << why_;
    EXPECT_EQ(adapter->deviceType, 2u);
    EXPECT_TRUE(adapter->deviceMapped);
    EXPECT_NE(adapter->properties.capabilities & HY_CAP_HOST_ACCESS, 0u);
}

TEST_F(VulkanAdapter, WithoutCoherentMemoryIsRefused) {
    setMemory({{kLocal, 8}});
    EXPECT_FALSE(look());
    EXPECT_EQ(why_, "Test GPU lacks memory for the device or coherent memory for the host");
}

TEST_F(VulkanAdapter, MemoryIsSharedWhereTheDriverBothExportsAndImportsIt) {
    const auto shares = [&] {
        const std::optional<Adapter> adapter = look();
        EXPECT_TRUE(adapter) << why_;
        const std::vector<const char*> enabled = chooseExtensions(*adapter);
        const bool claims = (adapter->properties.capabilities & HY_CAP_IPC) != 0;
        const bool enables = std::any_of(enabled.begin(), enabled.end(), [](const char* name) {
            return std::strcmp(name, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) == 0;
        });
        EXPECT_EQ(claims, enables);
        return claims;
    };
    constexpr VkExternalMemoryFeatureFlags kBoth =
        VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    described.opaqueDescriptors = kBoth;
    EXPECT_FALSE(shares()) << "without the extension";
    described.extensions = {VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME};
    EXPECT_TRUE(shares());
    described.opaqueDescriptors = VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    EXPECT_FALSE(shares()) << "what cannot be exported";
    described.opaqueDescriptors = VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT;
    EXPECT_FALSE(shares()) << "what cannot be imported";
}

} // namespace
} // namespace halyard::vulkan
