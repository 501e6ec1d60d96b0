// The profiling functions of the interface, and a stream's part in them: while a sink is set, the device's clock is
// read before and after each command that does work.
#include "handles.h"
#include "stream.h"
#include "tables.h"

#include <algorithm>
#include <cstddef>

namespace halyard::vulkan {

// Device and host clocks are read one after the other, so that their difference is off by a little; commands of one
// stream must not overlap for that.
void Stream::deliver(const Activity& activity, uint64_t startNs, uint64_t endNs) {
    HyActivity out{};
    out.structSize = sizeof out;
    out.kind = activity.kind;
    out.timeline = timeline_;
    out.correlation = activity.correlation;
    out.startNs = std::max(startNs, deliveredUntil_);
    out.endNs = std::max(endNs, out.startNs);
    out.bytes = activity.bytes;
    out.name = activity.name.c_str();
    deliveredUntil_ = out.endNs;
    device_->profiler().deliver(out);
}

std::shared_ptr<Stream::Activity> Stream::activityOf(const Work& work) const {
    if (work.kind == HY_ACTIVITY_OTHER || !device_->profiler().on())
        return nullptr;
    auto activity = std::make_shared<Activity>();
    activity->kind = work.kind;
    activity->bytes = work.bytes;
    activity->name = work.name;
    activity->correlation = device_->host().correlation();
    return activity;
}

void Stream::recordTimed(Batch& batch, const std::shared_ptr<Activity>& activity, FunctionRef<void(Batch&)> record) {
    batch.stamp([activity](uint64_t ticks) { activity->startTicks = ticks; });
    record(batch);
    // The batch is done before its stream lets go of it, and the stream stays for as long as it has work.
    batch.stamp([this, activity](uint64_t ticks) {
        const Device::Clocks now = device_->readClocks();
        deliver(*activity, device_->toHostNs(activity->startTicks, now), device_->toHostNs(ticks, now));
    });
}

std::function<void()> Stream::timed(std::function<void()> work, const Work& what) {
    std::shared_ptr<Activity> activity = activityOf(what);
    if (activity == nullptr)
        return work;
    return [this, work = std::move(work), activity = std::move(activity)] { // the step keeps the stream
        const uint64_t start = nowNs();
        work();
        deliver(*activity, start, nowNs());
    };
}

namespace {

HyResult setSink(HyBackendDevice handle, HyActivitySink sink, void* user) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        if (!device->adapter().hasCalibratedTime)
            throw Failure{HY_ERROR_UNSUPPORTED,
                          "the driver cannot compare the device's clock with the host's "
                          "(VK_EXT_calibrated_timestamps), so times of commands would mean nothing",
                          "measure with events"};
        device->profiler().set(sink, user);
        return HY_SUCCESS;
    });
}

} // namespace

const HyBackendProfilingTable kProfilingTable{
    .structSize = sizeof(HyBackendProfilingTable),
    .setSink = setSink,
};

} // namespace halyard::vulkan
