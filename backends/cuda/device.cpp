#include "device.h"

#include "abandoned.h"
#include "handles.h"
#include "restart.h"
#include "retired.h"
#include "sharing.h"
#include "stream.h"
#include "tables.h"
#include "wait.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {
namespace {

constexpr uint64_t kGraceNs = 2'000'000'000; // for work that was waiting when the device was closed

} // namespace

Device::Device(std::shared_ptr<Context> context, const DeviceInfo& info)
    : context_(std::move(context)), info_(info), cu_(&context_->cu), cuOfProcess_(&context_->cu), leftovers_(*this),
      hostCalls_(*this), userCalls_(*this), ipcMemory_(*this), profiler_(*this) {}

Device::~Device() {
    hostCalls_.stop();
    if (primary_ == nullptr)
        return;
    {
        const Current current = enterContext(*this);
        profiler_.release();
        for (const auto& [flags, event] : events_)
            cu().cuEventDestroy_v2(event);
    }
    // A reset takes nobody's reference away. While the driver is at one, this would wait for it: then the reference
    // stays.
    cuOfProcess().cuDevicePrimaryCtxRelease_v2(info_.handle);
}

HyResult Device::open() {
    if (const HyResult result = checkRestarted(host(), info_.handle); result != HY_SUCCESS)
        return result;
    const CUresult code = cu().cuDevicePrimaryCtxRetain(&primary_, info_.handle);
    if (code != CUDA_SUCCESS)
        return fail(code, "make a context of the device");
    enlistOpen(shared_from_this());
    return tryContext(*this);
}

void Device::end(Failure why) {
    const std::scoped_lock lock(lostMutex_);
    if (ended_)
        return;
    ended_ = true;
    lostFailure_ = std::move(why);
    lost_.store(lostFailure_.code, std::memory_order_release);
    cu_.store(&deadSymbols(), std::memory_order_relaxed);
    cuOfProcess_.store(&deadSymbols(), std::memory_order_relaxed); // the driver may be at the reset for long
}

namespace {

// " (cuMemAlloc_v2: CUDA_ERROR_OUT_OF_MEMORY)", or the error's name alone. Throws std::bad_alloc.
std::string nameCall(CUresult code) {
    const FailedCall call = lastFailedCall();
    return std::string(" (") + (call.code == code ? std::string(call.name) + ": " : std::string()) +
           meaningOf(code).name + ")";
}

} // namespace

HyResult Device::fail(CUresult code, const char* what, const std::string& detail) noexcept {
    const Meaning meaning = meaningOf(code);
    try {
        const std::scoped_lock lock(lostMutex_);
        if (ended_)
            return host().fail(lostFailure_);
        if (const HyResult before = lost_.load(); before != HY_SUCCESS)
            return host().fail({before,
                                std::string("the driver could not ") + what +
                                    ": the device's context is gone since an earlier failure: " + lostFailure_.message,
                                "", "call hyDeviceReset, or restart the process", lostFailure_.nativeName,
                                lostFailure_.nativeCode});
        Failure failure{meaning.result, "", "", meaning.hint, meaning.name, code};
        if (meaning.sticky) {
            failure.message = meaning.words + describeSuspects() + " (" + meaning.name + ")";
            lostFailure_ = failure;
            lost_.store(meaning.result, std::memory_order_release);
        } else {
            failure.message = std::string("the driver could not ") + what + nameCall(code) + ": " + meaning.words;
        }
        if (!detail.empty())
            failure.message += "\n" + detail;
        return host().fail(failure);
    } catch (const std::bad_alloc&) {
        lost_.store(meaning.sticky ? meaning.result : lost_.load(), std::memory_order_release);
        return host().fail({meaning.result, "", "", meaning.hint, meaning.name, code});
    }
}

std::string Device::describeSuspects() {
    std::vector<std::string_view> names;
    for (const std::shared_ptr<Stream>& stream : streams())
        stream->addSuspects(names);
    if (names.empty())
        return {};
    std::string text = names.size() == 1 ? " (kernel " : " (one of the kernels ";
    for (size_t i = 0; i < names.size(); ++i)
        text.append(i == 0 ? "'" : ", '").append(names[i]).append("'");
    return text + ")";
}

HyResult Device::probe() noexcept {
    if (lost())
        return lostResult();
    try {
        for (const std::shared_ptr<Stream>& stream : streams()) {
            const HyResult result = stream->query();
            if (lost())
                return result;
        }
    } catch (const std::bad_alloc&) {
        // Asked again soon.
    }
    return HY_SUCCESS;
}

HyResult Device::synchronize(uint64_t deadline) {
    const std::vector<std::shared_ptr<Stream>> all = streams();
    for (const std::shared_ptr<Stream>& stream : all) {
        if (const HyResult result = stream->finish(deadline); result != HY_SUCCESS)
            return result;
    }
    leftovers_.sweep();
    profiler_.collect();
    for (const std::shared_ptr<Stream>& stream : all) {
        if (const HyResult result = stream->usable(); result != HY_SUCCESS)
            return result;
    }
    return HY_SUCCESS;
}

