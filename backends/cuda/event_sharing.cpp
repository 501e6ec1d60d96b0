// Events of several processes.
#include "event.h"
#include "ipc_memory.h"
#include "stream.h"
#include "wait.h"

#include <cerrno>
#include <fcntl.h>

namespace halyard::cuda {

HyResult Event::recordShared(Stream& stream) {
    const std::scoped_lock lock(mutex_);
    common::SharedRecordings& recordings = shared_->recordings();
    SharedEvent::Place place;
    if (!recordings.claim(stream.number(), place))
        return device_->host().fail({HY_ERROR_INVALID_STATE,
                                     std::to_string(common::kSharedLanes) +
                                         " recordings of the event are not done, which is as many as processes can "
                                         "share",
                                     "event", "record it on fewer streams at a time, or wait for some of them"});
    const auto finish = [shared = shared_, weak = stream.weak_from_this(), place](HyResult status) {
        shared->recordings().finish(place, Stream::statusAfter(weak, status) != HY_SUCCESS);
    };
    HyResult result = HY_SUCCESS;
    try {
        result = device_->hostCalls().submit(stream.handle(), finish);
    } catch (...) {
        recordings.abandon(place);
        throw;
    }
    if (result != HY_SUCCESS) {
        recordings.abandon(place);
        return result;
    }
    recordings.announce(place);
    own_ = place;
    signals_ = stream.signals();
    stream_ = stream.weak_from_this();
    return HY_SUCCESS;
}

bool Event::isOwn(const SharedEvent::Place& place) {
    const std::scoped_lock lock(mutex_);
    return own_ == place;
}

HyResult Event::statusOf(const SharedEvent::Place& place) {
    if (!shared_->recordings().failed(place))
        return HY_SUCCESS;
    if (isOwn(place)) {
        if (device_->lost())
            return device_->fail(CUDA_ERROR_UNKNOWN, "finish the work that an event was recorded behind");
        if (const HyResult result = queryStream(); result != HY_SUCCESS)
            return result;
    }
    return device_->host().fail({HY_ERROR_CANCELLED,
                                 "the work that the event was recorded behind failed or was dropped", "",
                                 "the process that recorded it has the error of its stream"});
}

HyResult Event::synchronizeShared(uint64_t deadline) {
    // Between looks whether the device still lives.
    constexpr uint64_t kLook = 100'000'000;
    const SharedEvent::Place latest = shared_->recordings().latest();
    if (latest.number == 0)
        return HY_SUCCESS;
    for (;;) {
        const uint64_t until = std::min(deadline, nowNs() + kLook);
        if (shared_->waitFor(latest, until))
            return statusOf(latest);
        if (device_->lost() && isOwn(latest))
            return device_->fail(CUDA_ERROR_UNKNOWN, "finish the work that an event was recorded behind");
        if (until == deadline)
            return device_->host().fail({HY_ERROR_TIMEOUT, "the recorded work has not finished within the time limit",
                                         "", "does the process that recorded the event last still run?"});
    }
}

HyResult Event::holdUp(Stream& stream) {
    const SharedEvent::Place latest = shared_->recordings().latest();
    return latest.number == 0 || shared_->recordings().reached(latest) ? HY_SUCCESS : shared_->holdUp(stream, latest);
}

HyResult Event::nameFor(HyBackendIpcHandle& out) {
    const std::scoped_lock lock(mutex_);
    if (!named_) {
        const Host& host = device_->host();
        FileDescriptor copy(fcntl(shared_->descriptor(), F_DUPFD_CLOEXEC, 0));
        if (!copy)
            return host.fail(describeFault(
                {HY_ERROR_NATIVE, "this process can have no more file descriptors (ulimit -n)", "", "", errno}));
        common::Fault fault;
        if (!common::DescriptorServer::get().offer(std::move(copy), 0, name_, fault))
            return host.fail(describeFault(fault));
        named_ = true;
    }
    out = common::packName(name_);
    return HY_SUCCESS;
}

HyResult Event::open(const std::shared_ptr<Device>& device, const HyBackendIpcHandle& handle,
                     std::shared_ptr<Event>& out) {
    const Host& host = device->host();
    common::DescriptorName name{};
    common::Fault fault;
    FileDescriptor file;
    uint64_t ignored = 0;
    if (!common::unpackName(handle, name, fault) ||
        !common::DescriptorServer::fetch(name, "the event", file, ignored, fault))
        return host.fail(describeFault(fault));
    std::shared_ptr<SharedEvent> shared;
    const HyResult result = SharedEvent::adopt(host, std::move(file), shared);
    if (result == HY_SUCCESS)
        out = std::make_shared<Event>(device, std::move(shared));
    return result;
}

} // namespace halyard::cuda
