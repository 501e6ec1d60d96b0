// Where a device's activities go while a tool asks for them, and how its clock is told in the host's time.
//
// A host function could not read the times of events, since no call of the driver is allowed there. So activities are
// delivered by whoever learns from Halyard that work is done: a stream, an event, the device.
#pragma once

#include "symbols.h"

#include "halyard/backend.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace halyard::cuda {

class Device;
class Profiler;
class StreamProfile;

// What a command is, for tools. The name is borrowed and lives as long as the device.
struct Work {
    HyActivityKind kind = HY_ACTIVITY_OTHER;
    uint64_t bytes = 0;
    const char* name = "";
};

// One point of the device's time that is known on the host's clock too. Keeps an event of the profiler.
struct Anchor {
    Anchor(Profiler& owner, CUevent when, uint64_t ns) : profiler(owner), event(when), hostNs(ns) {}
    ~Anchor();
    Anchor(const Anchor&) = delete;
    Anchor& operator=(const Anchor&) = delete;

    Profiler& profiler;
    const CUevent event;
    const uint64_t hostNs;
};

// Thread-safe. Makes nothing of the driver before the first sink.
class Profiler {
public:
    explicit Profiler(Device& device) : device_(device) {}

    // One relaxed load.
    bool on() const { return sink_.load(std::memory_order_relaxed) != nullptr; }
    // Compares the clocks before the first sink: HY_ERROR_UNSUPPORTED with the record set when the device does not get
    // to it. The user pointer of the runtime is the same for every sink of a device, so that a thread which reads an
    // older pair calls nothing that is gone.
    HyResult set(HyActivitySink sink, void* user);
    void deliver(const HyActivity& activity) const;

    // At most a second old where the device lets; null when there is none. REQUIRES: the context is current.
    std::shared_ptr<const Anchor> anchor();
    // Events that keep times. Null: the driver has none. REQUIRES: the context is current.
    CUevent take() noexcept;
    void give(CUevent event) noexcept;

    // Until its commands are delivered, it is kept.
    void enlist(std::shared_ptr<StreamProfile> stream);
    void count(int64_t more) { pending_.fetch_add(more, std::memory_order_relaxed); }
    // Delivers what is done. One relaxed load when nothing was timed.
    void collect() noexcept {
        if (pending_.load(std::memory_order_relaxed) != 0) [[unlikely]]
            collectAll();
    }
    // Gives everything back to the driver; what was not delivered is lost. REQUIRES: no other call any more.
    void release() noexcept;

private:
    std::shared_ptr<const Anchor> compareClocks(uint64_t deadline);
    [[gnu::cold, gnu::noinline]] void collectAll() noexcept;

    Device& device_;
    std::atomic<HyActivitySink> sink_{nullptr};
    std::atomic<void*> user_{nullptr};
    std::atomic<int64_t> pending_{0};
    std::mutex clockMutex_;
    CUstream stream_ = nullptr; // for anchors alone, so that nothing is in front of them
    std::shared_ptr<const Anchor> anchor_;
    uint64_t compareAgainNs_ = 0;
    std::mutex eventsMutex_;
    std::vector<CUevent> events_;
    std::mutex mutex_;
    std::vector<std::shared_ptr<StreamProfile>> streams_;
};

} // namespace halyard::cuda
