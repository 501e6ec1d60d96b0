#include "stream.h"

#include "event.h"
#include "handles.h"
#include "kernel.h"
#include "tables.h"
#include "timeline_semaphore.h"
#include "transfer.h"

#include <cstddef>
#include <fmt/format.h>

namespace halyard::vulkan {

void Stream::checkLocked() const {
    if (failure_)
        throw Failure(*failure_);
    if (device_->isClosed())
        throw Failure{HY_ERROR_DEVICE_LOST, "the device is closed", ""};
    if (device_->lost())
        throw Failure(*device_->lost());
}

void Stream::checkFailure() const {
    const std::scoped_lock lock(device_->mutex());
    if (failure_)
        throw Failure(*failure_);
}

uint64_t Stream::newest() const {
    const std::scoped_lock lock(device_->mutex());
    return last_;
}

void Stream::push(Step step) {
    step.number = last_ + 1;
    device_->activate(shared_from_this());
    steps_.push_back(std::move(step));
    ++last_;
}

void Stream::seal(bool eager) {
    if (steps_.empty() || steps_.back().batch == nullptr)
        return;
    Batch& batch = *steps_.back().batch;
    batch.isEager |= eager;
    if (batch.isOpen)
        batch.end();
}

void Stream::flush() {
    try {
        seal(true);
    } catch (const Failure& failure) {
        fail(failure);
    }
    for (Step& step : steps_)
        if (step.batch != nullptr)
            step.batch->isEager = true;
}

Batch& Stream::openBatch(uint64_t argumentBytes) {
    if (!steps_.empty() && steps_.back().batch != nullptr && steps_.back().batch->isOpen) {
        if (steps_.back().batch->hasRoom(argumentBytes))
            return *steps_.back().batch;
        flush();
    }
    Step step;
    step.batch = device_->takeBatch();
    push(std::move(step));
    return *steps_.back().batch;
}

void Stream::record(uint64_t argumentBytes, const Work& what, FunctionRef<void(Batch&)> record) {
    const std::shared_ptr<Activity> activity = activityOf(what);
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    Batch& batch = openBatch(argumentBytes);
    batch.commands().barrier();
    if (activity == nullptr)
        record(batch);
    else
        recordTimed(batch, activity, record);
    batch.countCommand(what.bytes);
    // The device should never wait for the next batch, and the host should submit seldom, which is what costs. So one
    // batch runs, one waits behind it, and all else is gathered: whatever ends submits what has been gathered by then.
    if (batch.isFull() || (queue_.inFlight() == 1 && batch.isWorthwhile()))
        flush();
    if (queue_.inFlight() == 0 || batch.isEager)
        device_->advance();
}

uint64_t Stream::mark(std::function<void(uint64_t)> stamp) {
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    if (stamp) {
        Batch& batch = openBatch(0);
        batch.commands().barrier();
        batch.stamp(std::move(stamp));
        batch.countCommand(0);
    }
    // What comes later must not hold up who waits for this place.
    seal(false);
    return last_;
}

void Stream::doOnHost(Worker& worker, const Work& what, std::function<void()> work) {
    worker.start();
    work = timed(std::move(work), what);
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    flush();
    Step step;
    step.work = std::move(work);
    step.worker = &worker;
    push(std::move(step));
    device_->advance();
}

void Stream::callOnHost(HyHostFunction function, void* user, std::shared_ptr<const void> keep) {
    device_->hostFunctions().start();
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    flush();
    Step step;
    step.worker = &device_->hostFunctions();
    step.always = true;
    std::function<void()> call = [this, function, user, keep = std::move(keep)] { // the step keeps the stream
        HyResult status = HY_SUCCESS;
        {
            const std::scoped_lock inner(device_->mutex());
            status = failure_ ? failure_->code : device_->isClosed() ? HY_ERROR_CANCELLED : HY_SUCCESS;
        }
        function(user, status);
    };
    step.work = timed(std::move(call), {HY_ACTIVITY_HOST_FUNCTION});
    push(std::move(step));
    device_->advance();
}

void Stream::doInOrder(std::function<void()> work) {
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    flush();
    Step step;
    step.work = std::move(work);
    push(std::move(step));
    device_->advance();
}

void Stream::waitUntil(std::function<bool()> ready) {
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    flush();
    Step step;
    step.ready = std::move(ready);
    push(std::move(step));
    device_->advance();
}

void Stream::waitFor(const std::shared_ptr<Stream>& source, uint64_t number) {
    const std::scoped_lock lock(device_->mutex());
    checkLocked();
    if (source.get() == this || source->isDone(number))
        return;
    source->flush();
    flush();
    Step step;
    step.source = source;
    step.until = number;
    push(std::move(step));
    device_->advance();
}

bool Stream::isIssued(uint64_t number) const {
    return (running_ == 0 || running_ > number) && (steps_.empty() || steps_.front().number > number);
}

bool Stream::isDone(uint64_t number) const {
    return isIssued(number) && (inFlight_.empty() || inFlight_.front().first > number);
}

HyResult Stream::query(uint64_t number) {
    const std::scoped_lock lock(device_->mutex());
    flush();
    device_->advance();
    if (failure_)
        throw Failure(*failure_);
    return isDone(number) ? HY_SUCCESS : HY_NOT_READY;
}

void Stream::finish(uint64_t number, uint64_t deadline, const char* words) {
    {
        std::unique_lock lock(device_->mutex());
        flush();
        device_->advance();
        if (!await(device_->changed(), lock, deadline, [&] { return isDone(number); }))
            throw Failure{HY_ERROR_TIMEOUT, words, ""};
        if (failure_)
            throw Failure(*failure_);
    }
    device_->context().checkValidation();
}

void Stream::fail(const Failure& failure) noexcept {
    if (failure_)
        return;
    try {
        device_->host().log(HY_LOG_ERROR, fmt::format("{}: {}", label_, failure.message));
        failure_ = Failure{failure.code, fmt::format("{}: {}", label_, failure.message),
                           "the stream keeps this error: destroy it and create a new one", "", failure.native};
    } catch (...) {
        failure_ = Failure{failure.code, {}, {}, "", failure.native};
    }
}

void Stream::loseWork(const Failure& failure) noexcept {
    if (!isIdle())
        fail(failure);
}

void Stream::retire() {
    while (!inFlight_.empty() && inFlight_.front().second <= queue_.done())
        inFlight_.pop_front();
}

bool Stream::advance() {
    bool any = false;
    retire();
    while (advanceOne())
        any = true;
    return any;
}

// The step is taken out of the line before anything is done, so that what it calls sees the stream as it is then.
void Stream::start(Step step) {
    running_ = step.number;
    if (step.worker == nullptr) {
        try {
            if (!failure_ && !device_->isClosed())
                step.work();
        } catch (const Failure& failure) {
            fail(failure);
        }
        running_ = 0;
        return;
    }
    Worker& worker = *step.worker;
    worker.submit([stream = shared_from_this(), step = std::move(step)]() mutable {
        bool drop = false;
        std::optional<Failure> failure;
        {
            const std::scoped_lock lock(stream->device_->mutex());
            drop = stream->failure_.has_value() || stream->device_->isClosed();
        }
        try {
            if (!drop || step.always)
                step.work();
        } catch (const Failure& thrown) {
            failure = thrown;
        } catch (const std::bad_alloc&) {
            failure = Failure{HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left", {}};
        }
        step.work = nullptr; // what it holds goes before anybody learns that it is done
        const std::scoped_lock lock(stream->device_->mutex());
        stream->running_ = 0;
        if (failure)
            stream->fail(*failure);
        stream->device_->advance();
    });
}

bool Stream::advanceOne() {
    if (running_ != 0 || steps_.empty())
        return false;
    Step& front = steps_.front();
    const bool drop = failure_.has_value() || device_->isClosed();
    if (front.batch != nullptr) {
        if (!drop && (front.batch->isOpen || !front.batch->isEager))
            return false;
        const Step step = std::move(front);
        steps_.pop_front();
        if (drop) {
            step.batch->finish(true);
            device_->recycle(step.batch);
            return true;
        }
        try {
            queue_.submit(step.batch);
            inFlight_.emplace_back(step.number, step.batch->value);
        } catch (const Failure& failure) {
            if (failure.code == HY_ERROR_DEVICE_LOST)
                device_->lose(failure, step.batch->name());
            fail(failure);
        }
        return true;
    }
    if (front.source != nullptr || front.ready) {
        if (!drop && front.ready && !front.ready())
            return false;
        if (!drop && front.source != nullptr) {
            front.source->retire();
            if (!front.source->isIssued(front.until))
                return false;
            if (&front.source->queue_ != &queue_ && !front.source->isDone(front.until))
                return false;
            // Of one queue, what comes later is behind what came before by the barriers of its batches.
            uint64_t value = 0;
            for (const auto& [number, ofQueue] : front.source->inFlight_)
                if (number <= front.until)
                    value = ofQueue;
            if (value > queue_.done())
                inFlight_.emplace_back(front.number, value);
        }
        steps_.pop_front();
        return true;
    }
    if (!inFlight_.empty())
        return false;
    Step step = std::move(front);
    steps_.pop_front();
    start(std::move(step));
    return true;
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
        *outStream = toHandle<HyBackendStream>(device->createStream(labelOf(*desc)));
        return HY_SUCCESS;
    });
}

