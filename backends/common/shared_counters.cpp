#include "common/shared_counters.h"

#include "base/block_signals.h"
#include "common/futex.h"

#include <algorithm>

namespace halyard::common {

namespace {

// How long somebody sleeps before looking again: a process can end between raising a counter and waking who waits.
constexpr uint64_t kLookAgainNs = 200'000'000;

uint32_t lanesOf(SharedKind kind) {
    return kind == SharedKind::Semaphore ? 1 : kSharedLanes;
}

} // namespace

SharedCounters::SharedCounters(SharedPage page, uint32_t lanes, Growth growth)
    : page_(std::move(page)), lanes_(lanes), growth_(std::move(growth)) {
    for (uint32_t lane = 0; lane < lanes; ++lane) {
        known_[lane].store(words().lanes[lane].value.load());
    }
}

bool SharedCounters::create(const SharedOwner& owner, SharedKind kind, uint64_t value, Growth growth,
                            std::unique_ptr<SharedCounters>& out, Fault& outFault) {
    SharedPage page;
    if (!SharedPage::create(owner, kind, value, page, outFault)) {
        return false;
    }
    out.reset(new SharedCounters(std::move(page), lanesOf(kind), std::move(growth)));
    return true;
}

bool SharedCounters::adopt(const SharedOwner& owner, SharedKind kind, FileDescriptor file, Growth growth,
                           std::unique_ptr<SharedCounters>& out, Fault& outFault) {
    SharedPage page;
    if (!SharedPage::adopt(owner, kind, std::move(file), page, outFault)) {
        return false;
    }
    out.reset(new SharedCounters(std::move(page), lanesOf(kind), std::move(growth)));
    return true;
}

void SharedCounters::learn(uint32_t lane, uint64_t value) {
    uint64_t known = known_[lane].load();
    while (known < value) {
        if (known_[lane].compare_exchange_weak(known, value)) {
            growth_(lane, value);
            return;
        }
    }
}

uint64_t SharedCounters::value(uint32_t lane) {
    learn(lane, words().lanes[lane].value.load());
    return known_[lane].load();
}

bool SharedCounters::raise(uint32_t lane, uint64_t value, uint64_t& outValue) {
    std::atomic<uint64_t>& counter = words().lanes[lane].value;
    uint64_t shared = counter.load();
    do {
        // Another process may have put the counter back.
        const uint64_t known = std::max(shared, known_[lane].load());
        if (value <= known) {
            outValue = known;
            return false;
        }
    } while (!counter.compare_exchange_weak(shared, value));
    wakeAll();
    learn(lane, value);
    return true;
}

bool SharedCounters::waitFor(uint32_t lane, uint64_t value, uint64_t deadline, uint64_t spinNs) {
    const auto reached = [&] { return words().lanes[lane].value.load() >= value || known_[lane].load() >= value; };
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

int SharedCounters::follow(const char* name) {
    if (following_.load()) {
        return 0;
    }
    const std::scoped_lock lock(threadMutex_);
    if (following_.load() || stopping_.load()) {
        return 0;
    }
    const BlockSignals blocked;
    if (const int error = pthread_create(&thread_, nullptr, &SharedCounters::threadMain, this); error != 0) {
        return error;
    }
    pthread_setname_np(thread_, name);
    following_.store(true);
    return 0;
}

Fault followFault(int error) {
    return {HY_ERROR_OUT_OF_HOST_MEMORY,
            "the thread that follows what other processes signal could not be started (pthread_create)", "", "", error};
}

void* SharedCounters::threadMain(void* argument) {
    static_cast<SharedCounters*>(argument)->work();
    return nullptr;
}

void SharedCounters::work() {
    for (;;) {
        const uint32_t word = words().wake.load();
        if (stopping_.load()) {
            return;
        }
        for (uint32_t lane = 0; lane < lanes_; ++lane) {
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

} // namespace halyard::common
