#define VOLK_IMPLEMENTATION
#include "vulkan/native.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace halyard::bench::vulkan {
namespace {

VkPhysicalDevice findAdapter(VkInstance instance, const uint8_t (&uuid)[16]) {
    uint32_t count = 0;
    check(vkEnumeratePhysicalDevices(instance, &count, nullptr), "vkEnumeratePhysicalDevices");
    std::vector<VkPhysicalDevice> all(count);
    check(vkEnumeratePhysicalDevices(instance, &count, all.data()), "vkEnumeratePhysicalDevices");
    for (VkPhysicalDevice adapter : all) {
        VkPhysicalDeviceIDProperties id{};
        id.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES;
        VkPhysicalDeviceProperties2 properties{};
        properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
        properties.pNext = &id;
        vkGetPhysicalDeviceProperties2(adapter, &properties);
        if (std::memcmp(id.deviceUUID, uuid, sizeof uuid) == 0) {
            return adapter;
        }
    }
    throw std::runtime_error("Vulkan has no device with the UUID of Halyard's");
}

uint32_t findQueueFamily(VkPhysicalDevice adapter) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(adapter, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(adapter, &count, families.data());
    for (uint32_t i = 0; i < count; ++i) {
        if ((families[i].queueFlags & VK_QUEUE_COMPUTE_BIT) != 0) {
            return i;
        }
    }
    throw std::runtime_error("the device has no queue for compute");
}

uint32_t findMemory(VkPhysicalDevice adapter, uint32_t types, VkMemoryPropertyFlags wanted) {
    VkPhysicalDeviceMemoryProperties memory{};
    vkGetPhysicalDeviceMemoryProperties(adapter, &memory);
    for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
        if ((types & (1u << i)) != 0 && (memory.memoryTypes[i].propertyFlags & wanted) == wanted) {
            return i;
        }
    }
    throw std::runtime_error("the device has no memory of the kind that the comparison needs");
}

} // namespace

void check(VkResult result, const char* call) {
    if (result < 0) {
        throw std::runtime_error(fmt::format("{} failed with {}", call, static_cast<int>(result)));
    }
}

Native::Native(const uint8_t (&uuid)[16]) {
    check(volkInitialize(), "opening libvulkan.so.1");
    VkApplicationInfo application{};
    application.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO;
    application.apiVersion = VK_API_VERSION_1_3;
    VkInstanceCreateInfo instance{};
    instance.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
    instance.pApplicationInfo = &application;
    check(vkCreateInstance(&instance, nullptr, &instance_), "vkCreateInstance");
    volkLoadInstanceOnly(instance_);
    adapter_ = findAdapter(instance_, uuid);
    const uint32_t family = findQueueFamily(adapter_);
    const float priority = 1.0f;
    VkDeviceQueueCreateInfo queue{};
    queue.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queue.queueFamilyIndex = family;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;
    VkPhysicalDeviceVulkan13Features features{};
    features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES;
    features.synchronization2 = VK_TRUE;
    VkDeviceCreateInfo device{};
    device.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
    device.pNext = &features;
    device.queueCreateInfoCount = 1;
    device.pQueueCreateInfos = &queue;
    check(vkCreateDevice(adapter_, &device, nullptr, &device_), "vkCreateDevice");
    volkLoadDevice(device_);
    vkGetDeviceQueue(device_, family, 0, &queue_);
    VkCommandPoolCreateInfo pool{};
    pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
    pool.queueFamilyIndex = family;
    check(vkCreateCommandPool(device_, &pool, nullptr, &pool_), "vkCreateCommandPool");
    VkCommandBufferAllocateInfo commands{};
    commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    commands.commandPool = pool_;
    commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    commands.commandBufferCount = 1;
    check(vkAllocateCommandBuffers(device_, &commands, &commands_), "vkAllocateCommandBuffers");
    VkFenceCreateInfo fence{};
    fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
    check(vkCreateFence(device_, &fence, nullptr, &fence_), "vkCreateFence");
}

