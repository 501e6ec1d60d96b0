#include "shared_counters.h"

#include "device.h"

namespace halyard::cpu {

namespace {

constexpr common::SharedOwner kOwner{"cpu", 0x31306e7973796148}; // "Haysyn01" in memory

HyResult report(const Host& host, const common::Fault& fault) {
    return fault.error != 0 ? host.failSystem(fault.code, fault.message, fault.error)
                            : host.fail({fault.code, fault.message, fault.argument, fault.hint});
}

} // namespace

SharedCounters::SharedCounters(Device& device, std::shared_ptr<Mirrors> mirrors,
                               std::unique_ptr<common::SharedCounters> counters)
    : device_(Ref<Device>::share(&device)), mirrors_(std::move(mirrors)), counters_(std::move(counters)) {
    for (uint32_t lane = 0; lane < counters_->lanes(); ++lane) {
        mirrors_->push_back(Ref<Timeline>::adopt(new Timeline(counters_->value(lane))));
    }
}

SharedCounters::~SharedCounters() {
    stopFollowing();
    device_->delist(*this);
}

template <class Make> HyResult SharedCounters::make(Device& device, Make&& make, Ref<SharedCounters>& out) {
    auto mirrors = std::make_shared<Mirrors>();
    mirrors->reserve(kSharedLanes);
    common::SharedCounters::Growth growth = [mirrors](uint32_t lane, uint64_t value) {
        uint64_t ignored = 0;
        // Before there are any nobody waits.
        if (lane < mirrors->size()) {
            (*mirrors)[lane]->raise(value, ignored);
        }
    };
    std::unique_ptr<common::SharedCounters> counters;
    common::Fault fault;
    if (!make(std::move(growth), counters, fault)) {
        return report(device.host(), fault);
    }
    out = Ref<SharedCounters>::adopt(new SharedCounters(device, std::move(mirrors), std::move(counters)));
    device.enlist(*out);
    return HY_SUCCESS;
}

HyResult SharedCounters::create(Device& device, SharedKind kind, uint64_t value, Ref<SharedCounters>& out) {
    return make(
        device,
        [&](auto growth, auto& counters, common::Fault& fault) {
            return common::SharedCounters::create(kOwner, kind, value, std::move(growth), counters, fault);
        },
        out);
}

HyResult SharedCounters::adopt(Device& device, SharedKind kind, FileDescriptor file, Ref<SharedCounters>& out) {
    return make(
        device,
        [&](auto growth, auto& counters, common::Fault& fault) {
            return common::SharedCounters::adopt(kOwner, kind, std::move(file), std::move(growth), counters, fault);
        },
        out);
}

HyResult SharedCounters::follow() {
    const int error = counters_->follow("hy-cpu-share");
    return error == 0 ? HY_SUCCESS : report(device_->host(), common::followFault(error));
}

} // namespace halyard::cpu
