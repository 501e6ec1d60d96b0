#include "device.h"

#include "free_memory.h"
#include "futex.h"
#include "handles.h"
#include "shared_counters.h"
#include "stream.h"
#include "tables.h"

#include "base/matrix_forms.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace halyard::cpu {

namespace {

// How long close() waits for workgroups to see that they are told to stop.
constexpr uint64_t kCancelGraceNs = 200'000'000;

} // namespace

Device::Device(const Context& context)
    : host_(context.host), settings_(context.settings), arena_(host_, settings_.totalMemory),
      sharedMemory_(host_, arena_), executor_(settings_.threads, settings_.spinNs), specialiser_(host_) {}

void Device::enlist(Stream& stream) {
    const std::scoped_lock lock(registryMutex_);
    stream.registryNext_ = streams_;
    if (streams_ != nullptr) {
        streams_->registryPrev_ = &stream;
    }
    streams_ = &stream;
}

void Device::delist(Stream& stream) {
    const std::scoped_lock lock(registryMutex_);
    (stream.registryPrev_ != nullptr ? stream.registryPrev_->registryNext_ : streams_) = stream.registryNext_;
    if (stream.registryNext_ != nullptr) {
        stream.registryNext_->registryPrev_ = stream.registryPrev_;
    }
}

void Device::enlist(SharedCounters& shared) {
    const std::scoped_lock lock(registryMutex_);
    shared_.push_back(&shared);
}

void Device::delist(SharedCounters& shared) {
    const std::scoped_lock lock(registryMutex_);
    shared_.erase(std::remove(shared_.begin(), shared_.end(), &shared), shared_.end());
}

void Device::stopFollowing() {
    std::vector<Ref<SharedCounters>> all;
    {
        const std::scoped_lock lock(registryMutex_);
        all.reserve(shared_.size());
        for (SharedCounters* shared : shared_) {
            // One whose last reference is going this moment has nobody waiting and ends its thread itself.
            if (shared->tryAcquire()) {
                all.push_back(Ref<SharedCounters>::adopt(shared));
            }
        }
    }
    for (const Ref<SharedCounters>& shared : all) {
        shared->stopFollowing();
    }
}

std::vector<Ref<Stream>> Device::streams() {
    std::vector<Ref<Stream>> all;
    const std::scoped_lock lock(registryMutex_);
    for (Stream* stream = streams_; stream != nullptr; stream = stream->registryNext_) {
        // Its last reference may be going this moment: then it has no work.
        if (stream->tryAcquire()) {
            auto ref = Ref<Stream>::adopt(stream);
            all.push_back(std::move(ref));
        }
    }
    return all;
}

bool Device::waitForStreams(uint64_t deadline) {
    for (const Ref<Stream>& stream : streams()) {
        if (!stream->waitFor(stream->submitted(), deadline)) {
            return false;
        }
    }
    return true;
}

void Device::cancelWork() {
    cancel_.store(1);
    executor_.cancelGang();
    for (const Ref<Stream>& stream : streams()) {
        stream->resumeIfParked();
    }
}

HyResult Device::synchronize(uint64_t deadline) {
    const std::vector<Ref<Stream>> all = streams();
    const uint64_t before = epoch();
    for (const Ref<Stream>& stream : all) {
        if (!stream->waitFor(stream->submitted(), deadline)) {
            return host_.fail({HY_ERROR_TIMEOUT, "the device has not finished its work within the time limit"});
        }
    }
    if (const HyResult result = checkEpoch(before); result != HY_SUCCESS) {
        return result;
    }
    for (const Ref<Stream>& stream : all) {
        if (const HyResult result = stream->checkFailure(); result != HY_SUCCESS) {
            return result;
        }
    }
    return HY_SUCCESS;
}

HyResult Device::failNoWork() const {
    if (closed_.load()) {
        return host_.fail({HY_ERROR_DEVICE_LOST, "the device is closed"});
    }
    return host_.fail({HY_ERROR_INVALID_STATE, "the device is being reset, or a reset did not end in time", "",
                       "wait for hyDeviceReset, or call it again"});
}

HyResult Device::checkEpoch(uint64_t epoch) const {
    if (epoch % 2 == 0 && epoch_.load(std::memory_order_seq_cst) == epoch) {
        return HY_SUCCESS;
    }
    return host_.fail({HY_ERROR_CANCELLED,
                       "the device was reset while this call waited: the work may have been dropped", "",
                       "do the work again"});
}

HyResult Device::reset(uint64_t deadline) {
    const Turn::Guard turn(resetTurn_, deadline);
    if (!turn.held()) {
        return host_.fail({HY_ERROR_TIMEOUT, "another reset of the device has not ended within the time limit"});
    }
    takesWork_.store(false);
    if (epoch_.load() % 2 == 0) {
        epoch_.fetch_add(1);
    }
    const std::vector<Ref<Stream>> all = streams();
    for (const Ref<Stream>& stream : all) {
        stream->awaitSubmitters();
    }
    cancelWork();
    if (!waitForStreams(deadline)) {
        return host_.fail({HY_ERROR_TIMEOUT,
                           "work did not stop within the time limit, and the device takes no more until it has", "",
                           "call hyDeviceReset again"});
    }
    for (const Ref<Stream>& stream : streams()) {
        stream->forgetFailure();
    }
    cancel_.store(0);
    epoch_.fetch_add(1);
    takesWork_.store(!closed_.load());
    return HY_SUCCESS;
}

