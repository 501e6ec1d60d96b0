#include "stream.h"

#include "event.h"
#include "handles.h"
#include "kernel.h"
#include "retired.h"
#include "stream_profile.h"
#include "tables.h"
#include "timeline_semaphore.h"
#include "transfer.h"
#include "wait.h"

#include "jit/ptx_kernel_abi.h"

#include <algorithm>

namespace halyard::cuda {

namespace {

std::atomic<uint64_t> streamsMade{0};

} // namespace

Stream::Stream(std::shared_ptr<Device> device, CUstream handle, std::string label)
    : device_(std::move(device)), handle_(handle), label_(std::move(label)), number_(streamsMade.fetch_add(1) + 1),
      gate_(std::make_shared<StreamGate>()) {}

Stream::~Stream() {
    const Current current = enterContext(*device_);
    const Symbols& cu = device_->cu();
    cu.cuStreamDestroy_v2(handle_);
    if (print_.device != 0)
        cu.cuMemFree_v2(print_.device);
    if (print_.host != nullptr)
        cu.cuMemFreeHost(print_.host);
    if (grid_ != 0)
        cu.cuMemFree_v2(grid_);
    if (staging_ != nullptr)
        cu.cuMemFreeHost(staging_);
    if (void* const memory = gate_->forget(); memory != nullptr)
        cu.cuMemFreeHost(memory);
}

void Stream::failWith(HyResult result, const std::string& message, uint64_t signal) noexcept {
    const std::scoped_lock lock(failureMutex_);
    if (failed_.load(std::memory_order_relaxed) != HY_SUCCESS)
        return;
    try {
        failure_ = message;
    } catch (const std::bad_alloc&) {
        // The code tells what there is to tell.
    }
    failedSignal_ = signal;
    failed_.store(result, std::memory_order_release);
}

HyResult Stream::repeatFailure() {
    return guarded(device_->host(), [&] {
        const std::scoped_lock lock(failureMutex_);
        return device_->host().fail({failed(), label_ + " failed: " + failure_, "", "use another stream"});
    });
}

HyResult Stream::queryDriver() {
    const Current current = enterContext(*device_);
    const uint64_t launched = launched_.load(std::memory_order_relaxed);
    const CUresult code = device_->cu().cuStreamQuery(handle_);
    if (code == CUDA_ERROR_NOT_READY)
        return HY_NOT_READY;
    if (code != CUDA_SUCCESS)
        return device_->fail(code, "finish the work of a stream", label_);
    seenDone_.store(launched, std::memory_order_relaxed);
    device_->profiler().collect();
    return HY_SUCCESS;
}

HyResult Stream::query() {
    const HyResult result = queryDriver();
    return result == HY_SUCCESS ? usable() : result;
}

std::shared_ptr<StreamProfile> Stream::profile() {
    const std::scoped_lock lock(profileMutex_);
    if (profile_ == nullptr) {
        auto made = std::make_shared<StreamProfile>(*device_);
        device_->profiler().enlist(made);
        profile_ = std::move(made);
    }
    return profile_;
}

bool Stream::idle() {
    const Current current = enterContext(*device_);
    return device_->cu().cuStreamQuery(handle_) == CUDA_SUCCESS;
}

HyResult Stream::synchronize(uint64_t deadline) {
    const HyResult result = finish(deadline);
    return result == HY_SUCCESS ? usable() : result;
}

HyResult Stream::finish(uint64_t deadline) {
    HyResult result = HY_NOT_READY;
    pollUntil(deadline, [&] {
        result = queryDriver();
        return result != HY_NOT_READY;
    });
    if (result != HY_NOT_READY)
        return result;
    return device_->host().fail(
        {HY_ERROR_TIMEOUT, "the work of " + label_ + " has not finished within the time limit; it goes on"});
}

HyResult Stream::waitFor(Timeline& timeline, uint64_t value, std::shared_ptr<void> keep) {
    dropRetired();
    if (timeline.value() >= value)
        return HY_SUCCESS;
    // The wait is in the stream before anybody can end it, and nobody holds a lock over the driver's call, which may
    // wait for a host function that raises the timeline.
    std::list<Parked> waiter;
    waiter.push_back({value, gate_, 0, std::move(keep)});
    if (const HyResult result = gate_->wait(*this, waiter.front().number); result != HY_SUCCESS)
        return result;
    timeline.park(waiter);
    return HY_SUCCESS;
}

void Stream::addSuspects(std::vector<std::string_view>& names) const {
    const uint64_t end = launched_.load(std::memory_order_relaxed);
    const uint64_t done = seenDone_.load(std::memory_order_relaxed);
    const uint64_t start = std::max(done, end > kNames ? end - kNames : 0);
    for (uint64_t at = start; at < end; ++at) {
        const char* name = names_[at % kNames].load(std::memory_order_relaxed);
        if (name != nullptr && std::find(names.begin(), names.end(), name) == names.end())
            names.emplace_back(name);
    }
}

HyResult Stream::printMemory(PrintMemory& out) {
    const Symbols& cu = device_->cu();
    if (print_.host == nullptr) {
        constexpr size_t kBytes = sizeof(HyPtxPrintBuffer) + kPrintBytes;
        if (print_.device == 0) {
            if (const HyResult result = check(cu.cuMemAlloc_v2(&print_.device, kBytes), "allocate memory for printf");
                result != HY_SUCCESS)
                return result;
            const CUdeviceptr capacity = print_.device + offsetof(HyPtxPrintBuffer, capacity);
            if (const HyResult result =
                    check(cu.cuMemsetD32Async(capacity, kPrintBytes, 1, handle_), "prepare memory for printf");
                result != HY_SUCCESS)
                return result;
        }
        void* host = nullptr;
        if (const HyResult result =
                check(cu.cuMemHostAlloc(&host, kBytes, kMemHostPortable), "allocate pinned memory for printf");
            result != HY_SUCCESS)
            return result;
        print_.host = static_cast<uint8_t*>(host);
    }
    out = print_;
    return HY_SUCCESS;
}

HyResult Stream::gridBarrier(CUdeviceptr& out) {
    if (grid_ == 0) {
        const Symbols& cu = device_->cu();
        CUdeviceptr made = 0;
        if (const HyResult result =
                check(cu.cuMemAlloc_v2(&made, sizeof(HyPtxGridBarrier)), "allocate memory for a grid's barrier");
            result != HY_SUCCESS)
            return result;
        const CUresult code = cu.cuMemsetD32Async(made, 0, sizeof(HyPtxGridBarrier) / sizeof(uint32_t), handle_);
        if (code != CUDA_SUCCESS) {
            cu.cuMemFree_v2(made);
            return device_->fail(code, "prepare a grid's barrier");
        }
        grid_ = made;
    }
    out = grid_;
    return HY_SUCCESS;
}

HyResult Stream::staging(uint8_t*& out) {
    if (staging_ == nullptr) {
        void* memory = nullptr;
        if (const HyResult result = check(device_->cu().cuMemHostAlloc(&memory, kStagingBytes, kMemHostPortable),
                                          "allocate pinned memory for copies");
            result != HY_SUCCESS)
            return result;
        staging_ = static_cast<uint8_t*>(memory);
    }
    out = staging_;
    return HY_SUCCESS;
}

namespace {

// The driver counts downwards: the least priority is the greater number. Halyard's 0 is the driver's.
int nativePriority(const Device& device, int32_t priority) {
    int least = 0;
    int greatest = 0;
    if (device.cu().cuCtxGetStreamPriorityRange(&least, &greatest) != CUDA_SUCCESS)
        return 0;
    return std::clamp(-priority, greatest, least);
}

HyResult createStream(HyBackendDevice handle, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        constexpr size_t kSince12 = offsetof(HyBackendStreamDesc, label) + sizeof desc->label;
        const char* label = desc->structSize >= kSince12 && desc->label != nullptr ? desc->label : "a stream";
        const Current current = enterContext(*device);
        CUstream native = nullptr;
        const CUresult code = device->cu().cuStreamCreateWithPriority(&native, CU_STREAM_NON_BLOCKING,
                                                                      nativePriority(*device, desc->priority));
        if (code != CUDA_SUCCESS)
            return device->fail(code, "make a stream");
        auto stream = std::make_shared<Stream>(device, native, label);
        device->enlist(stream);
        *outStream = toHandle<HyBackendStream>(std::move(stream));
        return HY_SUCCESS;
    });
}

