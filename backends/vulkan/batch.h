// Commands that reach the device as one: a command buffer with the memory for its arguments and its timestamps.
#pragma once

#include "allocator.h"

#include <functional>
#include <vector>

namespace halyard::vulkan {

// A command buffer that is being recorded.
struct Commands {
    const VolkDeviceTable& functions;
    VkCommandBuffer buffer;
    VkPipeline* bound = nullptr; // what is bound there, null where nobody keeps count

    void bind(VkPipeline pipeline) const;
    // Orders what is recorded from now on behind everything before, in this buffer and in those before it.
    void barrier() const;
};

// Not thread-safe.
class Batch {
public:
    static constexpr uint32_t kMostCommands = 64;

    // Throws Failure.
    Batch(const VolkDeviceTable& functions, VkDevice device, uint32_t queueFamily, Allocator& argumentMemory);
    // REQUIRES: it is not in flight.
    ~Batch();
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    // Makes it empty, and begins recording. Throws Failure.
    void begin();
    // Ends recording. Throws Failure.
    void end();
    Commands commands() { return {functions_, commands_, &bound_}; }
    // Memory for one launch's arguments, written by the host and read by the device; no buffer when none is left.
    Place argumentMemory(uint64_t bytes);
    // Whether there is room for another command with so many bytes of arguments.
    bool hasRoom(uint64_t argumentBytes) const;
    void countCommand() { ++count_; }
    uint32_t count() const { return count_; }
    // Keeps an object until the batch is done.
    void keep(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }
    // Calls `told(ticks)` when the batch is done. Throws Failure.
    void stamp(std::function<void(uint64_t)> told);
    // What failures name: the last kernel.
    void setName(const std::string& name) { name_ = name; }
    const std::string& name() const { return name_; }
    // Reads the timestamps and lets go of what was kept. REQUIRES: the device is done with it, or lost.
    void finish(bool lost);

    uint64_t value = 0; // of its queue's timeline, once submitted
    bool isOpen = false, isEager = false;

private:
    const VolkDeviceTable& functions_;
    const VkDevice device_;
    Allocator& argumentMemory_;
    VkCommandPool pool_ = VK_NULL_HANDLE;
    VkCommandBuffer commands_ = VK_NULL_HANDLE;
    VkPipeline bound_ = VK_NULL_HANDLE;
    VkQueryPool queries_ = VK_NULL_HANDLE;
    Place arguments_;
    uint64_t argumentsUsed_ = 0;
    uint32_t count_ = 0;
    std::vector<std::function<void(uint64_t)>> stamps_;
    std::vector<std::shared_ptr<const void>> kept_;
    std::string name_;
};

} // namespace halyard::vulkan
