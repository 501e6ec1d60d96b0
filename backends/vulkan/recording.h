// A run of graph nodes as a command buffer that is recorded once. Its arguments lie in a block beside it, so that new
// ones are a memory write.
#pragma once

#include "graph_node.h"

#include <span>

namespace halyard::vulkan {

// One node of the run: what it does, and whether everything recorded before it must be done first.
struct RecordedNode {
    std::shared_ptr<const GraphNode> node;
    bool waits = false;
};

// Batches in which it is executed keep it. Immutable but for its arguments.
class Recording {
public:
    // Throws Failure.
    Recording(std::shared_ptr<Device> device, std::span<const RecordedNode> nodes);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    VkCommandBuffer commands() const { return commands_; }
    // The last kernels, for failures.
    const std::string& suspects() const { return suspects_; }
    // REQUIRES: no batch has it; `block` is as long as the one of the node at that index.
    void setArguments(size_t index, std::span<const std::byte> block);

private:
    void record(std::span<const RecordedNode> nodes);

    const std::shared_ptr<Device> device_;
    VkCommandPool pool_ = VK_NULL_HANDLE;
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    Place arguments_;
    std::vector<uint64_t> offsets_; // of each node's block
    std::vector<std::shared_ptr<const GraphNode>> kept_;
    std::string suspects_;
};

} // namespace halyard::vulkan