HyResult destroyStream(HyBackendStream handle) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    destroyHandle(handle);
    // Until its work is done the device waits for it, and its memory is in use.
    if (!stream->idle())
        stream->device().leftovers().keep([stream] {});
    return HY_SUCCESS;
}

HyResult queryStream(HyBackendStream handle) {
    return fromHandle(handle)->query();
}

HyResult synchronizeStream(HyBackendStream handle, uint64_t timeoutNs) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] { return stream->synchronize(deadlineAfter(timeoutNs)); });
}

HyResult waitEvent(HyBackendStream handle, HyBackendEvent event) {
    Stream& stream = *fromHandle(handle);
    if (const HyResult result = stream.usable(); result != HY_SUCCESS)
        return result;
    const Current current = enterContext(stream.device());
    if (fromHandle(event)->interprocess()) [[unlikely]]
        return guarded(stream.device().host(), [&] { return fromHandle(event)->holdUp(stream); });
    const CUevent native = fromHandle(event)->handle();
    return stream.check(stream.device().cu().cuStreamWaitEvent(stream.handle(), native, 0),
                        "make a stream wait for an event");
}

HyResult launch(HyBackendStream handle, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    Stream& stream = *fromHandle(handle);
    const HyResult result = stream.usable();
    return result == HY_SUCCESS ? fromHandle(kernel)->launch(stream, *launch) : result;
}

