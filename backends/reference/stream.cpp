#include "stream.h"

#include "event.h"
#include "handles.h"
#include "kernel.h"
#include "tables.h"
#include "timeline_semaphore.h"
#include "transfer.h"

#include <cstddef>
#include <cstring>
#include <fmt/format.h>

namespace halyard::reference {

HyResult Stream::enqueue(Queue::Command first, Queue::Place firstPlace, Queue::Command second, Queue::Place secondPlace,
                         uint64_t* outNumber) {
    // Numbers of one stream grow: the lock keeps what was submitted first from being noted last.
    const std::scoped_lock lock(submitMutex_);
    if (const HyResult result = device_->checkTakesWork(); result != HY_SUCCESS)
        return result;
    if (const HyResult result = checkFailure(); result != HY_SUCCESS)
        return result;
    firstPlace.lane = secondPlace.lane = lane();
    uint64_t number = device_->queue().submit(std::move(first), std::move(firstPlace));
    if (second)
        number = device_->queue().submit(std::move(second), std::move(secondPlace));
    submitted_.store(number, std::memory_order_release);
    if (outNumber != nullptr)
        *outNumber = number;
    return HY_SUCCESS;
}

HyResult Stream::submit(std::function<Status()> work, const WorkInfo& info, uint64_t* outNumber) {
    if (device_->profiler().on())
        work = device_->profiler().timed(std::move(work), info, number_, device_->host().correlation());
    return enqueue([stream = shared_from_this(), work = std::move(work)] { stream->run(work); }, {}, {}, {}, outNumber);
}

HyResult Stream::wait(Queue::Ready ready, uint64_t after) {
    Queue::Place place;
    place.after = after;
    if (ready)
        place.ready = [this, ready = std::move(ready)] { return dropReason() != HY_SUCCESS || ready(); };
    return enqueue([stream = shared_from_this()] {}, std::move(place), {}, {}, nullptr);
}

HyResult Stream::callOnHost(HyHostFunction function, void* user) {
    auto returned = std::make_shared<std::atomic<bool>>(false);
    Queue::Place afterwards;
    afterwards.ready = [returned] { return returned->load(); };
    // Made here, and the thread started, since nothing may fail on the line of work.
    Queue::Command onHost = [stream = shared_from_this(), function, user, returned] {
        function(user, stream->dropReason());
        returned->store(true);
        stream->device_->queue().look();
    };
    device_->hostFunctions().submit([] {});
    auto call = [stream = shared_from_this(), onHost = std::move(onHost)] {
        try {
            stream->device_->hostFunctions().submit(onHost);
        } catch (const std::bad_alloc&) {
            onHost(); // late in time, but not lost
        }
    };
    return enqueue(
        std::move(call), {}, [stream = shared_from_this()] {}, std::move(afterwards), nullptr);
}

HyResult Stream::dropReason() const {
    return device_->cancel().load(std::memory_order_relaxed) ? HY_ERROR_CANCELLED
                                                             : failed_.load(std::memory_order_acquire);
}

void Stream::submitAlways(std::function<void()> work) {
    const std::scoped_lock lock(submitMutex_);
    Queue::Place place;
    place.lane = lane();
    submitted_.store(device_->queue().submit(std::move(work), std::move(place)), std::memory_order_release);
}

void Stream::run(const std::function<Status()>& work) noexcept {
    if (dropReason() != HY_SUCCESS)
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
        words_ = failure.message.empty() ? label_ : fmt::format("{}: {}", label_, failure.message);
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
    return device_->host().fail(
        {code, words_, "the stream keeps this error: destroy it and create a new one, or reset the device"});
}

HyResult Stream::finish(uint64_t number, uint64_t deadline, const char* words) const {
    const uint64_t epoch = device_->epoch();
    if (!device_->queue().waitFor(number, deadline))
        return device_->host().fail({HY_ERROR_TIMEOUT, words, ""});
    const HyResult result = device_->checkEpoch(epoch);
    return result != HY_SUCCESS ? result : checkFailure();
}

HyResult Stream::query(uint64_t number) const {
    const uint64_t epoch = device_->epoch();
    const bool done = device_->queue().reached(number);
    const HyResult cancelled = device_->checkEpoch(epoch);
    const HyResult result = cancelled != HY_SUCCESS ? cancelled : checkFailure();
    return result != HY_SUCCESS ? result : done ? HY_SUCCESS : HY_NOT_READY;
}

void Stream::forgetFailure() {
    const std::scoped_lock lock(failureMutex_);
    words_.clear();
    failed_.store(HY_SUCCESS, std::memory_order_release);
}

namespace {

std::string labelOf(const HyBackendStreamDesc& desc) {
    constexpr size_t kNeeded =
        offsetof(HyBackendStreamDesc, label) + sizeof(desc.label); // a runtime before 1.2 has none
    return desc.structSize >= kNeeded && desc.label != nullptr ? desc.label : "a stream";
}

HyResult createStream(HyBackendDevice handle, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        auto stream = std::make_shared<Stream>(device, labelOf(*desc));
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
    return guarded(stream.device().host(), [&] { return stream.query(stream.submitted()); });
}

HyResult synchronizeStream(HyBackendStream handle, uint64_t timeoutNs) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    const Host& host = stream->device().host();
    return guarded(host, [&] {
        return stream->finish(stream->submitted(), deadlineAfter(timeoutNs),
                              "the stream has not finished its work within the time limit");
    });
}

HyResult waitEvent(HyBackendStream handle, HyBackendEvent event) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] {
        const Event::Recording recording = fromHandle(event)->recording();
        const bool waits = recording.stream != nullptr && recording.stream.get() != &stream &&
                           !stream.device().queue().reached(recording.number);
        return waits ? stream.wait({}, recording.number) : stream.checkFailure();
    });
}

