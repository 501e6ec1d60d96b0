// A device that is open: its queues, memory and streams. One lock orders all scheduling.
#pragma once

#include "ipc_memory.h"
#include "profiler.h"
#include "queue.h"

#include <atomic>
#include <set>

namespace halyard::vulkan {

class Stream;

// The backend's state for one instance.
struct Context {
    explicit Context(const Host& services) : host(services) {}
    ~Context();

    Host host;
    VkInstance instance = VK_NULL_HANDLE;
    VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
    std::atomic<uint64_t> validationMessages{0}; // with HALYARD_VULKAN_VALIDATION=1
    std::mutex messageMutex;
    std::string firstMessage;
    std::vector<Adapter> adapters;

    // Throws Failure when the validation layer has found something.
    void checkValidation();
};

// Shared by its handle and by every object made on it. Thread-safe, except where a lock is required.
class Device : public std::enable_shared_from_this<Device> {
public:
    // Throws Failure.
    static std::shared_ptr<Device> open(std::shared_ptr<Context> context, const Adapter& adapter);
    ~Device();
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    const Host& host() const { return context_->host; }
    Context& context() const { return *context_; }
    const Adapter& adapter() const { return adapter_; }
    const Features& enabled() const { return enabled_; }
    const VolkDeviceTable& functions() const { return functions_; }
    VkDevice handle() const { return device_; }
    Allocator& memory() { return *memory_; }
    Allocator& hostMemory() { return *hostMemory_; } // staging, arguments
    IpcMemory& ipcMemory() { return *ipcMemory_; }
    VkPipelineLayout layout() const { return layout_; } // of all pipelines: 80 bytes of push constants
    VkPipeline fillPipeline() const { return fill_; }
    Worker& copies() { return copies_; }
    Worker& hostFunctions() { return hostFunctions_; }
    uint64_t toNs(uint64_t ticks) const;
    // Both clocks at one time; REQUIRES hasCalibratedTime. Zeros when the driver cannot tell.
    struct Clocks {
        uint64_t ticks = 0, hostNs = 0;
    };
    Clocks readClocks() const;
    // On CLOCK_MONOTONIC; `ticks` are not after `now`.
    uint64_t toHostNs(uint64_t ticks, const Clocks& now) const;
    Profiler& profiler() { return profiler_; }

    // A pipeline of a module, made for this; without a layout of its own, that of all. Throws Failure.
    VkPipeline createPipeline(VkShaderModule module, const VkSpecializationInfo* constants, uint32_t subgroupSize,
                              bool fullSubgroups, VkPipelineLayout layout = VK_NULL_HANDLE,
                              const char* entryPoint = "main") const;
    VkShaderModule createModule(const uint32_t* words, size_t bytes) const;

    std::shared_ptr<Stream> createStream(std::string label);
    // Runs `record` on the device now, and waits. Throws Failure.
    void runNow(const std::function<void(Batch&)>& record);
    void synchronize(uint64_t deadline);
    // HY_ERROR_TIMEOUT thrown: work was left.
    void close(uint64_t deadline);

    // ---- The schedule.
    std::mutex& mutex() { return mutex_; }
    std::condition_variable& changed() { return changed_; }
    // With the lock held:
    void advance(); // begins whatever can begin, in all streams
    void lose(const Failure& failure, const std::string& kernel) noexcept;
    const std::optional<Failure>& lost() const { return lost_; }
    bool isClosed() const { return closed_; }
    std::shared_ptr<Batch> takeBatch();
    void recycle(std::shared_ptr<Batch> batch);
    void activate(const std::shared_ptr<Stream>& stream) { active_.insert(stream); }

private:
    Device(std::shared_ptr<Context> context, const Adapter& adapter)
        : context_(std::move(context)), adapter_(adapter) {}
    void create();
    std::vector<std::shared_ptr<Stream>> streams();

    const std::shared_ptr<Context> context_;
    const Adapter& adapter_;
    Features enabled_;
    VolkDeviceTable functions_{};
    VkDevice device_ = VK_NULL_HANDLE;
    VkPipelineLayout layout_ = VK_NULL_HANDLE;
    VkPipeline fill_ = VK_NULL_HANDLE;
    std::unique_ptr<Allocator> memory_, hostMemory_;
    std::unique_ptr<IpcMemory> ipcMemory_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<std::unique_ptr<Queue>> queues_;
    std::vector<std::shared_ptr<Batch>> spare_;
    std::vector<std::weak_ptr<Stream>> streams_;
    std::set<std::shared_ptr<Stream>> active_; // with work
    std::optional<Failure> lost_;
    bool closed_ = false;
    bool advancing_ = false, advanceAgain_ = false;
    uint64_t created_ = 0;
    Profiler profiler_;
    Worker copies_, hostFunctions_;
};

} // namespace halyard::vulkan
