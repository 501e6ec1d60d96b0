#include "kernel.h"

#include "printf/record.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

constexpr uint32_t kSuggestedInvocations = 64;
constexpr uint32_t kPrintBytes = 1 << 20; // of one launch
// Workgroups of one dispatch: lavapipe counts them in 31 bits, and a watchdog would end a longer one.
constexpr uint64_t kMostGroups = uint64_t{1} << 28;
constexpr uint64_t kMostSlices = uint64_t{1} << 20;

uint64_t roundUp(uint64_t value, uint64_t unit) {
    return (value + unit - 1) / unit * unit;
}

} // namespace

Kernel::Kernel(std::shared_ptr<Module> module, const HyBackendKernelDesc& desc)
    : module_(std::move(module)), device_(*module_->device()), desc_(desc) {
    const Adapter& adapter = device_.adapter();
    const bool canChoose = (adapter.core13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    const uint32_t own = adapter.core11.subgroupSize;
    const uint32_t wanted = desc_.requiredSubgroupSize;
    const bool fits = wanted == 0 || wanted == own ||
                      (canChoose && wanted >= adapter.core13.minSubgroupSize &&
                       wanted <= adapter.core13.maxSubgroupSize && (wanted & (wanted - 1)) == 0);
    if (!fits)
        throw Failure{HY_ERROR_UNSUPPORTED,
                      fmt::format("kernel {} requires subgroups of {} invocations; the device has {} to {}", desc_.name,
                                  wanted, adapter.core13.minSubgroupSize, adapter.core13.maxSubgroupSize),
                      "make the kernel for a size that the device has"};
    subgroupSize_ = wanted != 0 ? wanted : own;
}

Kernel::~Kernel() {
    for (const auto& [shape, pipeline] : pipelines_)
        device_.functions().vkDestroyPipeline(device_.handle(), pipeline, nullptr);
    device_.functions().vkDestroyShaderModule(device_.handle(), shader_, nullptr);
}

std::shared_ptr<Kernel> Kernel::create(std::shared_ptr<Module> module, const HyBackendKernelDesc& desc,
                                       HyResult& outFailed) {
    std::shared_ptr<Kernel> kernel(new Kernel(std::move(module), desc));
    const Host& host = kernel->device_.host();
    std::string why;
    kernel->untouched_ = Shader::create(kernel->device_, kernel->module_->desc(), desc, &why);
    if (kernel->untouched_ != nullptr) {
        host.log(HY_LOG_DEBUG, fmt::format("kernel {}: the driver gets the module as it is", desc.name));
        return kernel;
    }
    host.log(HY_LOG_DEBUG, fmt::format("kernel {} is translated: {}", desc.name, why));
    outFailed = kernel->translate();
    return outFailed == HY_SUCCESS ? kernel : nullptr;
}

// HY_SUCCESS, or the compiler's code with its words set; or throws Failure.
HyResult Kernel::translate() {
    const Device& device = device_;
    const HyBackendModuleDesc& source = module_->desc();
    HyJitRequest request{};
    request.structSize = sizeof request;
    request.flags = (source.flags & HY_MODULE_FAST_MATH) != 0 ? HY_JIT_FAST_MATH : 0;
    request.spirv = source.data;
    request.spirvBytes = source.dataBytes;
    request.spirvDigest = source.spirvDigest;
    request.kernel = desc_.name;
    request.target = "vulkan";
    request.cpu = "";
    request.features = "";
    const HyHostServices& services = device.host().services();
    HyJitArtifact compiled{};
    compiled.structSize = sizeof compiled;
    if (const HyResult failed = services.jitCompile(services.context, &request, &compiled); failed != HY_SUCCESS)
        return failed;
    const auto release = [&] { services.jitRelease(services.context, &compiled); };
    try {
        const std::span words(static_cast<const uint32_t*>(compiled.data), compiled.bytes / sizeof(uint32_t));
        artifact_ = readArtifact(words);
        const std::string missing = missingCapabilities(words, artifact_, device.enabled(), device.adapter());
        if (!missing.empty())
            throw Failure{
                HY_ERROR_UNSUPPORTED,
                fmt::format("kernel {} needs what {} lacks: {}", desc_.name, device.adapter().core.deviceName, missing),
                "use another device"};
        shader_ = device.createModule(words.data(), words.size_bytes());
        data_ = module_->place(artifact_);
        artifact_.data[0].clear();
    } catch (...) {
        release();
        throw;
    }
    release();
    return HY_SUCCESS;
}

void Kernel::translateFor(const char* why) {
    std::call_once(translated_, [&] {
        device_.host().log(HY_LOG_DEBUG, fmt::format("kernel {} is translated for a launch: {}", desc_.name, why));
        if (const HyResult failed = translate(); failed != HY_SUCCESS)
            throw Failure{failed,
                          fmt::format("kernel {} cannot be launched so as it is ({}), and the compiler refuses it",
                                      desc_.name, why),
                          ""};
    });
}

bool Kernel::isBound(const HyBackendLaunch& launch, Prepared& out) {
    if (untouched_ == nullptr)
        return false;
    const char* why = "";
    out.isUntouched = untouched_->bind(launch, isOneDispatch(launch.workgroups), out.block, &why);
    if (out.isUntouched)
        out.pipeline = untouched_->pipeline();
    else
        translateFor(why);
    return out.isUntouched;
}

void Kernel::pack(const HyBackendLaunch& launch, std::byte* out) const {
    for (uint32_t i = 0; i < desc_.parameterCount; ++i) {
        const HyBackendParameter& parameter = desc_.parameters[i];
        const void* from = launch.args != nullptr ? launch.args[i]
                                                  : static_cast<const std::byte*>(launch.packedArgs) + parameter.offset;
        std::memcpy(out + parameter.offset, from, parameter.bytes);
    }
    for (uint32_t i = 0; i < desc_.lengthCount; ++i)
        std::memcpy(out + desc_.lengthOffsets[i], &launch.bufferLengths[i], sizeof(uint64_t));
}

uint64_t Kernel::localBytes(const HyBackendLaunch& launch, const std::byte* arguments) const {
    const uint64_t most = device_.adapter().properties.maxLocalBytes;
    uint64_t all = artifact_.staticLocalBytes;
    for (uint32_t i = 0; i < desc_.parameterCount; ++i) {
        if (desc_.parameters[i].kind != HY_PARAMETER_LOCAL_POINTER)
            continue;
        uint64_t bytes = 0;
        std::memcpy(&bytes, arguments + desc_.parameters[i].offset, sizeof bytes);
        all = roundUp(all, HY_VULKAN_LOCAL_ALIGNMENT) + roundUp(std::min(bytes, most + 1), HY_VULKAN_LOCAL_ALIGNMENT);
    }
    all += launch.dynamicLocalBytes;
    if (all > most)
        throw Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                      fmt::format("kernel {} needs {} bytes of workgroup memory or more, its variables and arguments "
                                  "together; the device has {} (maxLocalBytes)",
                                  desc_.name, all, most),
                      "use less workgroup memory", "workgroups"};
    return all;
}

