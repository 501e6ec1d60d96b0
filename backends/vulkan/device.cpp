#include "device.h"

#include "fill_comp.spv.h"
#include "handles.h"
#include "stream.h"
#include "tables.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

constexpr uint32_t kPushBytes = 64;
constexpr uint32_t kMostQueues = 8;
constexpr uint64_t kDeviceSlab = uint64_t{64} << 20;
constexpr uint64_t kHostSlab = uint64_t{8} << 20;
// How long close() waits for a host function or a copy that has begun.
constexpr uint64_t kCancelGraceNs = 5'000'000'000;

} // namespace

Context::~Context() {
    if (instance == VK_NULL_HANDLE)
        return;
    if (messenger != VK_NULL_HANDLE && vkDestroyDebugUtilsMessengerEXT != nullptr)
        vkDestroyDebugUtilsMessengerEXT(instance, messenger, nullptr);
    vkDestroyInstance(instance, nullptr);
}

void Context::checkValidation() {
    if (validationMessages.load() == 0)
        return;
    const std::scoped_lock lock(messageMutex);
    throw Failure{HY_ERROR_INTERNAL,
                  fmt::format("the Vulkan validation layer has {} messages; the first: {}", validationMessages.load(),
                              firstMessage),
                  "please report this"};
}

std::shared_ptr<Device> Device::open(std::shared_ptr<Context> context, const Adapter& adapter) {
    std::shared_ptr<Device> device(new Device(std::move(context), adapter));
    device->create();
    if (adapter.isLavapipe())
        device->host().log(
            HY_LOG_WARNING,
            fmt::format("{}: this driver ends all loops of an invocation after 65,535 iterations together, "
                        "without a word; results of kernels that need more are wrong",
                        adapter.core.deviceName));
    return device;
}

void Device::create() {
    chooseFeatures(adapter_, enabled_);
    const uint32_t count = std::min(adapter_.queueCount, kMostQueues);
    const std::vector<float> priorities(count, 1.0F);
    VkDeviceQueueCreateInfo queues{};
    queues.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO;
    queues.queueFamilyIndex = adapter_.queueFamily;
    queues.queueCount = count;
    queues.pQueuePriorities = priorities.data();
    const std::vector<const char*> extensions = chooseExtensions(adapter_);
    VkDeviceCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO;
    info.pNext = &enabled_.features;
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queues;
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    check(vkCreateDevice(adapter_.device, &info, nullptr, &device_), "vkCreateDevice");
    if (const std::string missing = loadSymbols(device_, functions_); !missing.empty()) {
        if (functions_.vkDestroyDevice != nullptr)
            functions_.vkDestroyDevice(device_, nullptr);
        device_ = VK_NULL_HANDLE;
        throw Failure{HY_ERROR_UNSUPPORTED, fmt::format("the driver of {} lacks {}", adapter_.core.deviceName, missing),
                      "update it"};
    }
    memory_ = std::make_unique<Allocator>(functions_, device_, adapter_, adapter_.deviceType, adapter_.deviceMapped,
                                          kDeviceSlab);
    ipcMemory_ = std::make_unique<IpcMemory>(functions_, device_, adapter_, *memory_);
    hostMemory_ = std::make_unique<Allocator>(functions_, device_, adapter_, adapter_.hostType, true, kHostSlab);
    VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, kPushBytes};
    VkPipelineLayoutCreateInfo layout{};
    layout.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
    layout.pushConstantRangeCount = 1;
    layout.pPushConstantRanges = &range;
    check(functions_.vkCreatePipelineLayout(device_, &layout, nullptr, &layout_), "vkCreatePipelineLayout");
    VkShaderModule module = createModule(fill_comp_spv, fill_comp_spv_size);
    try {
        fill_ = createPipeline(module, nullptr, 0, false);
    } catch (...) {
        functions_.vkDestroyShaderModule(device_, module, nullptr);
        throw;
    }
    functions_.vkDestroyShaderModule(device_, module, nullptr);
    for (uint32_t i = 0; i < count; ++i)
        queues_.push_back(std::make_unique<Queue>(*this, i));
}

