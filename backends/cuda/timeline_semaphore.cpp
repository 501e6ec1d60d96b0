#include "timeline_semaphore.h"

#include "handles.h"
#include "retired.h"
#include "stream.h"
#include "tables.h"
#include "wait.h"

#include <fcntl.h>

namespace halyard::cuda {

common::SharedCounters::Growth Semaphore::mirror() {
    return [this](uint32_t, uint64_t value) {
        uint64_t ignored = 0;
        timeline_.raise(value, ignored);
    };
}

HyResult Semaphore::create(std::shared_ptr<Device> device, uint64_t value, std::shared_ptr<Semaphore>& out) {
    auto made = std::make_shared<Semaphore>(std::move(device), value);
    common::Fault fault;
    if (!common::SharedCounters::create(kSharedOwner, common::SharedKind::Semaphore, value, made->mirror(),
                                        made->shared_, fault))
        return made->device().host().fail(describeFault(fault));
    out = std::move(made);
    return HY_SUCCESS;
}

HyResult Semaphore::adopt(std::shared_ptr<Device> device, FileDescriptor file, std::shared_ptr<Semaphore>& out) {
    auto made = std::make_shared<Semaphore>(std::move(device), 0);
    common::Fault fault;
    if (!common::SharedCounters::adopt(kSharedOwner, common::SharedKind::Semaphore, std::move(file), made->mirror(),
                                       made->shared_, fault))
        return made->device().host().fail(describeFault(fault));
    uint64_t ignored = 0;
    made->timeline_.raise(made->shared_->value(0), ignored);
    out = std::move(made);
    return HY_SUCCESS;
}

uint64_t Semaphore::value() {
    return shared_ ? shared_->value(0) : timeline_.value();
}

bool Semaphore::raise(uint64_t value, uint64_t& outValue) {
    return shared_ ? shared_->raise(0, value, outValue) : timeline_.raise(value, outValue);
}

Semaphore::Wait Semaphore::waitFor(uint64_t value, uint64_t deadline) {
    // Between looks whether the device still lives.
    constexpr uint64_t kLook = 100'000'000;
    for (;;) {
        const uint64_t until = std::min(deadline, nowNs() + kLook);
        if (shared_ ? shared_->waitFor(0, value, until, 0) : timeline_.waitFor(value, until))
            return Wait::Reached;
        if (device_->lost())
            return Wait::Lost;
        if (until == deadline)
            return Wait::TimedOut;
    }
}

HyResult Semaphore::raiseIn(Stream& stream, uint64_t value) {
    // The stream is destroyed after its work at the earliest, so the call holds no reference that the driver's thread
    // would have to give up.
    const Current current = enterContext(stream.device());
    const auto raise = [self = shared_from_this(), weak = stream.weak_from_this(), value,
                        number = stream.nextSignal()](HyResult status) {
        uint64_t before = 0;
        if (Stream::statusAfter(weak, status) != HY_SUCCESS || self->raise(value, before))
            return;
        if (const std::shared_ptr<Stream> caller = weak.lock())
            caller->failWith(HY_ERROR_INVALID_STATE,
                             "a semaphore was at " + std::to_string(before) +
                                 " already when the stream was to set it to " + std::to_string(value),
                             number);
    };
    return stream.device().hostCalls().submit(stream.handle(), raise);
}

HyResult Semaphore::waitIn(Stream& stream, uint64_t value) {
    if (!shared_)
        return stream.waitFor(timeline_, value, nullptr);
    if (const int error = shared_->follow("hy-cuda-share"); error != 0)
        return device_->host().fail(describeFault(common::followFault(error)));
    return value <= this->value() ? HY_SUCCESS : stream.waitFor(timeline_, value, shared_from_this());
}

namespace {

HyResult createSemaphore(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        *outSemaphore = toHandle<HyBackendSemaphore>(std::make_shared<Semaphore>(device, initialValue));
        return HY_SUCCESS;
    });
}

HyResult destroySemaphore(HyBackendSemaphore handle) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    destroyHandle(handle);
    dropRetired();
    return HY_SUCCESS;
}

HyResult getValue(HyBackendSemaphore handle, uint64_t* outValue) {
    *outValue = fromHandle(handle)->value();
    return HY_SUCCESS;
}

