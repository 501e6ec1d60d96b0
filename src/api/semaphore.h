#pragma once

#include "api/object.h"

namespace halyard {

struct Semaphore : Object {
    static constexpr ObjectType kType = ObjectType::Semaphore;
    explicit Semaphore(Device* owner) : Object(kType, owner->instance, owner) {}
    ~Semaphore() override {
        if (impl != nullptr)
            device->tables->semaphore.destroy(impl);
    }

    HyBackendSemaphore impl = nullptr;
    bool shareable = false; // or imported
};

} // namespace halyard
