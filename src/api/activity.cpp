#include "api/activity.h"

#include "api/object.h"
#include "base/struct_size.h"

#include <algorithm>

namespace halyard {

void ActivityHub::setSink(const void* owner, HyActivitySink sink, void* user) {
    const std::lock_guard devices(devicesMutex_);
    {
        const std::unique_lock lock(sinksMutex_);
        std::erase_if(sinks_, [&](const Sink& known) { return known.owner == owner; });
        if (sink != nullptr)
            sinks_.push_back({owner, sink, user});
    }
    if (sink != nullptr)
        std::for_each(devices_.begin(), devices_.end(), [](Device* device) { connect(*device); });
}

void ActivityHub::watch(Device& device) {
    const std::lock_guard devices(devicesMutex_);
    if (std::find(devices_.begin(), devices_.end(), &device) == devices_.end()) // else it was started anew
        devices_.push_back(&device);
    const std::shared_lock lock(sinksMutex_);
    if (!sinks_.empty())
        connect(device);
}

void ActivityHub::forgetDevices() {
    const std::lock_guard devices(devicesMutex_);
    devices_.clear();
}

void ActivityHub::connect(Device& device) {
    const PreservedError untouched;
    if (device.tables->profiling.setSink(device.impl, receive, &device) != HY_SUCCESS)
        device.instance->log.info("core", "{} does not tell when its commands run", device.properties.selector);
}

void ActivityHub::receive(void* device, const HyActivity* activity) {
    const auto& from = *static_cast<Device*>(device);
    HyActivity full;
    readTable(activity, full);
    full.device = toHandle<HyDevice>(&from);
    if (full.name == nullptr)
        full.name = "";
    from.instance->activities->deliver(full);
}

void ActivityHub::deliver(const HyActivity& activity) {
    const std::shared_lock lock(sinksMutex_);
    for (const Sink& sink : sinks_)
        sink.call(sink.user, &activity);
}

} // namespace halyard
