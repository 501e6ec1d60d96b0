// A GLCompute kernel that the driver gets as it is: its buffers are pushed as descriptors, its push constants are the
// argument.
#pragma once

#include "block.h"
#include "device.h"
#include "shader_fit.h"

namespace halyard::vulkan {

// Thread-safe; what it is made on outlives it.
class Shader {
public:
    // Null, and in `*outWhy` the reason, when the module does not fit.
    static std::unique_ptr<Shader> create(Device& device, const HyBackendModuleDesc& module,
                                          const HyBackendKernelDesc& kernel, std::string* outWhy);
    ~Shader();
    Shader(const Shader&) = delete;
    Shader& operator=(const Shader&) = delete;

    VkPipeline pipeline() const { return pipeline_; }
    // What record() needs of a launch: its descriptors and push constants. False, and in `*outWhy` (a literal) the
    // reason, when the driver cannot take these arguments or this grid.
    bool bind(const HyBackendLaunch& launch, bool isOneDispatch, Block& outBlock, const char** outWhy) const;
    // Everything but the dispatch.
    void record(const Commands& commands, std::span<const std::byte> block) const;

private:
    Shader(Device& device, const HyBackendKernelDesc& kernel, ShaderFit fit)
        : device_(device), kernel_(kernel), fit_(std::move(fit)) {}
    void build(const HyBackendModuleDesc& module);
    bool describe(const ShaderFit::Buffer& buffer, const HyBackendLaunch& launch, VkDescriptorBufferInfo& out,
                  const char** outWhy) const;
    const void* argument(const HyBackendLaunch& launch, uint32_t parameter) const;

    Device& device_;
    const HyBackendKernelDesc kernel_;
    const ShaderFit fit_;
    VkShaderModule module_ = VK_NULL_HANDLE;
    VkDescriptorSetLayout set_ = VK_NULL_HANDLE;
    VkPipelineLayout layout_ = VK_NULL_HANDLE;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
    std::vector<VkWriteDescriptorSet> writes_; // one a binding, without the buffers
};

} // namespace halyard::vulkan
