// Counters of several processes, and for each a timeline of this process's own that follows it: streams park on that
// one, as on any other.
#pragma once

#include "common/shared_counters.h"
#include "ref.h"
#include "timeline.h"

#include <vector>

namespace halyard::cpu {

using common::kSharedLanes;
using common::SharedKind;

class Device;

// Thread-safe. Shared by the objects that are made of it and by the commands that wait for it or raise it; it keeps the
// device.
class SharedCounters final : public RefCounted<SharedCounters> {
public:
    static HyResult create(Device& device, SharedKind kind, uint64_t value, Ref<SharedCounters>& out);
    static HyResult adopt(Device& device, SharedKind kind, FileDescriptor file, Ref<SharedCounters>& out);
    ~SharedCounters();

    int descriptor() const { return counters_->descriptor(); }
    common::SharedCounters& counters() const { return *counters_; }

    // As those of common::SharedCounters.
    uint64_t value(uint32_t lane) const { return counters_->value(lane); }
    bool raise(uint32_t lane, uint64_t value, uint64_t& outValue) const {
        return counters_->raise(lane, value, outValue);
    }
    bool waitFor(uint32_t lane, uint64_t value, uint64_t deadline, uint64_t spinNs) const {
        return counters_->waitFor(lane, value, deadline, spinNs);
    }

    // The timeline for streams. From follow() on it goes where the counter goes; before, where this process raised it.
    Timeline& mirror(uint32_t lane) const { return *(*mirrors_)[lane]; }
    // Starts the thread that carries what other processes do to the mirrors; does nothing when it runs.
    HyResult follow();
    // Ends it for good.
    void stopFollowing() { counters_->stopFollowing(); }

private:
    using Mirrors = std::vector<Ref<Timeline>>;

    SharedCounters(Device& device, std::shared_ptr<Mirrors> mirrors, std::unique_ptr<common::SharedCounters> counters);
    template <class Make> static HyResult make(Device& device, Make&& make, Ref<SharedCounters>& out);

    const Ref<Device> device_;
    const std::shared_ptr<Mirrors> mirrors_;
    std::unique_ptr<common::SharedCounters> counters_;
};

} // namespace halyard::cpu
