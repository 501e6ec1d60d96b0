#include "profiler.h"

#include "device.h"
#include "handles.h"
#include "stream_profile.h"
#include "tables.h"
#include "wait.h"

#include <algorithm>
#include <limits>

namespace halyard::cuda {
namespace {

constexpr uint64_t kFirstLimitNs = 200'000'000;
constexpr uint64_t kLaterLimitNs = 2'000'000;
constexpr uint64_t kAnchorLifeNs = 1'000'000'000; // clocks drift apart, and the driver tells distances as a float

} // namespace

Anchor::~Anchor() {
    profiler.give(event);
}

HyResult Profiler::set(HyActivitySink sink, void* user) {
    if (sink != nullptr) {
        const Current current = enterContext(device_);
        const std::scoped_lock lock(clockMutex_);
        if (anchor_ == nullptr)
            anchor_ = compareClocks(deadlineAfter(kFirstLimitNs));
        if (anchor_ == nullptr)
            return device_.host().fail({HY_ERROR_UNSUPPORTED,
                                        "the device did not tell the time of an event within 0.2 s, so its clock "
                                        "cannot be compared with the host's",
                                        "", "ask for activities before the device is busy"});
    }
    user_.store(user, std::memory_order_relaxed);
    sink_.store(sink, std::memory_order_release);
    return HY_SUCCESS;
}

void Profiler::deliver(const HyActivity& activity) const {
    if (const HyActivitySink sink = sink_.load(std::memory_order_acquire); sink != nullptr)
        sink(user_.load(std::memory_order_relaxed), &activity);
}

std::shared_ptr<const Anchor> Profiler::anchor() {
    const std::scoped_lock lock(clockMutex_);
    const uint64_t now = nowNs();
    if (anchor_ != nullptr && now >= compareAgainNs_) {
        if (std::shared_ptr<const Anchor> fresh = compareClocks(deadlineAfter(kLaterLimitNs)); fresh != nullptr)
            anchor_ = std::move(fresh);
        compareAgainNs_ = nowNs() + kAnchorLifeNs;
    }
    return anchor_;
}

// The shortest of a few round trips: the event lies somewhere in it. Never waits beyond the deadline, since the device
// may be busy with what waits for this very thread.
std::shared_ptr<const Anchor> Profiler::compareClocks(uint64_t deadline) {
    constexpr int kTrips = 4;
    const Symbols& cu = device_.cu();
    if (stream_ == nullptr && cu.cuStreamCreateWithPriority(&stream_, CU_STREAM_NON_BLOCKING, 0) != CUDA_SUCCESS) {
        stream_ = nullptr;
        return nullptr;
    }
    std::shared_ptr<const Anchor> best;
    uint64_t shortest = std::numeric_limits<uint64_t>::max();
    for (int trip = 0; trip < kTrips; ++trip) {
        const CUevent event = take();
        if (event == nullptr)
            break;
        const uint64_t before = nowNs();
        CUresult code = cu.cuEventRecord(event, stream_);
        while (code == CUDA_SUCCESS && (code = cu.cuEventQuery(event)) == CUDA_ERROR_NOT_READY && nowNs() < deadline)
            code = CUDA_SUCCESS;
        const uint64_t after = nowNs();
        if (code != CUDA_SUCCESS || after - before >= shortest) {
            give(event);
            if (code != CUDA_SUCCESS)
                break;
            continue;
        }
        shortest = after - before;
        best = std::make_shared<const Anchor>(*this, event, before + shortest / 2);
    }
    compareAgainNs_ = nowNs() + kAnchorLifeNs;
    return best;
}

CUevent Profiler::take() noexcept {
    {
        const std::scoped_lock lock(eventsMutex_);
        if (!events_.empty()) {
            const CUevent kept = events_.back();
            events_.pop_back();
            return kept;
        }
    }
    CUevent event = nullptr;
    return device_.cu().cuEventCreate(&event, CU_EVENT_DEFAULT) == CUDA_SUCCESS ? event : nullptr;
}

void Profiler::give(CUevent event) noexcept {
    if (event == nullptr)
        return;
    try {
        const std::scoped_lock lock(eventsMutex_);
        events_.push_back(event);
        return;
    } catch (const std::bad_alloc&) {
        // Destroyed instead.
    }
    const Current current = enterContext(device_);
    device_.cu().cuEventDestroy_v2(event);
}

void Profiler::enlist(std::shared_ptr<StreamProfile> stream) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(streams_, [](const auto& known) { return known.use_count() == 1 && known->empty(); });
    streams_.push_back(std::move(stream));
}

void Profiler::collectAll() noexcept {
    std::vector<std::shared_ptr<StreamProfile>> streams;
    try {
        const std::scoped_lock lock(mutex_);
        streams = streams_;
    } catch (const std::bad_alloc&) {
        return; // the next one who asks does it
    }
    for (const std::shared_ptr<StreamProfile>& stream : streams)
        stream->collect();
}

void Profiler::release() noexcept {
    sink_.store(nullptr);
    for (const std::shared_ptr<StreamProfile>& stream : streams_)
        stream->drop();
    streams_.clear();
    anchor_.reset();
    const Current current = enterContext(device_);
    for (const CUevent event : events_)
        device_.cu().cuEventDestroy_v2(event);
    events_.clear();
    if (stream_ != nullptr)
        device_.cu().cuStreamDestroy_v2(stream_);
    stream_ = nullptr;
}

namespace {

HyResult setSink(HyBackendDevice handle, HyActivitySink sink, void* user) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] { return device->profiler().set(sink, user); });
}

} // namespace

const HyBackendProfilingTable kProfilingTable{
    .structSize = sizeof(HyBackendProfilingTable),
    .setSink = setSink,
};

} // namespace halyard::cuda