HyResult Device::close(uint64_t deadline) {
    closed_.store(true);
    takesWork_.store(false);
    const bool done = waitForStreams(deadline);
    const uint64_t grace = deadlineAfter(kCancelGraceNs);
    bool stopped = done;
    if (!done) {
        cancelWork();
        stopped = waitForStreams(grace);
    }
    // Their threads hand streams back to the workers, so they end first.
    stopFollowing();
    // A compilation that goes on would come back to a runtime that is gone.
    const bool compilerGone = specialiser_.stop(std::max(deadline, grace));
    // The dispatcher hands its streams back to the workers, so it ends first; but work that goes on may need it yet.
    const auto stopDispatcher = [&] { return dispatcher_.stop(std::max(deadline, grace)); };
    bool dispatcherGone = stopped && stopDispatcher();
    const bool workersGone = executor_.stop(stopped ? kNever : grace);
    dispatcherGone = dispatcherGone || (!stopped && stopDispatcher());
    if (!compilerGone || !workersGone || !dispatcherGone) {
        acquire(); // for ever: a thread still uses this object
    }
    if (!workersGone) {
        return host_.fail(
            {HY_ERROR_TIMEOUT,
             "work did not finish within the time limit and could not be stopped: its thread and its memory "
             "stay in use",
             "", "does a kernel loop for ever?"});
    }
    if (!dispatcherGone) {
        return host_.fail({HY_ERROR_TIMEOUT, "a host function did not return within the time limit"});
    }
    if (!done) {
        return host_.fail({HY_ERROR_TIMEOUT, "work did not finish within the time limit and was stopped"});
    }
    if (!compilerGone) {
        return host_.fail({HY_ERROR_TIMEOUT, "a compilation in the background did not end within the time limit"});
    }
    return HY_SUCCESS;
}

namespace {

HyResult getCount(HyBackendContext context, uint32_t* outCount) {
    *outCount = fromHandle(context).settings.devices;
    return HY_SUCCESS;
}

HyResult getProperties(HyBackendContext handle, uint32_t ordinal, HyDeviceProperties* outProperties) {
    const HyDeviceProperties& ours = fromHandle(handle).properties[ordinal];
    const uint32_t structSize = outProperties->structSize;
    const size_t bytes = std::min<size_t>(structSize, sizeof ours);
    std::memcpy(outProperties, &ours, bytes);
    outProperties->structSize = structSize;
    return HY_SUCCESS;
}

HyResult openDevice(HyBackendContext handle, uint32_t, HyBackendDevice* outDevice) {
    const Context& context = fromHandle(handle);
    return guarded(context.host, [&] {
        auto device = Ref<Device>::adopt(new Device(context));
        const HyResult result = device->open();
        if (result == HY_SUCCESS) {
            *outDevice = toHandle(device.leak());
        }
        return result;
    });
}

HyResult closeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    const auto device = Ref<Device>::adopt(&fromHandle(handle));
    const Host host = device->host();
    return guarded(host, [&] { return device->close(deadlineAfter(timeoutNs)); });
}

HyResult getMemoryInfo(HyBackendDevice handle, uint64_t* outFree, uint64_t* outTotal) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        const Arena& arena = device.arena();
        if (outFree != nullptr) {
            *outFree = freeMemory(arena);
        }
        if (outTotal != nullptr) {
            *outTotal = arena.capacity();
        }
        return HY_SUCCESS;
    });
}

HyResult synchronizeDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.synchronize(deadlineAfter(timeoutNs)); });
}

// All parts of the processor share its memory.
HyResult getPeerAccess(HyBackendDevice, HyBackendDevice, HyPeerAccess* outAccess) {
    *outAccess = HY_PEER_COPY | HY_PEER_KERNEL_ACCESS | HY_PEER_ATOMICS;
    return HY_SUCCESS;
}

// It is there from the start.
HyResult enablePeerAccess(HyBackendDevice, HyBackendDevice) {
    return HY_SUCCESS;
}

HyResult resetDevice(HyBackendDevice handle, uint64_t timeoutNs) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] { return device.reset(deadlineAfter(timeoutNs)); });
}

HyResult getMatrixCount(HyBackendContext, uint32_t, uint32_t* outCount) {
    *outCount = static_cast<uint32_t>(kMatrixForms.size());
    return HY_SUCCESS;
}

HyResult getMatrix(HyBackendContext, uint32_t, uint32_t index, HyCooperativeMatrixInfo* outInfo) {
    const uint32_t structSize = outInfo->structSize;
    std::memcpy(outInfo, &kMatrixForms[index], std::min<size_t>(structSize, sizeof kMatrixForms[index]));
    outInfo->structSize = structSize;
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
    .getPeerAccess = getPeerAccess,
    .enablePeerAccess = enablePeerAccess,
    .reset = resetDevice,
    .getCooperativeMatrixCount = getMatrixCount,
    .getCooperativeMatrix = getMatrix,
};

} // namespace halyard::cpu
