// A backend's event that several owners share: an application's event, and waits across devices that outlive it.
#pragma once

#include "api/object.h"

namespace halyard {

struct BackendEvent {
    explicit BackendEvent(Device& owner) : device(owner) {}
    ~BackendEvent() {
        if (impl != nullptr)
            device.tables->event.destroy(impl);
    }
    BackendEvent(const BackendEvent&) = delete;
    BackendEvent& operator=(const BackendEvent&) = delete;

    // Makes one. REQUIRES: the device is open.
    static HyResult create(Device& device, uint32_t flags, std::shared_ptr<BackendEvent>& outEvent);

    Device& device;
    HyBackendEvent impl = nullptr;
};

} // namespace halyard