HyResult copyBytes(HyBackendStream handle, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t hostMask) {
    const std::shared_ptr<Stream>& stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] {
        const HyCopy3D flat{sizeof(HyCopy3D), 0, nullptr, dst, src, bytes, bytes, bytes, bytes, bytes, 1, 1};
        const HyResult result = stream->usable();
        return result == HY_SUCCESS ? copyBox(*stream, flat, hostMask) : result;
    });
}

HyResult copy3D(HyBackendStream handle, const HyCopy3D* copy, uint32_t hostMask) {
    const std::shared_ptr<Stream>& stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] {
        const HyResult result = stream->usable();
        return result == HY_SUCCESS ? copyBox(*stream, *copy, hostMask) : result;
    });
}

HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    const std::shared_ptr<Stream>& stream = fromHandle(handle);
    const uint64_t bytes = patternBytes * count;
    const HyFill3D flat{sizeof(HyFill3D), 0, nullptr, dst, bytes, bytes, count, 1, 1, pattern, patternBytes, 0};
    const HyResult result = stream->usable();
    return result == HY_SUCCESS ? fillBox(*stream, flat) : result;
}

HyResult fill3D(HyBackendStream handle, const HyFill3D* fill) {
    Stream& stream = *fromHandle(handle);
    const HyResult result = stream.usable();
    return result == HY_SUCCESS ? fillBox(stream, *fill) : result;
}

HyResult hostFunction(HyBackendStream handle, HyHostFunction function, void* user) {
    const std::shared_ptr<Stream>& stream = fromHandle(handle);
    Device& device = stream->device();
    return guarded(device.host(), [&] {
        if (const HyResult result = stream->usable(); result != HY_SUCCESS)
            return result;
        const Current current = enterContext(device);
        return profiled(*stream, {HY_ACTIVITY_HOST_FUNCTION}, [&] {
            if ((device.info().properties.capabilities & HY_CAP_TIMELINE_SEMAPHORES) != 0)
                return device.userCalls().submit(*stream, function, user);
            return device.hostCalls().submit(stream->handle(),
                                             [function, user, weak = std::weak_ptr<Stream>(stream)](HyResult status) {
                                                 function(user, Stream::statusAfter(weak, status));
                                             });
        });
    });
}

HyResult signalSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    const std::shared_ptr<Stream>& stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] {
        const HyResult result = stream->usable();
        return result == HY_SUCCESS ? fromHandle(semaphore)->raiseIn(*stream, value) : result;
    });
}

HyResult waitSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    const std::shared_ptr<Stream>& stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] {
        const HyResult result = stream->usable();
        return result == HY_SUCCESS ? fromHandle(semaphore)->waitIn(*stream, value) : result;
    });
}

HyResult getNativeHandle(HyBackendStream handle, HyNativeHandle* outHandle) {
    outHandle->value = reinterpret_cast<uintptr_t>(fromHandle(handle)->handle());
    outHandle->typeName = "CUstream";
    return HY_SUCCESS;
}

} // namespace

const HyBackendStreamTable kStreamTable{
    .structSize = sizeof(HyBackendStreamTable),
    .create = createStream,
    .destroy = destroyStream,
    .query = queryStream,
    .synchronize = synchronizeStream,
    .waitEvent = waitEvent,
    .launch = launch,
    .copy = copyBytes,
    .copy3D = copy3D,
    .fill = fill,
    .fill3D = fill3D,
    .getNativeHandle = getNativeHandle,
    .hostFunction = hostFunction,
    .signalSemaphore = signalSemaphore,
    .waitSemaphore = waitSemaphore,
    .launchArgs = launchArgs,
};

} // namespace halyard::cuda