VkPipeline Kernel::pipeline(const Shape& shape) {
    if (const auto* latest = latest_.load(std::memory_order_acquire); latest != nullptr && latest->first == shape)
        return latest->second;
    const std::scoped_lock lock(mutex_);
    if (const auto found = pipelines_.find(shape); found != pipelines_.end()) {
        latest_.store(&*found, std::memory_order_release);
        return found->second;
    }
    const uint32_t values[] = {shape.size[0], shape.size[1], shape.size[2], shape.localElements};
    constexpr VkSpecializationMapEntry kEntries[] = {{HY_VULKAN_SPEC_SIZE_X, 0, 4},
                                                     {HY_VULKAN_SPEC_SIZE_Y, 4, 4},
                                                     {HY_VULKAN_SPEC_SIZE_Z, 8, 4},
                                                     {HY_VULKAN_SPEC_LOCAL_WORDS, 12, 4}};
    const VkSpecializationInfo constants{4, kEntries, sizeof values, values};
    const Adapter& adapter = device_.adapter();
    const uint32_t invocations = shape.size[0] * shape.size[1] * shape.size[2];
    const bool canChoose = (adapter.core13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
                           invocations <= uint64_t{subgroupSize_} * adapter.core13.maxComputeWorkgroupSubgroups;
    const VkPipeline made = device_.createPipeline(shader_, &constants, canChoose ? subgroupSize_ : 0,
                                                   canChoose && invocations % subgroupSize_ == 0);
    latest_.store(&*pipelines_.emplace(shape, made).first, std::memory_order_release);
    return made;
}

bool Kernel::isOneDispatch(const HyDim3& workgroups) const {
    const auto& limit = device_.adapter().core.limits.maxComputeWorkGroupCount;
    return workgroups.x <= limit[0] && workgroups.y <= limit[1] && workgroups.z <= limit[2] &&
           uint64_t{workgroups.x} * workgroups.y <= kMostGroups && // what follows does not overflow then
           uint64_t{workgroups.x} * workgroups.y * workgroups.z <= kMostGroups;
}

void Kernel::dispatch(const Commands& commands, const HyDim3& workgroups) const {
    const auto& limit = device_.adapter().core.limits.maxComputeWorkGroupCount;
    if (isOneDispatch(workgroups))
        return commands.functions.vkCmdDispatch(commands.buffer, workgroups.x, workgroups.y, workgroups.z);
    const uint64_t x = std::min<uint64_t>(workgroups.x, limit[0]);
    const uint64_t y = std::min<uint64_t>({workgroups.y, limit[1], std::max<uint64_t>(1, kMostGroups / x)});
    const uint64_t z = std::min<uint64_t>({workgroups.z, limit[2], std::max<uint64_t>(1, kMostGroups / (x * y))});
    for (uint64_t fromZ = 0; fromZ < workgroups.z; fromZ += z)
        for (uint64_t fromY = 0; fromY < workgroups.y; fromY += y)
            for (uint64_t fromX = 0; fromX < workgroups.x; fromX += x)
                commands.functions.vkCmdDispatchBase(commands.buffer, static_cast<uint32_t>(fromX),
                                                     static_cast<uint32_t>(fromY), static_cast<uint32_t>(fromZ),
                                                     static_cast<uint32_t>(std::min(x, workgroups.x - fromX)),
                                                     static_cast<uint32_t>(std::min(y, workgroups.y - fromY)),
                                                     static_cast<uint32_t>(std::min(z, workgroups.z - fromZ)));
}

Kernel::Prepared Kernel::prepare(const HyBackendLaunch& launch) {
    const auto& limit = device_.adapter().core.limits.maxComputeWorkGroupCount;
    const HyDim3& groups = launch.workgroups;
    const auto slices = [&] { return (uint64_t{groups.x} / limit[0] + 1) * (uint64_t{groups.y} / limit[1] + 1); };
    if (!isOneDispatch(groups) && slices() > kMostSlices / (uint64_t{groups.z} / limit[2] + 1))
        throw Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                      fmt::format("kernel {}: {} x {} x {} workgroups are too many for one launch", desc_.name,
                                  groups.x, groups.y, groups.z),
                      "launch parts of the grid", "workgroups"};
    Prepared out;
    out.workgroups = groups;
    if (isBound(launch, out))
        return out;
    out.block.resize(HY_VULKAN_ARGUMENTS + desc_.argumentBytes);
    const HyVulkanLaunch head{{groups.x, groups.y, groups.z}, 0, 0, data_[0], data_[1], 0};
    std::memcpy(out.block.data(), &head, sizeof head);
    pack(launch, out.block.data() + HY_VULKAN_ARGUMENTS);
    const uint64_t local = localBytes(launch, out.block.data() + HY_VULKAN_ARGUMENTS);
    const Shape shape{
        {launch.workgroupSize.x, launch.workgroupSize.y, launch.workgroupSize.z},
        static_cast<uint32_t>(std::max<uint64_t>(1, roundUp(local, artifact_.localUnit) / artifact_.localUnit))};
    const uint64_t invocations = uint64_t{launch.workgroupSize.x} * launch.workgroupSize.y * launch.workgroupSize.z;
    if (artifact_.mostInvocations != 0 && invocations > artifact_.mostInvocations)
        throw Failure{HY_ERROR_INVALID_LAUNCH_SIZE,
                      fmt::format("kernel {} has operations of whole workgroups, which take up to {} invocations",
                                  desc_.name, artifact_.mostInvocations),
                      "make the workgroups smaller", "workgroupSize"};
    out.pipeline = pipeline(shape);
    return out;
}

