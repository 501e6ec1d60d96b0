// Host functions of the application on their way through a backend: marks the thread while one runs, so that calls from
// inside are refused, and keeps an exception from passing through a backend.
#pragma once

#include "api/object.h"

namespace halyard {

// What host functions are checked for, in streams and graphs.
HyResult checkHostFunction(const Device& device, HyHostFunction function);

// Makes what a backend calls. On success `outFunction(outUser, status)` must be called exactly once, and destroys the
// record.
HyResult wrapHostFunction(Instance& instance, HyHostFunction function, void* user, HyHostFunction& outFunction,
                          void*& outUser);
// Destroys a record that no backend took.
void dropHostFunction(void* wrapped);

// What calls the application's function, for work that runs it several times (graphs).
void callHostFunction(Instance& instance, HyHostFunction function, void* user, HyResult status) noexcept;

} // namespace halyard
