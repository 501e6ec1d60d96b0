#include "queue.h"

#include "base/block_signals.h"
#include "device.h"

#include <algorithm>

namespace halyard::vulkan {
namespace {

// How often the thread looks whether it is to end.
constexpr uint64_t kLookNs = 200'000'000;

} // namespace

Queue::Queue(Device& device, uint32_t index) : device_(device) {
    device_.functions().vkGetDeviceQueue(device_.handle(), device_.adapter().queueFamily, index, &queue_);
    VkSemaphoreTypeCreateInfo type{};
    type.sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO;
    type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
    VkSemaphoreCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO;
    info.pNext = &type;
    check(device_.functions().vkCreateSemaphore(device_.handle(), &info, nullptr, &timeline_), "vkCreateSemaphore");
}

void Queue::stop() {
    {
        const std::scoped_lock lock(device_.mutex());
        stopping_ = true;
        changed_.notify_all();
    }
    if (thread_.joinable())
        thread_.join();
}

Queue::~Queue() {
    stop();
    inFlight_.clear();
    device_.functions().vkDestroySemaphore(device_.handle(), timeline_, nullptr);
}

void Queue::submit(const std::shared_ptr<Batch>& batch) {
    if (!thread_.joinable()) {
        const BlockSignals blocked;
        thread_ = std::thread([this] { run(); });
    }
    VkSemaphoreSubmitInfo signal{};
    signal.sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO;
    signal.semaphore = timeline_;
    signal.value = submitted_ + 1;
    signal.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;
    VkCommandBufferSubmitInfo commands{};
    commands.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO;
    commands.commandBuffer = batch->commands().buffer;
    VkSubmitInfo2 info{};
    info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2;
    info.commandBufferInfoCount = 1;
    info.pCommandBufferInfos = &commands;
    info.signalSemaphoreInfoCount = 1;
    info.pSignalSemaphoreInfos = &signal;
    inFlight_.push_back(batch);
    if (const VkResult result = device_.functions().vkQueueSubmit2(queue_, 1, &info, VK_NULL_HANDLE); result < 0) {
        inFlight_.pop_back();
        throw failureOf(result, "vkQueueSubmit2");
    }
    batch->value = ++submitted_;
    changed_.notify_all();
}

void Queue::retire(uint64_t value, bool lost) {
    done_ = std::max(done_, value);
    while (!inFlight_.empty() && inFlight_.front()->value <= done_) {
        inFlight_.front()->finish(lost);
        device_.recycle(std::move(inFlight_.front()));
        inFlight_.pop_front();
    }
    device_.advance();
}

void Queue::run() {
    std::unique_lock lock(device_.mutex());
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !inFlight_.empty(); });
        if (stopping_)
            return;
        const uint64_t value = inFlight_.front()->value;
        VkSemaphoreWaitInfo wait{};
        wait.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
        wait.semaphoreCount = 1;
        wait.pSemaphores = &timeline_;
        wait.pValues = &value;
        lock.unlock();
        const VkResult result = device_.functions().vkWaitSemaphores(device_.handle(), &wait, kLookNs);
        uint64_t reached = 0;
        const VkResult asked = device_.functions().vkGetSemaphoreCounterValue(device_.handle(), timeline_, &reached);
        lock.lock();
        if (result < 0 || asked < 0) {
            device_.lose(failureOf(result < 0 ? result : asked, "vkWaitSemaphores"),
                         inFlight_.empty() ? "" : inFlight_.front()->name());
            // A wait may fail for reasons of its own, and what the device still runs must not lose its memory.
            device_.functions().vkQueueWaitIdle(queue_);
            retire(submitted_, true);
        } else if (reached >= value) {
            retire(reached, false);
        }
    }
}

} // namespace halyard::vulkan
