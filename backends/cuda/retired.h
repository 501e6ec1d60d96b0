// What nobody needs any more, but whose last user was a thread that cannot destroy it: one of the driver's, which may
// call no function of the driver, or the object's own.
#pragma once

#include "timeline.h"

namespace halyard::cuda {

// Keeps them for the process until dropRetired(). For any thread.
void retire(std::list<Parked>& done) noexcept;
// Destroys all of them. For threads that may call the driver, when a semaphore or a shared event is used or destroyed,
// or a device closed. One load where there are none.
void dropRetired() noexcept;

} // namespace halyard::cuda
