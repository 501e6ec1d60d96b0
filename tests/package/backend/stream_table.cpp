// What goes into streams, each as a command.
#include "event.h"
#include "handles.h"
#include "kernel.h"
#include "semaphore.h"
#include "stream.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace vendor {
namespace {

uint8_t* bytesAt(HyDevicePtr address) {
    return reinterpret_cast<uint8_t*>(address);
}

using Pattern = std::array<uint8_t, 16>;
// The pattern is taken before the call returns.
Pattern patternOf(const void* bytes, uint32_t count) {
    Pattern pattern{};
    std::memcpy(pattern.data(), bytes, count);
    return pattern;
}
void fillRow(uint8_t* to, const Pattern& pattern, uint32_t patternBytes, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i)
        std::memcpy(to + i * patternBytes, pattern.data(), patternBytes);
}

// `body(stream)` returns a HyResult.
template <typename Body> HyResult on(HyBackendStream handle, Body&& body) {
    Stream& stream = *fromHandle(handle);
    return guarded(stream.device()->host(), [&] { return body(stream); });
}

HyResult createStream(HyBackendDevice handle, const HyBackendStreamDesc* desc, HyBackendStream* outStream) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        const bool named = desc->structSize >= offsetof(HyBackendStreamDesc, label) + sizeof desc->label; // since 1.2
        auto stream = std::make_shared<Stream>(device, named && desc->label != nullptr ? desc->label : "a stream");
        {
            const std::scoped_lock lock(device->mutex());
            device->enlist(stream);
        }
        *outStream = toHandle<HyBackendStream>(std::move(stream));
        return HY_SUCCESS;
    });
}

// The thread does what is left, and keeps the stream until then.
HyResult destroyStream(HyBackendStream handle) {
    fromHandle(handle)->close();
    destroyHandle(handle);
    return HY_SUCCESS;
}

HyResult queryStream(HyBackendStream handle) {
    return on(handle, [](Stream& stream) { return stream.query(stream.submitted()); });
}

HyResult synchronizeStream(HyBackendStream handle, uint64_t timeoutNs) {
    const std::shared_ptr<Stream> keep = fromHandle(handle);
    return on(handle, [&](Stream& stream) { return stream.finish(stream.submitted(), deadlineAfter(timeoutNs)); });
}

HyResult waitEvent(HyBackendStream handle, HyBackendEvent event) {
    return on(handle, [&](Stream& stream) {
        const auto recording = fromHandle(event)->recording();
        if (recording == nullptr || recording->stream.get() == &stream)
            return stream.checkFailure();
        return stream.submitWork([recording] {
            Device& device = *recording->stream->device();
            std::unique_lock lock(device.mutex());
            device.await(lock, kNever,
                         [&] { return recording->stream->reached(recording->number) || device.cancelled(); });
        });
    });
}

HyResult launch(HyBackendStream handle, HyBackendKernel kernel, const HyBackendLaunch* launch) {
    return on(handle, [&](Stream& stream) { return fromHandle(kernel)->launch(stream, *launch); });
}

HyResult copy(HyBackendStream handle, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, uint32_t) {
    return on(handle, [&](Stream& stream) {
        return stream.submitWork([=] { std::memmove(bytesAt(dst), bytesAt(src), bytes); });
    });
}

HyResult copy3D(HyBackendStream handle, const HyCopy3D* copy, uint32_t) {
    return on(handle, [&](Stream& stream) {
        return stream.submitWork([box = *copy] {
            for (uint64_t z = 0; z < box.depth; ++z)
                for (uint64_t y = 0; y < box.height; ++y)
                    std::memmove(bytesAt(box.dst + z * box.dstSlicePitch + y * box.dstRowPitch),
                                 bytesAt(box.src + z * box.srcSlicePitch + y * box.srcRowPitch), box.widthBytes);
        });
    });
}

HyResult fill(HyBackendStream handle, HyDevicePtr dst, const void* bytes, uint32_t patternBytes, uint64_t count) {
    return on(handle, [&](Stream& stream) {
        return stream.submitWork([dst, patternBytes, count, pattern = patternOf(bytes, patternBytes)] {
            fillRow(bytesAt(dst), pattern, patternBytes, count);
        });
    });
}

HyResult fill3D(HyBackendStream handle, const HyFill3D* fill) {
    return on(handle, [&](Stream& stream) {
        return stream.submitWork([box = *fill, pattern = patternOf(fill->pattern, fill->patternBytes)] {
            for (uint64_t z = 0; z < box.depth; ++z)
                for (uint64_t y = 0; y < box.height; ++y)
                    fillRow(bytesAt(box.dst + z * box.slicePitch + y * box.rowPitch), pattern, box.patternBytes,
                            box.width);
        });
    });
}

// On the stream's own thread: nothing but this stream waits for it.
HyResult hostFunction(HyBackendStream handle, HyHostFunction function, void* user) {
    return on(handle, [&](Stream& stream) {
        return stream.submit([function, user](HyResult status) { function(user, status); });
    });
}

HyResult signalSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    return on(handle, [&](Stream& stream) {
        // Written now: a command has no way to tell that there is no memory for it.
        std::string words = "a semaphore had reached " + std::to_string(value) + " before the stream was to set it";
        return stream.submitWork(
            [&stream, semaphore = fromHandle(semaphore), value, words = std::move(words)]() mutable {
                if (!semaphore->signal(value))
                    stream.setFailure(HY_ERROR_INVALID_STATE, std::move(words));
            });
    });
}

HyResult waitSemaphore(HyBackendStream handle, HyBackendSemaphore semaphore, uint64_t value) {
    return on(handle, [&](Stream& stream) {
        return stream.submitWork([semaphore = fromHandle(semaphore), value] { semaphore->await(value, kNever); });
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

} // namespace vendor
