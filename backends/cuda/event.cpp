#include "event.h"

#include "handles.h"
#include "retired.h"
#include "stream.h"
#include "tables.h"
#include "wait.h"

namespace halyard::cuda {

Event::~Event() {
    if (handle_ != nullptr)
        device_->giveEvent(nativeFlags_, handle_);
    if (named_)
        common::DescriptorServer::get().withdraw(name_.number);
}

HyResult Event::record(Stream& stream) {
    if (const HyResult result = stream.usable(); result != HY_SUCCESS)
        return result;
    const Current current = enterContext(*device_);
    if (interprocess()) [[unlikely]]
        return guarded(device_->host(), [&] { return recordShared(stream); });
    const CUresult code = device_->cu().cuEventRecord(handle_, stream.handle());
    if (code != CUDA_SUCCESS)
        return device_->fail(code, "record an event");
    if (const uint64_t signals = stream.signals(); signals != 0 || follows_.load(std::memory_order_relaxed))
        [[unlikely]]
        follow(stream, signals);
    recorded_.store(true, std::memory_order_release);
    return HY_SUCCESS;
}

void Event::follow(Stream& stream, uint64_t signals) {
    const std::scoped_lock lock(mutex_);
    stream_ = stream.weak_from_this();
    signals_ = signals;
    follows_.store(signals != 0, std::memory_order_relaxed);
}

// The driver knows nothing of a semaphore that could not be set.
HyResult Event::queryStream() {
    std::unique_lock lock(mutex_);
    const std::shared_ptr<Stream> stream = stream_.lock();
    const uint64_t signals = signals_;
    lock.unlock();
    return stream != nullptr ? stream->usableAfter(signals) : HY_SUCCESS;
}

HyResult Event::query() {
    if (interprocess()) {
        const SharedEvent::Place latest = shared_->recordings().latest();
        if (latest.number == 0)
            return HY_SUCCESS;
        return shared_->recordings().reached(latest) ? guarded(device_->host(), [&] { return statusOf(latest); })
                                                     : HY_NOT_READY;
    }
    const Current current = enterContext(*device_);
    const CUresult code = device_->cu().cuEventQuery(handle_);
    if (code == CUDA_ERROR_NOT_READY)
        return HY_NOT_READY;
    device_->profiler().collect();
    if (code == CUDA_SUCCESS && follows_.load(std::memory_order_relaxed)) [[unlikely]]
        return queryStream();
    return device_->check(code, "tell whether an event was reached");
}

HyResult Event::synchronize(uint64_t deadline) {
    if (interprocess())
        return synchronizeShared(deadline);
    if (!recorded())
        return HY_SUCCESS;
    HyResult result = HY_NOT_READY;
    pollUntil(deadline, [&] {
        result = query();
        return result != HY_NOT_READY;
    });
    return result != HY_NOT_READY
               ? result
               : device_->host().fail({HY_ERROR_TIMEOUT, "the recorded work has not finished within the time limit"});
}

HyResult Event::elapsedSince(Event& start, uint64_t& outNanoseconds) {
    for (Event* const event : {&start, this}) {
        const char* argument = event == this ? "end" : "start";
        if (!event->timing())
            return device_->host().fail(
                {HY_ERROR_INVALID_STATE, "the event keeps no times", argument, "create it with HY_EVENT_TIMING"});
        if (!event->recorded())
            return device_->host().fail({HY_ERROR_INVALID_STATE, "the event was never recorded", argument});
        if (const HyResult result = event->query(); result != HY_SUCCESS)
            return result;
    }
    const Current current = enterContext(*device_);
    float milliseconds = 0;
    const CUresult code = device_->cu().cuEventElapsedTime(&milliseconds, start.handle_, handle_);
    if (code == CUDA_ERROR_NOT_READY)
        return HY_NOT_READY;
    outNanoseconds = milliseconds > 0 ? static_cast<uint64_t>(static_cast<double>(milliseconds) * 1e6) : 0;
    return device_->check(code, "tell the time between two events");
}

namespace {

HyResult createEvent(HyBackendDevice handle, uint32_t flags, HyBackendEvent* outEvent) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        if ((flags & HY_EVENT_INTERPROCESS) != 0) {
            std::shared_ptr<SharedEvent> shared;
            const HyResult result = SharedEvent::create(device->host(), shared);
            if (result == HY_SUCCESS)
                *outEvent = toHandle<HyBackendEvent>(std::make_shared<Event>(device, std::move(shared)));
            return result;
        }
        const unsigned native = (flags & HY_EVENT_TIMING) != 0 ? CU_EVENT_DEFAULT : CU_EVENT_DISABLE_TIMING;
        CUevent event = nullptr;
        if (const HyResult result = device->takeEvent(native, event); result != HY_SUCCESS)
            return result;
        *outEvent = toHandle<HyBackendEvent>(std::make_shared<Event>(device, event, native));
        return HY_SUCCESS;
    });
}

HyResult destroyEvent(HyBackendEvent handle) {
    const std::shared_ptr<Event> event = fromHandle(handle);
    destroyHandle(handle);
    if (event->interprocess())
        dropRetired();
    return HY_SUCCESS;
}

HyResult recordEvent(HyBackendEvent handle, HyBackendStream stream) {
    return fromHandle(handle)->record(*fromHandle(stream));
}

HyResult queryEvent(HyBackendEvent handle) {
    const std::shared_ptr<Event>& event = fromHandle(handle);
    return event->recorded() || event->interprocess() ? event->query() : HY_SUCCESS;
}

HyResult synchronizeEvent(HyBackendEvent handle, uint64_t timeoutNs) {
    const std::shared_ptr<Event> event = fromHandle(handle);
    return guarded(event->device().host(), [&] { return event->synchronize(deadlineAfter(timeoutNs)); });
}

HyResult elapsed(HyBackendEvent start, HyBackendEvent end, uint64_t* outNanoseconds) {
    return guarded(fromHandle(start)->device().host(),
                   [&] { return fromHandle(end)->elapsedSince(*fromHandle(start), *outNanoseconds); });
}

HyResult getIpcHandle(HyBackendEvent handle, HyBackendIpcHandle* outHandle) {
    Event& event = *fromHandle(handle);
    return guarded(event.device().host(), [&] { return event.nameFor(*outHandle); });
}

HyResult openIpcHandle(HyBackendDevice handle, const HyBackendIpcHandle* name, HyBackendEvent* outEvent) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        std::shared_ptr<Event> event;
        const HyResult result = Event::open(device, *name, event);
        if (result == HY_SUCCESS)
            *outEvent = toHandle<HyBackendEvent>(std::move(event));
        return result;
    });
}

HyResult getNativeHandle(HyBackendEvent handle, HyNativeHandle* outHandle) {
    if (fromHandle(handle)->interprocess())
        return fromHandle(handle)->device().host().fail(
            {HY_ERROR_UNSUPPORTED, "an event of several processes is not one of the driver's", "event"});
    outHandle->value = reinterpret_cast<uintptr_t>(fromHandle(handle)->handle());
    outHandle->typeName = "CUevent";
    return HY_SUCCESS;
}

} // namespace

const HyBackendEventTable kEventTable{
    .structSize = sizeof(HyBackendEventTable),
    .create = createEvent,
    .destroy = destroyEvent,
    .record = recordEvent,
    .query = queryEvent,
    .synchronize = synchronizeEvent,
    .elapsed = elapsed,
    .getNativeHandle = getNativeHandle,
    .getIpcHandle = getIpcHandle,
    .openIpcHandle = openIpcHandle,
};

} // namespace halyard::cuda