void Kernel::record(const Commands& commands, const Prepared& prepared, uint64_t address) const {
    if (prepared.isUntouched) {
        untouched_->record(commands, prepared.block);
    } else {
        commands.bind(prepared.pipeline);
        commands.functions.vkCmdPushConstants(commands.buffer, device_.layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                              sizeof address, &address);
    }
    dispatch(commands, prepared.workgroups);
}

std::shared_ptr<HyVulkanPrintBuffer> Kernel::makePrintBuffer(uint64_t& outAddress) {
    const Place place = device_.hostMemory().allocate(sizeof(HyVulkanPrintBuffer) + kPrintBytes);
    std::shared_ptr<HyVulkanPrintBuffer> prints(
        reinterpret_cast<HyVulkanPrintBuffer*>(place.host),
        [kernel = shared_from_this(), address = place.address](HyVulkanPrintBuffer*) {
            kernel->device_.hostMemory().free(address);
        });
    std::memset(static_cast<void*>(prints.get()), 0, sizeof *prints + kPrintBytes);
    prints->capacity = kPrintBytes;
    outAddress = place.address;
    return prints;
}

void Kernel::submit(Stream& stream, const Prepared& prepared) {
    std::shared_ptr<HyVulkanPrintBuffer> prints;
    uint64_t printAddress = 0;
    if (this->prints())
        prints = makePrintBuffer(printAddress);
    const std::span<const std::byte> block = prepared.deviceBlock();
    stream.record(block.size(), {HY_ACTIVITY_KERNEL, 0, desc_.name}, [&](Batch& batch) {
        Place place;
        if (!block.empty()) {
            place = batch.argumentMemory(block.size());
            std::memcpy(place.host, block.data(), block.size());
        }
        if (prints != nullptr)
            std::memcpy(place.host + offsetof(HyVulkanLaunch, print), &printAddress, sizeof printAddress);
        record(batch.commands(), prepared, place.address);
        if (!batch.justKept(this))
            batch.keep(shared_from_this());
        if (prints != nullptr)
            batch.keep(prints);
        batch.setName(desc_.name);
    });
    if (prints != nullptr)
        stream.doOnHost(device_.copies(), {}, [kernel = shared_from_this(), prints] { kernel->print(*prints); });
}

