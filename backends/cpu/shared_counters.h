// Counters that several processes raise and wait for, and for each a timeline of this process's own that follows it:
// streams park on that one, as on any other.
#pragma once

#include "ref.h"
#include "shared_page.h"
#include "timeline.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <pthread.h>
#include <vector>

namespace halyard::cpu {

class Device;

// Thread-safe. Shared by the objects that are made of it and by the commands that wait for it or raise it; it keeps the
// device.
class SharedCounters final : public RefCounted<SharedCounters> {
public:
    static HyResult create(Device& device, SharedKind kind, uint64_t value, Ref<SharedCounters>& out);
    static HyResult adopt(Device& device, SharedKind kind, FileDescriptor file, Ref<SharedCounters>& out);
    ~SharedCounters();

    int descriptor() const { return page_.descriptor(); }
    SharedWords& words() const { return page_.words(); }

    // Never less than it was, whatever other processes do.
    uint64_t value(uint32_t lane) const;
    // False when `value` is not above the value there is, which goes to `outValue`.
    bool raise(uint32_t lane, uint64_t value, uint64_t& outValue) const;
    // As Timeline::waitFor.
    bool waitFor(uint32_t lane, uint64_t value, uint64_t deadline, uint64_t spinNs) const;

    // The timeline for streams. From follow() on it goes where the counter goes; before, where this process raised it.
    Timeline& mirror(uint32_t lane) const { return *mirrors_[lane]; }
    // Starts the thread that carries what other processes do to the mirrors; does nothing when it runs.
    HyResult follow();
    // Ends it for good.
    void stopFollowing();

private:
    SharedCounters(Device& device, SharedPage page, uint32_t lanes);

    static void* threadMain(void* argument);
    void work() const;
    // Sleeps until a counter changes from what it was when `word` was read, for a while at most.
    void sleep(uint32_t word, uint64_t deadline) const;
    void wakeAll() const;

    const Ref<Device> device_;
    const SharedPage page_;
    std::vector<Ref<Timeline>> mirrors_;
    std::mutex threadMutex_;
    std::atomic<bool> following_{false};
    std::atomic<bool> stopping_{false};
    pthread_t thread_{};
};

} // namespace halyard::cpu
