#include "profiler.h"

#include "device.h"
#include "handles.h"
#include "tables.h"

namespace halyard::reference {

void Profiler::set(HyActivitySink sink, void* user) {
    user_.store(user, std::memory_order_relaxed);
    sink_.store(sink, std::memory_order_release);
}

Profiler::Work Profiler::timed(Work work, const WorkInfo& info, uint64_t timeline, uint64_t correlation) const {
    if (info.kind == HY_ACTIVITY_OTHER)
        return work;
    return [this, work = std::move(work), info, timeline, correlation] {
        const uint64_t start = nowNs();
        Status status = work();
        deliver(info, timeline, correlation, start);
        return status;
    };
}

void Profiler::deliver(const WorkInfo& info, uint64_t timeline, uint64_t correlation, uint64_t startNs) const {
    const HyActivitySink sink = sink_.load(std::memory_order_acquire);
    if (sink == nullptr)
        return;
    HyActivity activity{};
    activity.structSize = sizeof activity;
    activity.kind = info.kind;
    activity.timeline = timeline;
    activity.correlation = correlation;
    activity.startNs = startNs;
    activity.endNs = nowNs();
    activity.bytes = info.bytes;
    activity.name = info.name;
    sink(user_.load(std::memory_order_relaxed), &activity);
}

namespace {

HyResult setSink(HyBackendDevice handle, HyActivitySink sink, void* user) {
    fromHandle(handle)->profiler().set(sink, user);
    return HY_SUCCESS;
}

} // namespace

const HyBackendProfilingTable kProfilingTable{
    .structSize = sizeof(HyBackendProfilingTable),
    .setSink = setSink,
};

} // namespace halyard::reference