HyResult signal(HyBackendSemaphore handle, uint64_t value) {
    Semaphore& semaphore = *fromHandle(handle);
    uint64_t before = 0;
    if (semaphore.raise(value, before))
        return HY_SUCCESS;
    const Host& host = semaphore.device().host();
    return guarded(host, [&] {
        return host.fail({HY_ERROR_INVALID_ARGUMENT,
                          "the semaphore is at " + std::to_string(before) + " already, so it cannot be set to " +
                              std::to_string(value),
                          "value", "signal values that grow"});
    });
}

HyResult wait(HyBackendSemaphore handle, uint64_t value, uint64_t timeoutNs) {
    const std::shared_ptr<Semaphore> semaphore = fromHandle(handle);
    Device& device = semaphore->device();
    return guarded(device.host(), [&] {
        switch (semaphore->waitFor(value, deadlineAfter(timeoutNs))) {
        case Semaphore::Wait::Reached:
            return HY_SUCCESS;
        case Semaphore::Wait::Lost:
            return device.fail(CUDA_ERROR_UNKNOWN, "signal a semaphore");
        default:
            return device.host().fail({HY_ERROR_TIMEOUT, "the semaphore is at " + std::to_string(semaphore->value()) +
                                                             " and did not reach " + std::to_string(value) +
                                                             " within the time limit"});
        }
    });
}

HyResult createShareable(HyBackendDevice handle, uint64_t initialValue, HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        std::shared_ptr<Semaphore> made;
        const HyResult result = Semaphore::create(device, initialValue, made);
        if (result == HY_SUCCESS)
            *outSemaphore = toHandle<HyBackendSemaphore>(std::move(made));
        return result;
    });
}

HyResult failType(const Host& host) {
    return host.fail({HY_ERROR_UNSUPPORTED, "a semaphore of the cuda backend is a counter in memory, and no dma-buf",
                      "type", "use HY_SHARE_OPAQUE_FD"});
}

HyResult exportSemaphore(HyBackendSemaphore handle, HyShareType type, int64_t* outHandle) {
    const Semaphore& semaphore = *fromHandle(handle);
    const Host& host = semaphore.device().host();
    return guarded(host, [&] {
        if (type != HY_SHARE_OPAQUE_FD)
            return failType(host);
        const int descriptor = fcntl(semaphore.descriptor(), F_DUPFD_CLOEXEC, 0);
        if (descriptor < 0)
            return host.fail(describeFault(
                {HY_ERROR_NATIVE, "this process can have no more file descriptors (ulimit -n)", "", "", errno}));
        *outHandle = descriptor;
        return HY_SUCCESS;
    });
}

HyResult importSemaphore(HyBackendDevice handle, HyShareType type, int64_t descriptor,
                         HyBackendSemaphore* outSemaphore) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    const Host& host = device->host();
    return guarded(host, [&] {
        if (type != HY_SHARE_OPAQUE_FD)
            return failType(host);
        FileDescriptor file(
            descriptor >= 0 && descriptor <= INT32_MAX ? fcntl(static_cast<int>(descriptor), F_DUPFD_CLOEXEC, 0) : -1);
        if (!file)
            return host.fail({HY_ERROR_INVALID_ARGUMENT,
                              std::to_string(descriptor) + " is not an open file descriptor of this process", "handle",
                              "numbers of descriptors mean nothing to another process: send the descriptor"});
        std::shared_ptr<Semaphore> made;
        const HyResult result = Semaphore::adopt(device, std::move(file), made);
        if (result == HY_SUCCESS)
            *outSemaphore = toHandle<HyBackendSemaphore>(std::move(made));
        return result;
    });
}

} // namespace

const HyBackendSemaphoreTable kSemaphoreTable{
    .structSize = sizeof(HyBackendSemaphoreTable),
    .create = createSemaphore,
    .destroy = destroySemaphore,
    .getValue = getValue,
    .signal = signal,
    .wait = wait,
    .createShareable = createShareable,
    .exportSemaphore = exportSemaphore,
    .importSemaphore = importSemaphore,
};

} // namespace halyard::cuda
