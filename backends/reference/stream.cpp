#include "stream.h"

#include "event.h"
#include "handles.h"
#include "kernel.h"
#include "tables.h"
#include "transfer.h"

#include <cstring>

namespace halyard::reference {

HyResult Stream::submit(std::function<Status()> work, uint64_t* outNumber) {
    if (device_->closed())
        return device_->host().fail({HY_ERROR_DEVICE_LOST, "the device is closed", ""});
    if (const HyResult result = checkFailure(); result != HY_SUCCESS)
        return result;
    // Numbers of one stream grow: the lock keeps what was submitted first from being noted last.
    const std::scoped_lock lock(submitMutex_);
    const uint64_t number =
        device_->queue().submit([stream = shared_from_this(), work = std::move(work)] { stream->run(work); });
    submitted_.store(number, std::memory_order_release);
    if (outNumber != nullptr)
        *outNumber = number;
    return HY_SUCCESS;
}

void Stream::run(const std::function<Status()>& work) noexcept {
    if (failed_.load(std::memory_order_acquire) != HY_SUCCESS || device_->cancel().load(std::memory_order_relaxed))
        return;
    try {
        const Status status = work();
        if (!status)
            fail(status.error());
    } catch (const std::bad_alloc&) {
        fail({HY_ERROR_OUT_OF_HOST_MEMORY, {}, {}}); // the code alone tells: words need memory
    } catch (...) {
        fail({HY_ERROR_INTERNAL, {}, {}});
    }
}

void Stream::fail(const Failure& failure) noexcept {
    // A device that is going away takes no more words.
    if (!device_->cancel().load(std::memory_order_relaxed))
        device_->host().log(HY_LOG_ERROR, failure.message);
    const std::scoped_lock lock(failureMutex_);
    try {
        words_ = failure.message;
    } catch (const std::bad_alloc&) {
        words_.clear();
    }
    failed_.store(failure.code, std::memory_order_release);
}

HyResult Stream::checkFailure() const {
    const HyResult code = failed_.load(std::memory_order_acquire);
    if (code == HY_SUCCESS)
        return HY_SUCCESS;
    const std::scoped_lock lock(failureMutex_);
    return device_->host().fail({code, words_, "the stream keeps this error: destroy it and create a new one"});
}

namespace {

HyResult createStream(HyBackendDevice handle, const HyBackendStreamDesc*, HyBackendStream* outStream) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        auto stream = std::make_shared<Stream>(device);
        device->enlist(stream);
        *outStream = toHandle<HyBackendStream>(std::move(stream));
        return HY_SUCCESS;
    });
}

HyResult destroyStream(HyBackendStream handle) {
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult queryStream(HyBackendStream handle) {
    const Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] {
        const bool idle = stream.device().queue().reached(stream.submitted());
        const HyResult result = stream.checkFailure();
        return result != HY_SUCCESS ? result : idle ? HY_SUCCESS : HY_NOT_READY;
    });
}

HyResult synchronizeStream(HyBackendStream handle, uint64_t timeoutNs) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    const Host& host = stream->device().host();
    return guarded(host, [&] {
        if (!stream->device().queue().waitFor(stream->submitted(), deadlineAfter(timeoutNs)))
            return host.fail({HY_ERROR_TIMEOUT, "the stream has not finished its work within the time limit", ""});
        return stream->checkFailure();
    });
}

// What the event stands for was submitted before and so runs before.
HyResult waitEvent(HyBackendStream handle, HyBackendEvent) {
    const Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] { return stream.checkFailure(); });
}

HyResult launch(HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    const std::shared_ptr<Stream>& object = fromHandle(stream);
    return guarded(object->device().host(), [&] { return fromHandle(kernel)->launch(*object, *launch); });
}

// Submits a transfer: `move(memory)` returns a Status.
template <typename Move> HyResult transfer(HyBackendStream handle, Move&& move) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] {
        return stream.submit(
            [&memory = stream.device().memory(), move = std::forward<Move>(move)] { return move(memory); });
    });
}

HyResult copy(HyBackendStream handle, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t) {
    return transfer(handle, [=](interp::DeviceMemory& memory) { return copyBytes(memory, dst, src, bytes); });
}

HyResult copy3D(HyBackendStream handle, const HyCopy3D* copy, uint32_t) {
    return transfer(handle, [box = *copy](interp::DeviceMemory& memory) { return copyBox(memory, box); });
}

HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    return transfer(handle, [dst, count, repeated = Pattern(pattern, patternBytes)](interp::DeviceMemory& memory) {
        return fillBytes(memory, dst, repeated, count * repeated.bytes());
    });
}

HyResult fill3D(HyBackendStream handle, const HyFill3D* fill) {
    return transfer(handle, [box = *fill, repeated = Pattern(fill->pattern, fill->patternBytes)](
                                interp::DeviceMemory& memory) { return fillBox(memory, box, repeated); });
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
    .copy = copy,
    .copy3D = copy3D,
    .fill = fill,
    .fill3D = fill3D,
};

} // namespace halyard::reference