HyResult destroyStream(HyBackendStream handle) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    destroyHandle(handle);
    return guarded(stream->device().host(), [&] {
        const std::scoped_lock lock(stream->device().mutex());
        stream->flush();
        stream->device().advance();
        return HY_SUCCESS;
    });
}

// Runs `body(stream)`, which returns nothing.
template <typename Body> HyResult onStream(HyBackendStream handle, Body&& body) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] {
        body(*stream);
        return HY_SUCCESS;
    });
}

HyResult queryStream(HyBackendStream handle) {
    const std::shared_ptr<Stream> stream = fromHandle(handle);
    return guarded(stream->device().host(), [&] { return stream->query(stream->newest()); });
}

HyResult synchronizeStream(HyBackendStream handle, uint64_t timeoutNs) {
    return onStream(handle, [&](Stream& stream) {
        stream.finish(stream.newest(), deadlineAfter(timeoutNs),
                      "the stream has not finished its work within the time limit");
    });
}

HyResult waitEvent(HyBackendStream handle, HyBackendEvent event) {
    return onStream(handle, [&](Stream& stream) {
        const Event::Recording recording = fromHandle(event)->recording();
        if (recording.stream != nullptr)
            stream.waitFor(recording.stream, recording.number);
        stream.checkFailure();
    });
}

