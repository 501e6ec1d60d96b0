// The yardstick: Vulkan as one writes it by hand for one kernel, with a device, a queue and buffers of its own.
// Descriptors are bound once for a command buffer; a launch is push constants, a barrier and a dispatch.
#pragma once

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <volk.h>

#include "vulkan/twins.h"

namespace halyard::bench::vulkan {

// A failure is a std::runtime_error naming the call.
void check(VkResult result, const char* call);

// Not thread-safe; one at a time, for volk's functions are those of one device.
class Native {
public:
    // On the device with that UUID.
    explicit Native(const uint8_t (&uuid)[16]);
    ~Native();
    Native(const Native&) = delete;
    Native& operator=(const Native&) = delete;

    struct Buffer {
        VkBuffer buffer = VK_NULL_HANDLE;
        VkDeviceMemory memory = VK_NULL_HANDLE;
        VkDeviceSize bytes = 0;
    };
    // `onHost`: for the host to map, else the device's own memory.
    Buffer makeBuffer(VkDeviceSize bytes, bool onHost) const;
    void destroy(const Buffer& buffer) const;
    void upload(const Buffer& to, const std::vector<float>& values) const;
    std::vector<float> download(const Buffer& from) const;

    // An empty command buffer, open. The next begin() takes it back.
    VkCommandBuffer begin() const;
    void submit(VkCommandBuffer commands) const; // ends it
    void wait() const;
    VkDevice device() const { return device_; }

private:
    void copy(const Buffer& from, const Buffer& to) const;

    VkInstance instance_ = VK_NULL_HANDLE;
    VkPhysicalDevice adapter_ = VK_NULL_HANDLE;
    VkDevice device_ = VK_NULL_HANDLE;
    VkQueue queue_ = VK_NULL_HANDLE;
    VkCommandPool pool_ = VK_NULL_HANDLE;
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    VkFence fence_ = VK_NULL_HANDLE;
};

// The GLSL of one twin with its buffers.
class NativeKernel {
public:
    NativeKernel(const Native& native, const Twin& twin);
    ~NativeKernel();
    NativeKernel(const NativeKernel&) = delete;
    NativeKernel& operator=(const NativeKernel&) = delete;

    void upload(const Twin::Contents& contents) const;
    std::vector<float> download() const { return native_.download(buffers_.back()); }
    // Launches so often with this grid, one behind the other, in one command buffer.
    void submit(unsigned count, const HyDim3& groups) const;
    void run(unsigned count) const {
        submit(count, twin_.groups);
        native_.wait();
    }

private:
    const Native& native_;
    const Twin& twin_;
    std::vector<Native::Buffer> buffers_;
    VkDescriptorSetLayout setLayout_ = VK_NULL_HANDLE;
    VkDescriptorPool descriptors_ = VK_NULL_HANDLE;
    VkDescriptorSet set_ = VK_NULL_HANDLE;
    VkPipelineLayout layout_ = VK_NULL_HANDLE;
    VkPipeline pipeline_ = VK_NULL_HANDLE;
};

} // namespace halyard::bench::vulkan
