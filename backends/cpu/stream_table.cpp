// The stream functions of the interface.
#include "address.h"
#include "device.h"
#include "event.h"
#include "futex.h"
#include "handles.h"
#include "kernel.h"
#include "stream.h"
#include "tables.h"
#include "timeline_semaphore.h"
#include "transfer.h"

#include <cstddef>
#include <cstring>

namespace halyard::cpu {

namespace {

template <class T> T* address(HyDevicePtr ptr) {
    return reinterpret_cast<T*>(ptr);
}

std::string labelOf(const HyBackendStreamDesc& desc) {
    constexpr size_t kNeeded =
        offsetof(HyBackendStreamDesc, label) + sizeof(desc.label); // a runtime before 1.2 has none
    return desc.structSize >= kNeeded && desc.label != nullptr ? desc.label : "a stream";
}

HyResult createStream(HyBackendDevice handle, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
    Device& device = fromHandle(handle);
    return guarded(device.host(), [&] {
        if (const HyResult result = device.executor().start(device.host()); result != HY_SUCCESS) {
            return result;
        }
        *outStream = toHandle(new Stream(Ref<Device>::share(&device), desc->priority, labelOf(*desc)));
        return HY_SUCCESS;
    });
}

HyResult destroyStream(HyBackendStream handle) {
    fromHandle(handle).release();
    return HY_SUCCESS;
}

HyResult queryStream(HyBackendStream handle) {
    const Stream& stream = fromHandle(handle);
    return stream.query(stream.submitted());
}

HyResult synchronizeStream(HyBackendStream handle, uint64_t timeoutNs) {
    Stream& stream = fromHandle(handle);
    const uint64_t deadline = timeoutNs == HY_TIMEOUT_INFINITE ? kNever : deadlineAfter(timeoutNs);
    return stream.finish(stream.submitted(), deadline, "the stream has not finished its work within the time limit");
}

// The stream goes on when `source` reaches `value`; `shared`, if any, moves the source.
HyResult submitWait(Stream& stream, Timeline& source, uint64_t value, SharedCounters* shared) {
    if (shared != nullptr) {
        const HyResult result = guarded(stream.device().host(), [&] { return shared->follow(); });
        if (result != HY_SUCCESS) {
            return result;
        }
    }
    return stream.submit<WaitCommand>(CommandKind::Wait, 0, [&](WaitCommand& command, uint64_t /*value*/) {
        command.source = Ref<Timeline>::share(&source).leak();
        command.value = value;
        command.shared = shared != nullptr ? Ref<SharedCounters>::share(shared).leak() : nullptr;
    });
}

HyResult waitEvent(HyBackendStream handle, HyBackendEvent eventHandle) {
    Stream& stream = fromHandle(handle);
    const Event& event = fromHandle(eventHandle);
    const Event::Recording recording = event.recording();
    if (const SharedEvent::Place& foreign = recording.foreign; foreign.number != 0) {
        const SharedEvent& shared = *event.shared();
        if (shared.reached(foreign)) {
            return stream.checkFailure();
        }
        return submitWait(stream, shared.counters().mirror(foreign.lane), foreign.number, &shared.counters());
    }
    // The stream's own past is over when it gets there.
    if (!recording.stream || recording.stream.get() == &stream || recording.stream->reached(recording.value)) {
        return stream.checkFailure();
    }
    return submitWait(stream, recording.stream->timeline(), recording.value, nullptr);
}

HyResult signalSemaphore(HyBackendStream handle, HyBackendSemaphore semaphoreHandle, uint64_t value) {
    const Semaphore& semaphore = fromHandle(semaphoreHandle);
    return fromHandle(handle).submit<SignalCommand>(
        CommandKind::Signal, 0, [&](SignalCommand& command, uint64_t /*value*/) {
            SharedCounters* shared = semaphore.shared();
            command.target = Ref<Timeline>::share(&semaphore.timeline()).leak();
            command.value = value;
            command.shared = shared != nullptr ? Ref<SharedCounters>::share(shared).leak() : nullptr;
        });
}

HyResult waitSemaphore(HyBackendStream handle, HyBackendSemaphore semaphoreHandle, uint64_t value) {
    const Semaphore& semaphore = fromHandle(semaphoreHandle);
    return submitWait(fromHandle(handle), semaphore.timeline(), value, semaphore.shared());
}

HyResult hostFunction(HyBackendStream handle, HyHostFunction function, void* user) {
    Stream& stream = fromHandle(handle);
    if (const HyResult result = stream.device().dispatcher().start(stream.device().host()); result != HY_SUCCESS) {
        return result;
    }
    return stream.submit<HostFunctionCommand>(CommandKind::HostFunction, 0,
                                              [&](HostFunctionCommand& command, uint64_t /*value*/) {
                                                  command.function = function;
                                                  command.user = user;
                                              });
}

HyResult launch(HyBackendStream stream, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    return fromHandle(kernel).launch(fromHandle(stream), *launch);
}

HyResult submitCopy(Stream& stream, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    if (bytes == 0) {
        return stream.checkFailure();
    }
    return stream.submit<CopyCommand>(
        CommandKind::Copy, 0, [&](CopyCommand& command, uint64_t /*value*/) { setCopy(command, dst, src, bytes); });
}

// Every kind of memory is within reach, so the mask makes no difference.
HyResult copy(HyBackendStream handle, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t /*hostMask*/) {
    return submitCopy(fromHandle(handle), dst, src, bytes);
}

HyResult copy3D(HyBackendStream handle, const HyCopy3D* copy, uint32_t /*hostMask*/) {
    Stream& stream = fromHandle(handle);
    const HyCopy3D& box = *copy;
    if (box.widthBytes == 0 || box.height == 0 || box.depth == 0) {
        return stream.checkFailure();
    }
    if (isContiguous(box)) {
        return submitCopy(stream, box.dst, box.src, box.widthBytes * box.height * box.depth);
    }
    return stream.submit<CopyBoxCommand>(
        CommandKind::CopyBox, 0, [&](CopyBoxCommand& command, uint64_t /*value*/) { setCopyBox(command, box); });
}

HyResult submitFill(Stream& stream, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t bytes) {
    if (bytes == 0) {
        return stream.checkFailure();
    }
    return stream.submit<FillCommand>(CommandKind::Fill, 0, [&](FillCommand& command, uint64_t /*value*/) {
        setFill(command, dst, pattern, patternBytes, bytes);
    });
}

HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    return submitFill(fromHandle(handle), dst, pattern, patternBytes, count * patternBytes);
}

HyResult fill3D(HyBackendStream handle, const HyFill3D* fill) {
    Stream& stream = fromHandle(handle);
    const HyFill3D& box = *fill;
    if (box.width == 0 || box.height == 0 || box.depth == 0) {
        return stream.checkFailure();
    }
    const uint64_t widthBytes = box.width * box.patternBytes;
    if (isContiguous(box)) {
        return submitFill(stream, box.dst, box.pattern, box.patternBytes, widthBytes * box.height * box.depth);
    }
    return stream.submit<FillBoxCommand>(
        CommandKind::FillBox, 0, [&](FillBoxCommand& command, uint64_t /*value*/) { setFillBox(command, box); });
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

} // namespace halyard::cpu