Device::~Device() {
    if (device_ == VK_NULL_HANDLE)
        return;
    queues_.clear();
    spare_.clear();
    ipcMemory_.reset();
    memory_.reset();
    hostMemory_.reset();
    functions_.vkDestroyPipeline(device_, fill_, nullptr);
    functions_.vkDestroyPipelineLayout(device_, layout_, nullptr);
    functions_.vkDestroyDevice(device_, nullptr);
}

uint64_t Device::toNs(uint64_t ticks) const {
    return static_cast<uint64_t>(static_cast<long double>(ticks) *
                                 static_cast<long double>(adapter_.core.limits.timestampPeriod));
}

Device::Clocks Device::readClocks() const {
    if (functions_.vkGetCalibratedTimestampsEXT == nullptr)
        return {};
    VkCalibratedTimestampInfoEXT clocks[2]{};
    clocks[0].sType = clocks[1].sType = VK_STRUCTURE_TYPE_CALIBRATED_TIMESTAMP_INFO_EXT;
    clocks[0].timeDomain = VK_TIME_DOMAIN_DEVICE_EXT;
    clocks[1].timeDomain = VK_TIME_DOMAIN_CLOCK_MONOTONIC_EXT;
    uint64_t values[2]{};
    uint64_t deviation = 0;
    if (functions_.vkGetCalibratedTimestampsEXT(device_, 2, clocks, values, &deviation) < 0)
        return {};
    return {values[0], values[1]};
}

uint64_t Device::toHostNs(uint64_t ticks, const Clocks& now) const {
    const uint32_t bits = adapter_.timestampBits;
    const uint64_t mask = bits >= 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    const uint64_t ago = (now.ticks - ticks) & mask; // the counter may have wrapped around
    // More than half of the range is a stamp that the clock, read a little earlier, had not reached.
    return ago <= mask / 2 ? now.hostNs - std::min(now.hostNs, toNs(ago)) : now.hostNs;
}

VkShaderModule Device::createModule(const uint32_t* words, size_t bytes) const {
    VkShaderModuleCreateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
    info.codeSize = bytes;
    info.pCode = words;
    VkShaderModule module = VK_NULL_HANDLE;
    check(functions_.vkCreateShaderModule(device_, &info, nullptr, &module), "vkCreateShaderModule");
    return module;
}

VkPipeline Device::createPipeline(VkShaderModule module, const VkSpecializationInfo* constants, uint32_t subgroupSize,
                                  bool fullSubgroups, VkPipelineLayout layout, const char* entryPoint) const {
    VkComputePipelineCreateInfo info{};
    VkPipelineShaderStageRequiredSubgroupSizeCreateInfo subgroups{};
    info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
    info.flags = VK_PIPELINE_CREATE_DISPATCH_BASE_BIT;
    info.layout = layout != VK_NULL_HANDLE ? layout : layout_;
    info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
    info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
    info.stage.module = module;
    info.stage.pName = entryPoint;
    info.stage.pSpecializationInfo = constants;
    if (subgroupSize != 0) {
        subgroups.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO;
        subgroups.requiredSubgroupSize = subgroupSize;
        info.stage.pNext = &subgroups;
    }
    if (fullSubgroups)
        info.stage.flags |= VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT;
    VkPipeline pipeline = VK_NULL_HANDLE;
    check(functions_.vkCreateComputePipelines(device_, VK_NULL_HANDLE, 1, &info, nullptr, &pipeline),
          "vkCreateComputePipelines");
    return pipeline;
}

std::shared_ptr<Stream> Device::createStream(std::string label) {
    const std::scoped_lock lock(mutex_);
    auto stream = std::make_shared<Stream>(shared_from_this(), *queues_[created_++ % queues_.size()], std::move(label));
    if (created_ % 64 == 0)
        std::erase_if(streams_, [](const auto& known) { return known.expired(); });
    streams_.push_back(stream);
    return stream;
}