std::string Kernel::textAt(uint64_t address) const {
    const std::vector<uint8_t>& constants = artifact_.data[1];
    if (address - data_[1] < constants.size()) {
        const size_t offset = address - data_[1];
        const auto* text = reinterpret_cast<const char*>(constants.data()) + offset;
        return {text, strnlen(text, constants.size() - offset)};
    }
    return address == 0 ? "(null)" : fmt::format("(text at {:#x})", address);
}

void Kernel::print(const HyVulkanPrintBuffer& buffer) const {
    const auto* const records = reinterpret_cast<const uint8_t*>(&buffer + 1);
    const uint32_t end = std::min(buffer.used, buffer.capacity);
    for (uint32_t at = 0; at + sizeof(HyVulkanPrintRecord) <= end;) {
        HyVulkanPrintRecord record{};
        std::memcpy(&record, records + at, sizeof record);
        at += sizeof record;
        const uint32_t bytes = record.bytes & ~HY_VULKAN_PRINT_WRITTEN;
        if (bytes == record.bytes || bytes > end - at) // it did not fit
            break;
        const std::vector<printf::Argument> arguments =
            printf::readRecord({records + at, bytes}, [this](uint64_t address) { return textAt(address); });
        device_.host().print(printf::formatText(textAt(data_[1] + record.format), arguments));
        at += static_cast<uint32_t>(roundUp(bytes, 8));
    }
    if (buffer.lost != 0)
        device_.host().log(HY_LOG_WARNING,
                           fmt::format("kernel {}: {} calls of printf did not fit into the buffer of {} bytes and are "
                                       "lost",
                                       desc_.name, buffer.lost, kPrintBytes));
}

HyBackendKernelInfo Kernel::info() const {
    HyBackendKernelInfo info{};
    info.structSize = sizeof info;
    info.maxWorkgroupInvocations = device_.adapter().properties.maxWorkgroupInvocations;
    info.subgroupSize = subgroupSize_;
    const HyDim3& required = desc_.requiredWorkgroupSize;
    info.suggestedWorkgroupSize = required.x != 0 ? required : HyDim3{kSuggestedInvocations, 1, 1};
    return info;
}

} // namespace halyard::vulkan
