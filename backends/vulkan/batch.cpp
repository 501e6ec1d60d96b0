#include "batch.h"

#include <algorithm>

namespace halyard::vulkan {
namespace {

constexpr uint64_t kChunkBytes = 16 * 1024;
constexpr size_t kMostChunks = 16;
constexpr uint64_t kArgumentAlignment = 64;

} // namespace

Batch::Batch(const VolkDeviceTable& functions, VkDevice device, uint32_t queueFamily, Allocator& argumentMemory)
    : functions_(functions), device_(device), argumentMemory_(argumentMemory) {
    VkCommandPoolCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
    info.flags = VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
    info.queueFamilyIndex = queueFamily;
    check(functions_.vkCreateCommandPool(device_, &info, nullptr, &pool_), "vkCreateCommandPool");
    VkCommandBufferAllocateInfo allocate{};
    allocate.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    allocate.commandPool = pool_;
    allocate.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    allocate.commandBufferCount = 1;
    if (const VkResult result = functions_.vkAllocateCommandBuffers(device_, &allocate, &commands_); result < 0) {
        functions_.vkDestroyCommandPool(device_, pool_, nullptr);
        throw failureOf(result, "vkAllocateCommandBuffers");
    }
}

Batch::~Batch() {
    functions_.vkDestroyQueryPool(device_, queries_, nullptr);
    functions_.vkDestroyCommandPool(device_, pool_, nullptr);
    for (const Place& chunk : arguments_)
        argumentMemory_.free(chunk.address);
}

void Batch::begin() {
    check(functions_.vkResetCommandPool(device_, pool_, 0), "vkResetCommandPool");
    VkCommandBufferBeginInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(functions_.vkBeginCommandBuffer(commands_, &info), "vkBeginCommandBuffer");
    chunk_ = 0;
    argumentsUsed_ = bytes_ = count_ = 0;
    isOpen = true;
    isEager = false;
    value = 0;
    name_ = {};
    bound_.pipeline = VK_NULL_HANDLE;
    bound_.descriptors.clear();
}

void Batch::end() {
    isOpen = false;
    // What was written is there for the host once the timeline says that the batch is done.
    VkMemoryBarrier2 barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
    barrier.srcStageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    barrier.srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT;
    barrier.dstStageMask = VK_PIPELINE_STAGE_2_HOST_BIT;
    barrier.dstAccessMask = VK_ACCESS_2_HOST_READ_BIT | VK_ACCESS_2_HOST_WRITE_BIT;
    VkDependencyInfo dependency{};
    dependency.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
    dependency.memoryBarrierCount = 1;
    dependency.pMemoryBarriers = &barrier;
    functions_.vkCmdPipelineBarrier2(commands_, &dependency);
    check(functions_.vkEndCommandBuffer(commands_), "vkEndCommandBuffer");
}

void Commands::bind(VkPipeline pipeline) const {
    if (bound != nullptr && bound->pipeline == pipeline)
        return;
    functions.vkCmdBindPipeline(buffer, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
    if (bound != nullptr) {
        bound->pipeline = pipeline;
        bound->descriptors.clear();
    }
}

void Commands::barrier() const {
    VkMemoryBarrier2 barrier{};
    barrier.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2;
    barrier.srcStageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    barrier.srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT;
    barrier.dstStageMask = barrier.srcStageMask;
    barrier.dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT;
    VkDependencyInfo dependency{};
    dependency.sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO;
    dependency.memoryBarrierCount = 1;
    dependency.pMemoryBarriers = &barrier;
    functions.vkCmdPipelineBarrier2(buffer, &dependency);
}

bool Batch::hasRoom(uint64_t argumentBytes) const {
    return !isFull() && (chunk_ + 1 < kMostChunks || argumentsUsed_ + argumentBytes <= kChunkBytes);
}

Place Batch::argumentMemory(uint64_t bytes) {
    if (!hasRoom(bytes))
        return {};
    if (argumentsUsed_ + bytes > kChunkBytes) {
        ++chunk_;
        argumentsUsed_ = 0;
    }
    if (chunk_ == arguments_.size())
        arguments_.push_back(argumentMemory_.allocate(kChunkBytes));
    Place place = arguments_[chunk_];
    place.offset += argumentsUsed_;
    place.address += argumentsUsed_;
    place.host += argumentsUsed_;
    place.bytes -= argumentsUsed_;
    argumentsUsed_ += (bytes + kArgumentAlignment - 1) / kArgumentAlignment * kArgumentAlignment;
    return place;
}

void Batch::stamp(std::function<void(uint64_t)> told) {
    if (queries_ == VK_NULL_HANDLE) {
        VkQueryPoolCreateInfo info{};
        info.sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO;
        info.queryType = VK_QUERY_TYPE_TIMESTAMP;
        info.queryCount = 2 * kMostCommands; // one before and one behind each
        check(functions_.vkCreateQueryPool(device_, &info, nullptr, &queries_), "vkCreateQueryPool");
    }
    const auto index = static_cast<uint32_t>(stamps_.size());
    stamps_.push_back(std::move(told));
    functions_.vkResetQueryPool(device_, queries_, index, 1);
    functions_.vkCmdWriteTimestamp2(commands_, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, queries_, index);
}

void Batch::finish(bool lost) {
    std::vector<uint64_t> ticks(stamps_.size());
    if (!stamps_.empty() && !lost &&
        functions_.vkGetQueryPoolResults(device_, queries_, 0, static_cast<uint32_t>(ticks.size()),
                                         ticks.size() * sizeof(uint64_t), ticks.data(), sizeof(uint64_t),
                                         VK_QUERY_RESULT_64_BIT) == VK_SUCCESS)
        for (size_t i = 0; i < ticks.size(); ++i)
            stamps_[i](ticks[i]);
    stamps_.clear();
    name_ = {};
    kept_.clear();
}

} // namespace halyard::vulkan