std::shared_ptr<Batch> Device::takeBatch() {
    if (lost_)
        throw Failure(*lost_);
    std::shared_ptr<Batch> batch;
    if (!spare_.empty()) {
        batch = std::move(spare_.back());
        spare_.pop_back();
    } else {
        batch = std::make_shared<Batch>(functions_, device_, adapter_.queueFamily, *hostMemory_);
    }
    batch->begin();
    return batch;
}

void Device::recycle(std::shared_ptr<Batch> batch) {
    constexpr size_t kMostSpare = 64;
    if (spare_.size() < kMostSpare)
        spare_.push_back(std::move(batch));
}

void Device::runNow(const std::function<void(Batch&)>& record) {
    std::unique_lock lock(mutex_);
    const std::shared_ptr<Batch> batch = takeBatch();
    batch->commands().barrier();
    record(*batch);
    batch->end();
    queues_[0]->submit(batch);
    const uint64_t value = batch->value;
    changed_.wait(lock, [&] { return queues_[0]->done() >= value; });
    if (lost_)
        throw Failure(*lost_);
}

// One pass may make another stream's wait come true, and what runs here may ask for another pass.
void Device::advance() {
    if (advancing_) {
        advanceAgain_ = true;
        return;
    }
    advancing_ = true;
    do {
        advanceAgain_ = false;
        for (auto at = active_.begin(); at != active_.end();) {
            const std::shared_ptr<Stream> stream = *at;
            if (stream->queue().inFlight() <= 1)
                stream->flush();
            advanceAgain_ |= stream->advance();
            at = stream->isIdle() ? active_.erase(at) : std::next(at);
        }
    } while (advanceAgain_);
    advancing_ = false;
    changed_.notify_all();
}

void Device::lose(const Failure& failure, const std::string& kernel) noexcept {
    if (lost_)
        return;
    try {
        lost_ = failure;
        if (!kernel.empty())
            lost_->message += fmt::format("; the last kernel of the batch that ran was '{}'", kernel);
        lost_->hint = "a kernel that reads or writes outside of its buffers can be the cause; the device is of no use "
                      "any more in this process";
        host().log(HY_LOG_ERROR, lost_->message);
    } catch (...) {
        lost_ = Failure{HY_ERROR_DEVICE_LOST, {}, {}};
    }
    for (const std::shared_ptr<Stream>& stream : active_)
        stream->loseWork(*lost_);
}

std::vector<std::shared_ptr<Stream>> Device::streams() {
    std::vector<std::shared_ptr<Stream>> all;
    const std::scoped_lock lock(mutex_);
    for (const std::weak_ptr<Stream>& known : streams_)
        if (std::shared_ptr<Stream> stream = known.lock())
            all.push_back(std::move(stream));
    return all;
}

void Device::synchronize(uint64_t deadline) {
    const std::vector<std::shared_ptr<Stream>> all = streams();
    {
        // Streams whose handle is gone may have work left.
        std::unique_lock lock(mutex_);
        for (const std::shared_ptr<Stream>& stream : active_)
            stream->flush();
        advance();
        const std::set<std::shared_ptr<Stream>> busy = active_;
        std::vector<std::pair<std::shared_ptr<Stream>, uint64_t>> ends;
        lock.unlock();
        for (const std::shared_ptr<Stream>& stream : busy)
            ends.emplace_back(stream, stream->newest());
        for (const auto& [stream, number] : ends) {
            const bool known = std::find(all.begin(), all.end(), stream) != all.end();
            try {
                stream->finish(number, deadline, "the device has not finished its work within the time limit");
            } catch (const Failure& failure) {
                if (known || failure.code == HY_ERROR_TIMEOUT)
                    throw;
            }
        }
    }
    for (const std::shared_ptr<Stream>& stream : all)
        stream->checkFailure();
    context_->checkValidation();
}