Native::~Native() {
    vkDestroyFence(device_, fence_, nullptr);
    vkDestroyCommandPool(device_, pool_, nullptr);
    vkDestroyDevice(device_, nullptr);
    vkDestroyInstance(instance_, nullptr);
}

Native::Buffer Native::makeBuffer(VkDeviceSize bytes, bool onHost) const {
    Buffer made;
    made.bytes = bytes;
    VkBufferCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
    info.size = bytes;
    info.usage =
        VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
    check(vkCreateBuffer(device_, &info, nullptr, &made.buffer), "vkCreateBuffer");
    VkMemoryRequirements needs{};
    vkGetBufferMemoryRequirements(device_, made.buffer, &needs);
    VkMemoryAllocateInfo memory{};
    memory.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
    memory.allocationSize = needs.size;
    memory.memoryTypeIndex =
        findMemory(adapter_, needs.memoryTypeBits,
                   onHost ? VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT
                          : VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    check(vkAllocateMemory(device_, &memory, nullptr, &made.memory), "vkAllocateMemory");
    check(vkBindBufferMemory(device_, made.buffer, made.memory, 0), "vkBindBufferMemory");
    return made;
}

void Native::destroy(const Buffer& buffer) const {
    vkDestroyBuffer(device_, buffer.buffer, nullptr);
    vkFreeMemory(device_, buffer.memory, nullptr);
}

void Native::copy(const Buffer& from, const Buffer& to) const {
    const VkCommandBuffer commands = begin();
    const VkBufferCopy region{0, 0, from.bytes};
    vkCmdCopyBuffer(commands, from.buffer, to.buffer, 1, &region);
    submit(commands);
    wait();
}

void Native::upload(const Buffer& to, const std::vector<float>& values) const {
    const Buffer staging = makeBuffer(to.bytes, true);
    void* mapped = nullptr;
    check(vkMapMemory(device_, staging.memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
    std::memcpy(mapped, values.data(), values.size() * sizeof(float));
    copy(staging, to);
    destroy(staging);
}

std::vector<float> Native::download(const Buffer& from) const {
    const Buffer staging = makeBuffer(from.bytes, true);
    copy(from, staging);
    std::vector<float> values(from.bytes / sizeof(float));
    void* mapped = nullptr;
    check(vkMapMemory(device_, staging.memory, 0, VK_WHOLE_SIZE, 0, &mapped), "vkMapMemory");
    std::memcpy(values.data(), mapped, from.bytes);
    destroy(staging);
    return values;
}

VkCommandBuffer Native::begin() const {
    check(vkResetCommandPool(device_, pool_, 0), "vkResetCommandPool");
    VkCommandBufferBeginInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(vkBeginCommandBuffer(commands_, &info), "vkBeginCommandBuffer");
    return commands_;
}

void Native::submit(VkCommandBuffer commands) const {
    check(vkEndCommandBuffer(commands), "vkEndCommandBuffer");
    VkSubmitInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
    info.commandBufferCount = 1;
    info.pCommandBuffers = &commands;
    check(vkQueueSubmit(queue_, 1, &info, fence_), "vkQueueSubmit");
}

void Native::wait() const {
    check(vkWaitForFences(device_, 1, &fence_, VK_TRUE, UINT64_MAX), "vkWaitForFences");
    check(vkResetFences(device_, 1, &fence_), "vkResetFences");
}

NativeKernel::NativeKernel(const Native& native, const Twin& twin) : native_(native), twin_(twin) {
    const VkDevice device = native.device();
    const auto count = static_cast<uint32_t>(twin.floats.size());
    for (const size_t floats : twin.floats) {
        buffers_.push_back(native.makeBuffer(floats * sizeof(float), false));
    }
    std::vector<VkDescriptorSetLayoutBinding> bindings;
    for (uint32_t i = 0; i < count; ++i) {
        bindings.push_back({i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
    }
    VkDescriptorSetLayoutCreateInfo setLayout{};
    setLayout.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
    setLayout.bindingCount = count;
    setLayout.pBindings = bindings.data();
    check(vkCreateDescriptorSetLayout(device, &setLayout, nullptr, &setLayout_), "vkCreateDescriptorSetLayout");
    const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, count};
    VkDescriptorPoolCreateInfo pool{};
    pool.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO;
    pool.maxSets = 1;
    pool.poolSizeCount = 1;
    pool.pPoolSizes = &size;
    check(vkCreateDescriptorPool(device, &pool, nullptr, &descriptors_), "vkCreateDescriptorPool");
    VkDescriptorSetAllocateInfo set{};
    set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO;
    set.descriptorPool = descriptors_;
    set.descriptorSetCount = 1;
    set.pSetLayouts = &setLayout_;
    check(vkAllocateDescriptorSets(device, &set, &set_), "vkAllocateDescriptorSets");
    for (uint32_t i = 0; i < count; ++i) {
        const VkDescriptorBufferInfo whole{buffers_[i].buffer, 0, VK_WHOLE_SIZE};
        VkWriteDescriptorSet write{};
        write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
        write.dstSet = set_;
        write.dstBinding = i;
        write.descriptorCount = 1;
        write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        write.pBufferInfo = &whole;
        vkUpdateDescriptorSets(device, 1, &write, 0, nullptr);
    }
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                    static_cast<uint32_t>(twin.push.size() * sizeof(uint32_t))};
    VkPipelineLayoutCreateInfo layout{};
    layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    layout.setLayoutCount = 1;
    layout.pSetLayouts = &setLayout_;
    layout.pushConstantRangeCount = 1;
    layout.pPushConstantRanges = &range;
    check(vkCreatePipelineLayout(device, &layout, nullptr, &layout_), "vkCreatePipelineLayout");
    VkShaderModuleCreateInfo shader{};
    shader.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
    shader.codeSize = twin.glsl.size_bytes();
    shader.pCode = twin.glsl.data();
    VkShaderModule module = VK_NULL_HANDLE;
    check(vkCreateShaderModule(device, &shader, nullptr, &module), "vkCreateShaderModule");
    VkComputePipelineCreateInfo pipeline{};
    pipeline.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
    pipeline.layout = layout_;
    pipeline.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    pipeline.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    pipeline.stage.module = module;
    pipeline.stage.pName = "main";
    const VkResult made = vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &pipeline, nullptr, &pipeline_);
    vkDestroyShaderModule(device, module, nullptr);
    check(made, "vkCreateComputePipelines");
}

NativeKernel::~NativeKernel() {
    const VkDevice device = native_.device();
    vkDestroyPipeline(device, pipeline_, nullptr);
    vkDestroyPipelineLayout(device, layout_, nullptr);
    vkDestroyDescriptorPool(device, descriptors_, nullptr);
    vkDestroyDescriptorSetLayout(device, setLayout_, nullptr);
    for (const Native::Buffer& buffer : buffers_) {
        native_.destroy(buffer);
    }
}

void NativeKernel::upload(const Twin::Contents& contents) const {
    for (size_t i = 0; i < contents.size(); ++i) {
        native_.upload(buffers_[i], contents[i]);
    }
}

void NativeKernel::submit(unsigned count, const HyDim3& groups) const {
    const VkCommandBuffer commands = native_.begin();
    VkMemoryBarrier2 memory{};
    memory.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
    memory.srcStageMask = memory.dstStageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT;
    memory.srcAccessMask = VK_ACCESS_2_SHADER_WRITE_BIT;
    memory.dstAccessMask = VK_ACCESS_2_SHADER_READ_BIT | VK_ACCESS_2_SHADER_WRITE_BIT;
    VkDependencyInfo dependency{};
    dependency.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
    dependency.memoryBarrierCount = 1;
    dependency.pMemoryBarriers = &memory;
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline_);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout_, 0, 1, &set_, 0, nullptr);
    for (unsigned i = 0; i < count; ++i) {
        vkCmdPushConstants(commands, layout_, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                           static_cast<uint32_t>(twin_.push.size() * sizeof(uint32_t)), twin_.push.data());
        vkCmdPipelineBarrier2(commands, &dependency);
        vkCmdDispatch(commands, groups.x, groups.y, groups.z);
    }
    native_.submit(commands);
}

} // namespace halyard::bench::vulkan