HyResult hostFunction(HyBackendStream handle, HyHostFunction function, void* user) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] { return stream.callOnHost(function, user); });
}

HyResult signalSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] {
        return stream.submit([semaphore = fromHandle(semaphore), value] { return semaphore->signal(value); }, {});
    });
}

HyResult waitSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] {
        return stream.wait([semaphore = fromHandle(semaphore), value] { return semaphore->value() >= value; });
    });
}

HyResult launch(HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    const std::shared_ptr<Stream>& object = fromHandle(stream);
    return guarded(object->device().host(), [&] { return fromHandle(kernel)->launch(*object, *launch); });
}

// Submits a transfer: `move(memory)` returns a Status.
template <typename Move> HyResult transfer(HyBackendStream handle, const WorkInfo& info, Move&& move) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device().host(), [&] {
        return stream.submit(
            [&memory = stream.device().memory(), move = std::forward<Move>(move)] { return move(memory); }, info);
    });
}

HyResult copy(HyBackendStream handle, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t) {
    return transfer(handle, {HY_ACTIVITY_COPY, bytes},
                    [=](interp::DeviceMemory& memory) { return copyBytes(memory, dst, src, bytes); });
}

HyResult copy3D(HyBackendStream handle, const HyCopy3D* copy, uint32_t) {
    return transfer(handle, {HY_ACTIVITY_COPY, copy->widthBytes * copy->height * copy->depth},
                    [box = *copy](interp::DeviceMemory& memory) { return copyBox(memory, box); });
}

HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    return transfer(handle, {HY_ACTIVITY_FILL, patternBytes * count},
                    [dst, count, repeated = Pattern(pattern, patternBytes)](interp::DeviceMemory& memory) {
                        return fillBytes(memory, dst, repeated, count * repeated.bytes());
                    });
}

HyResult fill3D(HyBackendStream handle, const HyFill3D* fill) {
    return transfer(handle, {HY_ACTIVITY_FILL, fill->patternBytes * fill->width * fill->height * fill->depth},
                    [box = *fill, repeated = Pattern(fill->pattern, fill->patternBytes)](interp::DeviceMemory& memory) {
                        return fillBox(memory, box, repeated);
                    });
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
    .hostFunction = hostFunction,
    .signalSemaphore = signalSemaphore,
    .waitSemaphore = waitSemaphore,
};

} // namespace halyard::reference