void Device::close(uint64_t deadline) {
    bool done = false;
    bool stopped = false;
    {
        std::unique_lock lock(mutex_);
        for (const std::shared_ptr<Stream>& stream : active_)
            stream->flush();
        advance();
        done = await(changed_, lock, deadline, [this] { return active_.empty(); });
        closed_ = true;
        advance(); // drops what has not begun
        stopped = await(changed_, lock, deadlineAfter(done ? 0 : kCancelGraceNs), [this] { return active_.empty(); });
    }
    if (!stopped) {
        // The driver and threads still use it.
        static_cast<void>(new std::shared_ptr<Device>(shared_from_this()));
        throw Failure{HY_ERROR_TIMEOUT,
                      "work did not finish within the time limit and could not be stopped: the device and its memory "
                      "stay in use",
                      ""};
    }
    copies_.stop();
    hostFunctions_.stop();
    for (const std::unique_ptr<Queue>& queue : queues_)
        queue->stop();
    context_->checkValidation();
    if (!done)
        throw Failure{HY_ERROR_TIMEOUT, "work did not finish within the time limit; what had not begun was dropped",
                      ""};
}

namespace {

HyResult getCount(HyBackendContext context, uint32_t* outCount) {
    *outCount = static_cast<uint32_t>(fromHandle(context)->adapters.size());
    return HY_SUCCESS;
}

HyResult getProperties(HyBackendContext handle, uint32_t ordinal, HyDeviceProperties* outProperties) {
    const HyDeviceProperties& ours = fromHandle(handle)->adapters[ordinal].properties;
    const uint32_t structSize = outProperties->structSize;
    std::memcpy(outProperties, &ours, std::min<size_t>(structSize, sizeof ours));
    outProperties->structSize = structSize;
    return HY_SUCCESS;
}

HyResult openDevice(HyBackendContext handle, uint32_t ordinal, HyBackendDevice* outDevice) {
    const std::shared_ptr<Context>& context = fromHandle(handle);
    return guarded(context->host, [&] {
        *outDevice = toHandle<HyBackendDevice>(Device::open(context, context->adapters[ordinal]));
        return HY_SUCCESS;
    });
}

HyResult closeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const Host host = fromHandle(handle)->host();
    return guarded(host, [&] {
        const std::shared_ptr<Device> device = fromHandle(handle);
        destroyHandle(handle);
        device->close(deadlineAfter(timeoutNs));
        return HY_SUCCESS;
    });
}

HyResult getMemoryInfo(HyBackendDevice handle, uint64_t* outFree, uint64_t* outTotal) {
    uint64_t free = 0;
    uint64_t total = 0;
    fromHandle(handle)->memory().getInfo(free, total);
    if (outFree != nullptr)
        *outFree = free;
    if (outTotal != nullptr)
        *outTotal = total;
    return HY_SUCCESS;
}

HyResult synchronizeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const std::shared_ptr<Device> device = fromHandle(handle);
    return guarded(device->host(), [&] {
        device->synchronize(deadlineAfter(timeoutNs));
        return HY_SUCCESS;
    });
}

HyResult getNativeHandle(HyBackendDevice handle, HyNativeHandle* outHandle) {
    outHandle->value = reinterpret_cast<uint64_t>(fromHandle(handle)->handle());
    outHandle->typeName = "VkDevice";
    return HY_SUCCESS;
}

} // namespace

const HyBackendDeviceTable kDeviceTable{
    .structSize = sizeof(HyBackendDeviceTable),
    .getCount = getCount,
    .getProperties = getProperties,
    .open = openDevice,
    .close = closeDevice,
    .getMemoryInfo = getMemoryInfo,
    .synchronize = synchronizeDevice,
    .getNativeHandle = getNativeHandle,
};

} // namespace halyard::vulkan
