// The interface's opaque handles: each points to a reference to one of the backend's objects, so that commands in
// flight and other objects may keep it beyond the handle.
#pragma once

#include "halyard/backend.h"

#include <memory>

namespace halyard::vulkan {

struct Context;
class Device;
class Event;
class Graph;
class Kernel;
class Module;
class Semaphore;
class Stream;

template <typename Handle> struct ObjectOf;
template <> struct ObjectOf<HyBackendContext> { using Type = Context; };
template <> struct ObjectOf<HyBackendDevice> { using Type = Device; };
template <> struct ObjectOf<HyBackendStream> { using Type = Stream; };
template <> struct ObjectOf<HyBackendEvent> { using Type = Event; };
template <> struct ObjectOf<HyBackendGraph> { using Type = Graph; };
template <> struct ObjectOf<HyBackendModule> { using Type = Module; };
template <> struct ObjectOf<HyBackendKernel> { using Type = Kernel; };
template <> struct ObjectOf<HyBackendSemaphore> { using Type = Semaphore; };

template <typename Handle> using Reference = std::shared_ptr<typename ObjectOf<Handle>::Type>;

// REQUIRES: a handle that was not destroyed.
template <typename Handle> Reference<Handle>& fromHandle(Handle handle) {
    return *reinterpret_cast<Reference<Handle>*>(handle);
}
// Throws std::bad_alloc.
template <typename Handle> Handle toHandle(Reference<Handle> object) {
    return reinterpret_cast<Handle>(new Reference<Handle>(std::move(object)));
}
template <typename Handle> void destroyHandle(Handle handle) {
    delete &fromHandle(handle);
}

} // namespace halyard::vulkan
