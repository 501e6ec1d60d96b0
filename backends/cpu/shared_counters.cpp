#include "shared_counters.h"

#include "base/block_signals.h"
#include "device.h"
#include "futex.h"

#include <algorithm>

namespace halyard::cpu {

namespace {

// How long somebody sleeps before looking again: a process can end between raising a counter and waking who waits.
constexpr uint64_t kLookAgainNs = 200'000'000;

} // namespace

SharedCounters::SharedCounters(Device& device, SharedPage page, uint32_t lanes)
    : device_(Ref<Device>::share(&device)), page_(std::move(page)) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        mirrors_.push_back(Ref<Timeline>::adopt(new Timeline(words().lanes[lane].value.load())));
    }
}

SharedCounters::~SharedCounters() {
    stopFollowing();
    device_->delist(*this);
}

namespace {

uint32_t lanesOf(SharedKind kind) {
    return kind == SharedKind::Semaphore ? 1 : kSharedLanes;
}

} // namespace

HyResult SharedCounters::create(Device& device, SharedKind kind, uint64_t value, Ref<SharedCounters>& out) {
    SharedPage page;
    if (const HyResult result = SharedPage::create(device.host(), kind, value, page); result != HY_SUCCESS) {
        return result;
    }
    out = Ref<SharedCounters>::adopt(new SharedCounters(device, std::move(page), lanesOf(kind)));
    device.enlist(*out);
    return HY_SUCCESS;
}

HyResult SharedCounters::adopt(Device& device, SharedKind kind, FileDescriptor file, Ref<SharedCounters>& out) {
    SharedPage page;
    if (const HyResult result = SharedPage::adopt(device.host(), kind, std::move(file), page); result != HY_SUCCESS) {
        return result;
    }
    out = Ref<SharedCounters>::adopt(new SharedCounters(device, std::move(page), lanesOf(kind)));
    device.enlist(*out);
    return HY_SUCCESS;
}

uint64_t SharedCounters::value(uint32_t lane) const {
    uint64_t before = 0;
    Timeline& mirror = *mirrors_[lane];
    const uint64_t shared = words().lanes[lane].value.load();
    return mirror.raise(shared, before) ? shared : before;
}

bool SharedCounters::raise(uint32_t lane, uint64_t value, uint64_t& outValue) const {
    std::atomic<uint64_t>& counter = words().lanes[lane].value;
    uint64_t shared = counter.load();
    do {
        // The mirror knows better when another process has put the counter back.
        const uint64_t known = std::max(shared, mirrors_[lane]->value());
        if (value <= known) {
            outValue = known;
            return false;
        }
    } while (!counter.compare_exchange_weak(shared, value));
    wakeAll();
    uint64_t ignored = 0;
    mirrors_[lane]->raise(value, ignored);
    return true;
}

bool SharedCounters::waitFor(uint32_t lane, uint64_t value, uint64_t deadline, uint64_t spinNs) const {
    const auto reached = [&] { return words().lanes[lane].value.load() >= value || mirrors_[lane]->reached(value); };
    const uint64_t now = deadline == kNever ? 0 : nowNs();
    const uint64_t left = deadline > now ? deadline - now : 0;
    if (spinUntil(std::min(spinNs, left), reached)) {
        return true;
    }
    for (;;) {
        const uint32_t word = words().wake.load();
        if (reached()) {
            return true;
        }
        if (deadline != kNever && nowNs() >= deadline) {
            return false;
        }
        sleep(word, deadline);
    }
}

void SharedCounters::sleep(uint32_t word, uint64_t deadline) const {
    words().sleepers.fetch_add(1);
    futexWaitShared(words().wake, word, std::min(deadline, nowNs() + kLookAgainNs));
    words().sleepers.fetch_sub(1);
}

void SharedCounters::wakeAll() const {
    words().wake.fetch_add(1);
    if (words().sleepers.load() != 0) {
        futexWakeAllShared(words().wake);
    }
}

HyResult SharedCounters::follow() {
    if (following_.load()) {
        return HY_SUCCESS;
    }
    const std::scoped_lock lock(threadMutex_);
    if (following_.load() || stopping_.load()) {
        return HY_SUCCESS;
    }
    const BlockSignals blocked;
    if (const int error = pthread_create(&thread_, nullptr, &SharedCounters::threadMain, this); error != 0) {
        return device_->host().failSystem(
            HY_ERROR_OUT_OF_HOST_MEMORY,
            "the thread that follows what other processes signal could not be started (pthread_create)", error);
    }
    pthread_setname_np(thread_, "hy-cpu-share");
    following_.store(true);
    return HY_SUCCESS;
}

void* SharedCounters::threadMain(void* argument) {
    static_cast<const SharedCounters*>(argument)->work();
    return nullptr;
}

void SharedCounters::work() const {
    for (;;) {
        const uint32_t word = words().wake.load();
        if (stopping_.load()) {
            return;
        }
        for (uint32_t lane = 0; lane < mirrors_.size(); ++lane) {
            value(lane);
        }
        sleep(word, kNever);
    }
}

void SharedCounters::stopFollowing() {
    const std::scoped_lock lock(threadMutex_);
    if (stopping_.exchange(true) || !following_.load()) {
        return;
    }
    wakeAll();
    pthread_join(thread_, nullptr);
}

} // namespace halyard::cpu
