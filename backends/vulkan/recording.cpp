#include "recording.h"

#include <cstring>

namespace halyard::vulkan {
namespace {

constexpr uint64_t kArgumentAlignment = 64;
constexpr size_t kMostSuspects = 32;

} // namespace

Recording::Recording(std::shared_ptr<Device> device, std::span<const RecordedNode> nodes) : device_(std::move(device)) {
    uint64_t bytes = 0;
    size_t kernels = 0;
    for (const RecordedNode& entry : nodes) {
        kept_.push_back(entry.node);
        offsets_.push_back(bytes);
        bytes += (entry.node->launch.deviceBlock().size() + kArgumentAlignment - 1) / kArgumentAlignment *
                 kArgumentAlignment;
        const std::string kernel = entry.node->describeKernel();
        if (kernel.empty() || ++kernels > kMostSuspects)
            continue;
        suspects_ += (suspects_.empty() ? "" : "', '") + (kernels < kMostSuspects ? kernel : "others of the graph");
    }
    const VolkDeviceTable& functions = device_->functions();
    VkCommandPoolCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
    info.queueFamilyIndex = device_->adapter().queueFamily;
    check(functions.vkCreateCommandPool(device_->handle(), &info, nullptr, &pool_), "vkCreateCommandPool");
    try {
        if (bytes != 0)
            arguments_ = device_->hostMemory().allocate(bytes);
        record(nodes);
    } catch (...) {
        functions.vkDestroyCommandPool(device_->handle(), pool_, nullptr);
        if (arguments_.buffer != VK_NULL_HANDLE)
            device_->hostMemory().free(arguments_.address);
        throw;
    }
}

Recording::~Recording() {
    device_->functions().vkDestroyCommandPool(device_->handle(), pool_, nullptr);
    if (arguments_.buffer != VK_NULL_HANDLE)
        device_->hostMemory().free(arguments_.address);
}

void Recording::record(std::span<const RecordedNode> nodes) {
    const VolkDeviceTable& functions = device_->functions();
    VkCommandBufferAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    allocate.commandPool = pool_;
    allocate.level = VK_COMMAND_BUFFER_LEVEL_SECONDARY;
    allocate.commandBufferCount = 1;
    check(functions.vkAllocateCommandBuffers(device_->handle(), &allocate, &commands_), "vkAllocateCommandBuffers");
    VkCommandBufferInheritanceInfo inheritance{};
    inheritance.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO;
    VkCommandBufferBeginInfo begin{};
    begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    begin.flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT;
    begin.pInheritanceInfo = &inheritance;
    check(functions.vkBeginCommandBuffer(commands_, &begin), "vkBeginCommandBuffer");
    const Commands commands{functions, commands_};
    for (size_t i = 0; i < nodes.size(); ++i) {
        const GraphNode& node = *nodes[i].node;
        if (nodes[i].waits)
            commands.barrier();
        setArguments(i, node.launch.deviceBlock());
        node.record(commands, *device_, arguments_.address + offsets_[i]);
    }
    check(functions.vkEndCommandBuffer(commands_), "vkEndCommandBuffer");
}

void Recording::setArguments(size_t index, std::span<const std::byte> block) {
    if (!block.empty())
        std::memcpy(arguments_.host + offsets_[index], block.data(), block.size());
}

} // namespace halyard::vulkan
