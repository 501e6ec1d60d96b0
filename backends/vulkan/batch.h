// Commands that reach the device as one: a command buffer with the memory for its arguments and its timestamps.
#pragma once

#include "allocator.h"

#include <functional>
#include <string_view>
#include <vector>

namespace halyard::vulkan {

// What is bound in a command buffer, so that it is not bound again.
struct Bound {
    VkPipeline pipeline = VK_NULL_HANDLE;
    std::vector<std::byte> descriptors; // of that pipeline's set, empty for none that is known
};

// A command buffer that is being recorded.
struct Commands {
    const VolkDeviceTable& functions;
    VkCommandBuffer buffer;
    Bound* bound = nullptr; // null where nobody keeps count

    void bind(VkPipeline pipeline) const;
    // Orders what is recorded from now on behind everything before, in this buffer and in those before it.
    void barrier() const;
};

// Not thread-safe.
class Batch {
public:
    static constexpr uint32_t kMostCommands = 1024;
    // As much as makes a submission behind one that runs worth its price.
    static constexpr uint32_t kEnoughCommands = 32;
    static constexpr uint64_t kEnoughBytes = uint64_t{4} << 20;

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
    // `bytes` that it copies or fills, 0 for a kernel.
    void countCommand(uint64_t bytes) {
        ++count_;
        bytes_ += bytes;
    }
    bool isFull() const { return count_ >= kMostCommands; }
    // Whether there is enough in it to be the next thing that the device does.
    bool isWorthwhile() const { return count_ >= kEnoughCommands || bytes_ >= kEnoughBytes; }
    // Keeps an object until the batch is done.
    void keep(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }
    bool justKept(const void* object) const { return !kept_.empty() && kept_.back().get() == object; }
    // Calls `told(ticks)` when the batch is done. Throws Failure.
    void stamp(std::function<void(uint64_t)> told);
    // What failures name: the last kernel. The name belongs to what is kept.
    void setName(std::string_view name) { name_ = name; }
    std::string name() const { return std::string(name_); }
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
    Bound bound_;
    VkQueryPool queries_ = VK_NULL_HANDLE;
    std::vector<Place> arguments_; // chunks, made when they are first needed
    size_t chunk_ = 0;             // the one that is being filled
    uint64_t argumentsUsed_ = 0;   // bytes of it
    uint32_t count_ = 0;
    uint64_t bytes_ = 0;
    std::vector<std::function<void(uint64_t)>> stamps_;
    std::vector<std::shared_ptr<const void>> kept_;
    std::string_view name_;
};

} // namespace halyard::vulkan