HyResult hostFunction(HyBackendStream handle, HyHostFunction function, void* user) {
    return onStream(handle, [&](Stream& stream) { stream.callOnHost(function, user); });
}

HyResult signalSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    return onStream(handle, [&](Stream& stream) {
        stream.doInOrder([semaphore = fromHandle(semaphore), value] { semaphore->signalLocked(value); });
    });
}

HyResult waitSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    return onStream(handle, [&](Stream& stream) {
        fromHandle(semaphore)->follow();
        stream.waitUntil([semaphore = fromHandle(semaphore), value] { return semaphore->valueLocked() >= value; });
    });
}

HyResult launch(HyBackendStream handle, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    Stream& stream = *fromHandle(handle); // the runtime keeps it for the call
    return guarded(stream.device().host(), [&] {
        fromHandle(kernel)->launch(stream, *launch);
        return HY_SUCCESS;
    });
}

HyResult copy(HyBackendStream handle, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t hostMask) {
    HyCopy3D box{};
    box.dst = dst;
    box.src = src;
    box.widthBytes = box.dstRowPitch = box.dstSlicePitch = box.srcRowPitch = box.srcSlicePitch = bytes;
    box.height = box.depth = 1;
    return onStream(handle, [&](Stream& stream) { copyBox(stream, box, hostMask); });
}

HyResult copy3D(HyBackendStream handle, const HyCopy3D* box, uint32_t hostMask) {
    return onStream(handle, [&](Stream& stream) { copyBox(stream, *box, hostMask); });
}

HyResult fill3D(HyBackendStream handle, const HyFill3D* box) {
    return onStream(handle, [&](Stream& stream) { fillBox(stream, *box); });
}

HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    HyFill3D box{};
    box.dst = dst;
    box.pattern = pattern;
    box.patternBytes = patternBytes;
    box.width = count;
    box.height = box.depth = 1;
    box.rowPitch = box.slicePitch = count * patternBytes;
    return fill3D(handle, &box);
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

} // namespace halyard::vulkan