// What nobody will signal any more ends, and what is behind it is told. Whether all work is over then.
bool Device::endWaits() {
    const std::vector<std::shared_ptr<Stream>> all = streams();
    for (const std::shared_ptr<Stream>& stream : all) {
        if (!stream->gate()->used() || stream->idle())
            continue;
        stream->failWith(HY_ERROR_CANCELLED, "the device was closed while it waited");
        stream->gate()->openForGood();
    }
    const uint64_t deadline = deadlineAfter(kGraceNs);
    return std::all_of(all.begin(), all.end(),
                       [&](const auto& stream) { return pollUntil(deadline, [&] { return stream->idle(); }); });
}

HyResult Device::close(uint64_t deadline) {
    const HyResult result = synchronize(deadline);
    const bool over = result != HY_ERROR_TIMEOUT || endWaits();
    hostCalls_.stop();
    hostCalls_.abandon(lost() ? lostResult() : HY_ERROR_CANCELLED);
    userCalls_.stop();
    dropRetired();
    // Freeing would wait for work that runs, without a bound. What is left behind then stays in the context.
    if (!over)
        abandon(streams());
    if (!over || abandonedRuns(*this)) {
        ipcMemory_.withdraw();
    } else {
        leftovers_.releaseAll();
        const Current current = enterContext(*this);
        ipcMemory_.release();
    }
    return result == HY_ERROR_TIMEOUT ? result : HY_SUCCESS;
}

const char* Device::intern(std::string_view name) {
    const std::scoped_lock lock(mutex_);
    return names_.emplace(name).first->c_str();
}

HyResult Device::takeEvent(unsigned flags, CUevent& out) {
    {
        const std::scoped_lock lock(mutex_);
        const auto found =
            std::find_if(events_.begin(), events_.end(), [flags](const auto& kept) { return kept.first == flags; });
        if (found != events_.end()) {
            out = found->second;
            *found = events_.back();
            events_.pop_back();
            return HY_SUCCESS;
        }
    }
    const Current current = enterContext(*this);
    return check(cu().cuEventCreate(&out, flags), "make an event");
}

void Device::giveEvent(unsigned flags, CUevent event) noexcept {
    constexpr size_t kMostKept = 256;
    try {
        const std::scoped_lock lock(mutex_);
        if (events_.size() < kMostKept && (flags & CU_EVENT_INTERPROCESS) == 0) {
            events_.emplace_back(flags, event);
            return;
        }
    } catch (const std::bad_alloc&) {
        // Destroyed instead.
    }
    const Current current = enterContext(*this);
    cu().cuEventDestroy_v2(event);
}

void Device::enlist(const std::shared_ptr<Stream>& stream) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(streams_, [](const std::weak_ptr<Stream>& known) { return known.expired(); });
    streams_.push_back(stream);
}

std::vector<std::shared_ptr<Stream>> Device::streams() {
    std::vector<std::shared_ptr<Stream>> all;
    const std::scoped_lock lock(mutex_);
    for (const std::weak_ptr<Stream>& known : streams_) {
        if (std::shared_ptr<Stream> stream = known.lock())
            all.push_back(std::move(stream));
    }
    return all;
}

namespace {

HyResult getCount(HyBackendContext context, uint32_t* outCount) {
    *outCount = static_cast<uint32_t>(fromHandle(context)->devices.size());
    return HY_SUCCESS;
}

HyResult getProperties(HyBackendContext context, uint32_t ordinal, HyDeviceProperties* outProperties) {
    const HyDeviceProperties& known = fromHandle(context)->devices[ordinal].properties;
    const uint32_t structSize = outProperties->structSize;
    std::memcpy(outProperties, &known, std::min<size_t>(structSize, sizeof known));
    outProperties->structSize = structSize;
    return HY_SUCCESS;
}

HyResult openDevice(HyBackendContext context, uint32_t ordinal, HyBackendDevice* outDevice) {
    const std::shared_ptr<Context>& owner = fromHandle(context);
    return guarded(owner->host, [&] {
        auto device = std::make_shared<Device>(owner, owner->devices[ordinal]);
        if (const HyResult result = device->open(); result != HY_SUCCESS)
            return result;
        *outDevice = toHandle<HyBackendDevice>(std::move(device));
        return HY_SUCCESS;
    });
}

HyResult closeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const Host host = fromHandle(handle)->host();
    return guarded(host, [&] {
        const HyResult result = fromHandle(handle)->close(deadlineAfter(timeoutNs));
        destroyHandle(handle);
        return result;
    });
}

HyResult getMemoryInfo(HyBackendDevice handle, uint64_t* outFree, uint64_t* outTotal) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    size_t free = 0;
    size_t total = 0;
    const HyResult result = device.check(device.cu().cuMemGetInfo_v2(&free, &total), "tell how much memory is free");
    if (outFree != nullptr)
        *outFree = free;
    if (outTotal != nullptr)
        *outTotal = total;
    return result;
}

HyResult synchronizeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const std::shared_ptr<Device> device = fromHandle(handle);
    return guarded(device->host(), [&] { return device->synchronize(deadlineAfter(timeoutNs)); });
}

HyResult resetDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const std::shared_ptr<Device> device = fromHandle(handle);
    return guarded(device->host(), [&] { return restart(*device, deadlineAfter(timeoutNs)); });
}

HyResult getNativeHandle(HyBackendDevice handle, HyNativeHandle* outHandle) {
    outHandle->value = reinterpret_cast<uintptr_t>(fromHandle(handle)->context());
    outHandle->typeName = "CUcontext";
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
    .getPeerAccess = getPeerAccess,
    .enablePeerAccess = enablePeerAccess,
    .reset = resetDevice,
};

} // namespace halyard::cuda
