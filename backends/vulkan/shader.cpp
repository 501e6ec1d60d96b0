#include "shader.h"

#include <algorithm>
#include <cstring>

namespace halyard::vulkan {

std::unique_ptr<Shader> Shader::create(Device& device, const HyBackendModuleDesc& module,
                                       const HyBackendKernelDesc& kernel, std::string* outWhy) {
    const std::span words(static_cast<const uint32_t*>(module.data), module.dataBytes / sizeof(uint32_t));
    std::optional<ShaderFit> fit = fitShader(words, kernel, device.enabled(), device.adapter(), outWhy);
    if (!fit)
        return nullptr;
    std::unique_ptr<Shader> shader(new Shader(device, kernel, std::move(*fit)));
    shader->build(module);
    return shader;
}

Shader::~Shader() {
    const VolkDeviceTable& functions = device_.functions();
    functions.vkDestroyPipeline(device_.handle(), pipeline_, nullptr);
    functions.vkDestroyPipelineLayout(device_.handle(), layout_, nullptr);
    functions.vkDestroyDescriptorSetLayout(device_.handle(), set_, nullptr);
    functions.vkDestroyShaderModule(device_.handle(), module_, nullptr);
}

void Shader::build(const HyBackendModuleDesc& module) {
    std::vector<VkDescriptorSetLayoutBinding> bindings;
    for (const ShaderFit::Buffer& buffer : fit_.buffers) {
        if (!bindings.empty() && bindings.back().binding == buffer.binding) {
            ++bindings.back().descriptorCount;
            ++writes_.back().descriptorCount;
            continue;
        }
        const VkDescriptorType type =
            buffer.isUniform ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
        bindings.push_back({buffer.binding, type, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr});
        VkWriteDescriptorSet write{};
        write.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
        write.dstBinding = buffer.binding;
        write.descriptorCount = 1;
        write.descriptorType = type;
        writes_.push_back(write);
    }
    const VolkDeviceTable& functions = device_.functions();
    VkDescriptorSetLayoutCreateInfo set{};
    set.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO;
    set.flags = VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR;
    set.bindingCount = static_cast<uint32_t>(bindings.size());
    set.pBindings = bindings.data();
    check(functions.vkCreateDescriptorSetLayout(device_.handle(), &set, nullptr, &set_), "vkCreateDescriptorSetLayout");
    const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, fit_.pushBytes};
    VkPipelineLayoutCreateInfo layout{};
    layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    layout.setLayoutCount = 1;
    layout.pSetLayouts = &set_;
    layout.pushConstantRangeCount = fit_.pushBytes != 0 ? 1 : 0;
    layout.pPushConstantRanges = &range;
    check(functions.vkCreatePipelineLayout(device_.handle(), &layout, nullptr, &layout_), "vkCreatePipelineLayout");
    module_ = device_.createModule(static_cast<const uint32_t*>(module.data), module.dataBytes);
    const Adapter& adapter = device_.adapter();
    const bool canChoose =
        fit_.usesSubgroups && (adapter.core13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    pipeline_ = device_.createPipeline(module_, nullptr, canChoose ? adapter.core11.subgroupSize : 0, canChoose,
                                       layout_, kernel_.name);
}

const void* Shader::argument(const HyBackendLaunch& launch, uint32_t parameter) const {
    return launch.args != nullptr
               ? launch.args[parameter]
               : static_cast<const std::byte*>(launch.packedArgs) + kernel_.parameters[parameter].offset;
}

bool Shader::describe(const ShaderFit::Buffer& buffer, const HyBackendLaunch& launch, VkDescriptorBufferInfo& out,
                      const char** outWhy) const {
    const VkPhysicalDeviceLimits& limits = device_.adapter().core.limits;
    const uint64_t alignment =
        buffer.isUniform ? limits.minUniformBufferOffsetAlignment : limits.minStorageBufferOffsetAlignment;
    uint64_t address = 0;
    std::memcpy(&address, argument(launch, buffer.parameter), sizeof address);
    const std::optional<Place> place = device_.memory().tryFind(address);
    if (!place) {
        *outWhy = "an address is in no buffer of the driver's";
        return false;
    }
    out = {place->buffer, place->offset, place->bytes};
    if (buffer.length)
        out.range = launch.bufferLengths[*buffer.length];
    if (buffer.isUniform)
        out.range = std::min<uint64_t>(out.range, limits.maxUniformBufferRange);
    if (place->offset % alignment != 0)
        *outWhy = "an address is not aligned as descriptors must be";
    else if (out.range == 0 || out.range > place->bytes ||
             (!buffer.isUniform && out.range > limits.maxStorageBufferRange))
        *outWhy = "a buffer has no length that a descriptor can have";
    else
        return true;
    return false;
}

bool Shader::bind(const HyBackendLaunch& launch, bool isOneDispatch, Block& outBlock, const char** outWhy) const {
    if (fit_.asksGroupCount && !isOneDispatch) {
        *outWhy = "it asks for the size of a grid that takes more than one dispatch";
        return false;
    }
    if (launch.dynamicLocalBytes != 0) {
        *outWhy = "it is given workgroup memory";
        return false;
    }
    const size_t descriptors = fit_.buffers.size() * sizeof(VkDescriptorBufferInfo);
    outBlock.resize(descriptors + fit_.pushBytes);
    for (size_t i = 0; i < fit_.buffers.size(); ++i) {
        VkDescriptorBufferInfo info{};
        if (!describe(fit_.buffers[i], launch, info, outWhy))
            return false;
        std::memcpy(outBlock.data() + i * sizeof info, &info, sizeof info);
    }
    if (fit_.pushParameter)
        std::memcpy(outBlock.data() + descriptors, argument(launch, *fit_.pushParameter),
                    kernel_.parameters[*fit_.pushParameter].bytes);
    return true;
}

void Shader::record(const Commands& commands, std::span<const std::byte> block) const {
    commands.bind(pipeline_);
    const std::span<const std::byte> descriptors = block.first(block.size() - fit_.pushBytes);
    const bool isKnown = commands.bound != nullptr && commands.bound->descriptors.size() == descriptors.size() &&
                         std::memcmp(commands.bound->descriptors.data(), descriptors.data(), descriptors.size()) == 0;
    if (!writes_.empty() && !isKnown) {
        std::array<VkWriteDescriptorSet, kMostPushDescriptors> writes;
        const auto* next = reinterpret_cast<const VkDescriptorBufferInfo*>(descriptors.data());
        for (size_t i = 0; i < writes_.size(); ++i) {
            writes[i] = writes_[i];
            writes[i].pBufferInfo = next;
            next += writes[i].descriptorCount;
        }
        commands.functions.vkCmdPushDescriptorSetKHR(commands.buffer, VK_PIPELINE_BIND_POINT_COMPUTE, layout_, 0,
                                                     static_cast<uint32_t>(writes_.size()), writes.data());
        if (commands.bound != nullptr)
            commands.bound->descriptors.assign(descriptors.begin(), descriptors.end());
    }
    if (fit_.pushBytes != 0)
        commands.functions.vkCmdPushConstants(commands.buffer, layout_, VK_SHADER_STAGE_COMPUTE_BIT, 0, fit_.pushBytes,
                                              block.last(fit_.pushBytes).data());
}

} // namespace halyard::vulkan
