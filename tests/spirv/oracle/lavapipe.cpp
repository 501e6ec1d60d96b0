// GLCompute modules on the first CPU device that Vulkan finds (Mesa's lavapipe). Buffers are bindings 0, 1, ... of set
// 0; the module's own LocalSize is the workgroup size.
#include "oracle/protocol.h"

#include <cstring>
#include <vulkan/vulkan.h>

namespace halyard::spirvtest::oracle {
namespace {

Outcome failure(const char* call, VkResult code) {
    return {HY_ERROR_NATIVE, call, "VkResult " + std::to_string(code)};
}

#define TRY(call)                                                                                                      \
    if (const VkResult result = call; result != VK_SUCCESS)                                                            \
    return failure(#call, result)

// Nothing is destroyed: the process ends after one launch.
class Session {
public:
    Outcome open() {
        VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
        application.apiVersion = VK_API_VERSION_1_3;
        VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
        info.pApplicationInfo = &application;
        VkInstance instance = nullptr;
        TRY(vkCreateInstance(&info, nullptr, &instance));
        uint32_t count = 0;
        TRY(vkEnumeratePhysicalDevices(instance, &count, nullptr));
        std::vector<VkPhysicalDevice> devices(count);
        TRY(vkEnumeratePhysicalDevices(instance, &count, devices.data()));
        for (VkPhysicalDevice candidate : devices) {
            VkPhysicalDeviceProperties properties{};
            vkGetPhysicalDeviceProperties(candidate, &properties);
            if (properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU)
                physical_ = candidate;
        }
        if (physical_ == nullptr)
            return {HY_ERROR_NOT_FOUND, "vkEnumeratePhysicalDevices", "Vulkan has no CPU device"};
        const float priority = 1;
        VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
        queue.queueCount = 1; // lavapipe has one family
        queue.pQueuePriorities = &priority;
        VkPhysicalDeviceVulkan13Features features13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
        VkPhysicalDeviceVulkan12Features features12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &features13};
        VkPhysicalDeviceVulkan11Features features11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &features12};
        VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &features11};
        vkGetPhysicalDeviceFeatures2(physical_, &features);
        VkDeviceCreateInfo device{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features};
        device.queueCreateInfoCount = 1;
        device.pQueueCreateInfos = &queue;
        TRY(vkCreateDevice(physical_, &device, nullptr, &device_));
        vkGetDeviceQueue(device_, 0, 0, &queue_);
        return {};
    }

