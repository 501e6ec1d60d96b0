// One kernel, its pipelines and its launches: a GLCompute module that fits goes to the driver as it is, and everything
// else is compiled to Vulkan SPIR-V.
#pragma once

#include "artifact.h"
#include "jit/vulkan_kernel_abi.h"
#include "module.h"
#include "shader.h"
#include "stream.h"

namespace halyard::vulkan {

// Thread-safe. Batches keep it alive.
class Kernel : public std::enable_shared_from_this<Kernel> {
public:
    // Null with the compiler's code in `outFailed`, whose words are set, or throws Failure.
    static std::shared_ptr<Kernel> create(std::shared_ptr<Module> module, const HyBackendKernelDesc& desc,
                                          HyResult& outFailed);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    // A launch as it is recorded: the block for the device (HyVulkanLaunch and the arguments) or, of a module that
    // is the driver's, what Shader::record takes; and what runs.
    struct Prepared {
        Block block;
        VkPipeline pipeline = VK_NULL_HANDLE; // the kernel's
        HyDim3 workgroups{};
        bool isUntouched = false;

        // What the device reads from memory.
        std::span<const std::byte> deviceBlock() const { return isUntouched ? std::span<const std::byte>{} : block; }
    };

    // Copies the arguments and submits. Throws Failure.
    void launch(Stream& stream, const HyBackendLaunch& launch) { submit(stream, prepare(launch)); }
    // Throws Failure when the kernel cannot be launched so.
    Prepared prepare(const HyBackendLaunch& launch);
    void submit(Stream& stream, const Prepared& prepared);
    // The command itself, for a block at that address. Not for kernels that print.
    void record(const Commands& commands, const Prepared& prepared, uint64_t address) const;
    bool prints() const { return untouched_ == nullptr && artifact_.prints; }
    const char* name() const { return desc_.name; }
    HyBackendKernelInfo info() const;

private:
    // What a pipeline is made for.
    struct Shape {
        uint32_t size[3];
        uint32_t localElements;
        auto operator<=>(const Shape&) const = default;
    };

    Kernel(std::shared_ptr<Module> module, const HyBackendKernelDesc& desc);
    HyResult translate();
    void translateFor(const char* why);
    bool isBound(const HyBackendLaunch& launch, Prepared& out);
    void pack(const HyBackendLaunch& launch, std::byte* out) const;
    uint64_t localBytes(const HyBackendLaunch& launch, const std::byte* arguments) const;
    VkPipeline pipeline(const Shape& shape);
    std::shared_ptr<HyVulkanPrintBuffer> makePrintBuffer(uint64_t& outAddress);
    void print(const HyVulkanPrintBuffer& buffer) const;
    std::string textAt(uint64_t address) const;
    bool isOneDispatch(const HyDim3& workgroups) const;
    void dispatch(const Commands& commands, const HyDim3& workgroups) const;

    const std::shared_ptr<Module> module_;
    Device& device_; // the module's
    const HyBackendKernelDesc desc_;
    std::unique_ptr<Shader> untouched_; // null: the module does not fit
    std::once_flag translated_;         // what follows; with `untouched_` only when a launch does not fit
    Artifact artifact_;                 // with the bytes of the constants alone
    std::array<uint64_t, 2> data_{};    // addresses of variables and constants
    uint32_t subgroupSize_ = 0;
    VkShaderModule shader_ = VK_NULL_HANDLE;
    std::mutex mutex_;
    std::map<Shape, VkPipeline> pipelines_;
    std::atomic<const std::pair<const Shape, VkPipeline>*> latest_{nullptr}; // of those, for launches like the last one
};

} // namespace halyard::vulkan
