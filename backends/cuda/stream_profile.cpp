#include "stream_profile.h"

#include "wait.h"

#include <algorithm>

namespace halyard::cuda {
namespace {

constexpr size_t kMostUnasked = 64; // entries, before a submission looks what is done

std::atomic<uint64_t> timelines{0};

// False: the driver does not tell.
bool nanosecondsBetween(const Symbols& cu, CUevent from, CUevent to, uint64_t& out) {
    float milliseconds = 0;
    if (cu.cuEventElapsedTime(&milliseconds, from, to) != CUDA_SUCCESS)
        return false;
    out = milliseconds > 0 ? static_cast<uint64_t>(static_cast<double>(milliseconds) * 1e6) : 0;
    return true;
}

} // namespace

StreamProfile::StreamProfile(Device& device) : device_(device), timeline_(timelines.fetch_add(1) + 1) {}

bool StreamProfile::empty() const {
    const std::scoped_lock lock(mutex_);
    return entries_.empty();
}

void StreamProfile::popFront() noexcept {
    Profiler& profiler = device_.profiler();
    profiler.give(entries_.front().start);
    profiler.give(entries_.front().end);
    entries_.pop_front();
    profiler.count(-1);
}

// False: it is not done yet.
bool StreamProfile::deliverFront() {
    const Symbols& cu = device_.cu();
    const Entry& entry = entries_.front();
    const CUresult code = cu.cuEventQuery(entry.end);
    if (code == CUDA_ERROR_NOT_READY)
        return false;
    uint64_t before = 0;
    uint64_t took = 0;
    if (code != CUDA_SUCCESS || !nanosecondsBetween(cu, entry.anchor->event, entry.start, before) ||
        !nanosecondsBetween(cu, entry.start, entry.end, took))
        return true; // it failed, and whoever waits for it is told
    HyActivity out{};
    out.structSize = sizeof out;
    out.kind = entry.work.kind;
    out.timeline = timeline_;
    out.correlation = entry.correlation;
    // Two comparisons of the clocks differ a little, and commands of one stream must not overlap for that.
    out.startNs = std::max(entry.anchor->hostNs + before, deliveredUntil_);
    out.endNs = out.startNs + took;
    out.bytes = entry.work.bytes;
    out.name = entry.work.name;
    deliveredUntil_ = out.endNs;
    device_.profiler().deliver(out);
    return true;
}

void StreamProfile::collect() noexcept {
    const Current current = enterContext(device_);
    const std::scoped_lock lock(mutex_);
    while (!entries_.empty() && deliverFront())
        popFront();
}

void StreamProfile::drop() noexcept {
    const std::scoped_lock lock(mutex_);
    while (!entries_.empty())
        popFront();
}

TimedCommand::TimedCommand(Stream& stream, const Work& work, bool settles) noexcept : stream_(stream) {
    Device& device = stream.device();
    try {
        profile_ = stream.profile();
        const Current current = enterContext(device);
        order_ = std::unique_lock(profile_->order_);
        const bool idle = settles && stream.idle();
        Profiler& profiler = device.profiler();
        entry_ = {work, device.host().correlation(), profiler.take(), profiler.take(), profiler.anchor()};
        if (entry_.anchor == nullptr || entry_.start == nullptr || entry_.end == nullptr ||
            device.cu().cuEventRecord(entry_.start, stream.handle()) != CUDA_SUCCESS) {
            order_ = {};
            return;
        }
        constexpr uint64_t kSettleNs = 1'000'000;
        const uint64_t deadline = idle ? deadlineAfter(kSettleNs) : 0;
        while (idle && device.cu().cuEventQuery(entry_.start) == CUDA_ERROR_NOT_READY && nowNs() < deadline) {
        }
    } catch (const std::bad_alloc&) {
        order_ = {};
    }
}

TimedCommand::~TimedCommand() {
    stream_.device().profiler().give(entry_.start);
    stream_.device().profiler().give(entry_.end);
}

void TimedCommand::done() noexcept {
    if (!order_.owns_lock())
        return;
    Device& device = stream_.device();
    const Current current = enterContext(device);
    if (device.cu().cuEventRecord(entry_.end, stream_.handle()) != CUDA_SUCCESS)
        return;
    bool many = false;
    try {
        const std::scoped_lock lock(profile_->mutex_);
        profile_->entries_.push_back(entry_);
        entry_.start = entry_.end = nullptr;
        device.profiler().count(1);
        many = profile_->entries_.size() % kMostUnasked == 0;
    } catch (const std::bad_alloc&) {
        return; // nobody hears of this one
    }
    if (many)
        profile_->collect();
}

} // namespace halyard::cuda