    Outcome run(const Words& words, Launch& launch) {
        if (Outcome outcome = makePipeline(words, launch); !outcome.ok())
            return outcome;
        if (Outcome outcome = makeBuffers(launch); !outcome.ok())
            return outcome;
        if (Outcome outcome = submit(launch); !outcome.ok())
            return outcome;
        for (size_t i = 0; i < mapped_.size(); ++i)
            std::memcpy(launch.arguments[i].bytes.data(), mapped_[i], launch.arguments[i].bytes.size());
        return {};
    }

private:
    Outcome makePipeline(const Words& words, const Launch& launch) {
        std::vector<VkDescriptorSetLayoutBinding> bindings;
        for (uint32_t i = 0; i < launch.arguments.size(); ++i) {
            if (launch.arguments[i].kind != Argument::Kind::Buffer)
                return {HY_ERROR_UNSUPPORTED, "run", "arguments other than buffers are not implemented here"};
            bindings.push_back({i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
        }
        VkDescriptorSetLayoutCreateInfo set{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO};
        set.bindingCount = static_cast<uint32_t>(bindings.size());
        set.pBindings = bindings.data();
        TRY(vkCreateDescriptorSetLayout(device_, &set, nullptr, &setLayout_));
        VkPipelineLayoutCreateInfo layout{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
        layout.setLayoutCount = 1;
        layout.pSetLayouts = &setLayout_;
        TRY(vkCreatePipelineLayout(device_, &layout, nullptr, &layout_));
        VkShaderModuleCreateInfo code{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
        code.codeSize = words.size() * 4;
        code.pCode = words.data();
        VkShaderModule module = nullptr;
        TRY(vkCreateShaderModule(device_, &code, nullptr, &module));
        VkComputePipelineCreateInfo pipeline{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO};
        pipeline.stage = {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO};
        pipeline.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
        pipeline.stage.module = module;
        pipeline.stage.pName = launch.kernel.c_str();
        pipeline.layout = layout_;
        TRY(vkCreateComputePipelines(device_, nullptr, 1, &pipeline, nullptr, &pipeline_));
        return {};
    }

    Outcome makeBuffers(const Launch& launch) {
        const auto count = static_cast<uint32_t>(launch.arguments.size());
        const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, count};
        VkDescriptorPoolCreateInfo pool{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
        pool.maxSets = 1;
        pool.poolSizeCount = 1;
        pool.pPoolSizes = &size;
        VkDescriptorPool descriptors = nullptr;
        TRY(vkCreateDescriptorPool(device_, &pool, nullptr, &descriptors));
        VkDescriptorSetAllocateInfo set{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
        set.descriptorPool = descriptors;
        set.descriptorSetCount = 1;
        set.pSetLayouts = &setLayout_;
        TRY(vkAllocateDescriptorSets(device_, &set, &set_));
        for (uint32_t i = 0; i < count; ++i) {
            if (Outcome outcome = makeBuffer(i, launch.arguments[i].bytes); !outcome.ok())
                return outcome;
        }
        return {};
    }

    Outcome makeBuffer(uint32_t binding, const Bytes& bytes) {
        VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
        info.size = bytes.size();
        info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
        VkBuffer buffer = nullptr;
        TRY(vkCreateBuffer(device_, &info, nullptr, &buffer));
        VkMemoryRequirements requirements{};
        vkGetBufferMemoryRequirements(device_, buffer, &requirements);
        VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
        allocate.allocationSize = requirements.size;
        allocate.memoryTypeIndex = 0; // lavapipe's only type, visible and coherent
        VkDeviceMemory memory = nullptr;
        TRY(vkAllocateMemory(device_, &allocate, nullptr, &memory));
        TRY(vkBindBufferMemory(device_, buffer, memory, 0));
        void* address = nullptr;
        TRY(vkMapMemory(device_, memory, 0, VK_WHOLE_SIZE, 0, &address));
        std::memcpy(address, bytes.data(), bytes.size());
        mapped_.push_back(address);
        const VkDescriptorBufferInfo range{buffer, 0, bytes.size()};
        VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
        write.dstSet = set_;
        write.dstBinding = binding;
        write.descriptorCount = 1;
        write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        write.pBufferInfo = &range;
        vkUpdateDescriptorSets(device_, 1, &write, 0, nullptr);
        return {};
    }

    Outcome submit(const Launch& launch) {
        VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        VkCommandPool commands = nullptr;
        TRY(vkCreateCommandPool(device_, &pool, nullptr, &commands));
        VkCommandBufferAllocateInfo allocate{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
        allocate.commandPool = commands;
        allocate.commandBufferCount = 1;
        VkCommandBuffer buffer = nullptr;
        TRY(vkAllocateCommandBuffers(device_, &allocate, &buffer));
        VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
        TRY(vkBeginCommandBuffer(buffer, &begin));
        vkCmdBindPipeline(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline_);
        vkCmdBindDescriptorSets(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, layout_, 0, 1, &set_, 0, nullptr);
        vkCmdDispatch(buffer, launch.workgroups.x, launch.workgroups.y, launch.workgroups.z);
        TRY(vkEndCommandBuffer(buffer));
        VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO};
        submit.commandBufferCount = 1;
        submit.pCommandBuffers = &buffer;
        TRY(vkQueueSubmit(queue_, 1, &submit, nullptr));
        TRY(vkQueueWaitIdle(queue_));
        return {};
    }

    VkPhysicalDevice physical_ = nullptr;
    VkDevice device_ = nullptr;
    VkQueue queue_ = nullptr;
    VkDescriptorSetLayout setLayout_ = nullptr;
    VkPipelineLayout layout_ = nullptr;
    VkPipeline pipeline_ = nullptr;
    VkDescriptorSet set_ = nullptr;
    std::vector<void*> mapped_;
};

Outcome run(const Words& words, Launch& launch) {
    Session session;
    Outcome outcome = session.open();
    return outcome.ok() ? session.run(words, launch) : outcome;
}

} // namespace
} // namespace halyard::spirvtest::oracle

int main() {
    return halyard::spirvtest::oracle::serve(halyard::spirvtest::oracle::run);
}
