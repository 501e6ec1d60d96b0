// The interface's opaque handles are the backend's objects.
#pragma once

#include "halyard/backend.h"

namespace halyard::cpu {

struct Context;
class Device;
class Event;
class Graph;
class Kernel;
class Module;
class Semaphore;
class Physical;
class Stream;

template <class Object, class Handle> struct HandleOf {
    static Object& object(Handle handle) { return *reinterpret_cast<Object*>(handle); }
    static Handle handle(Object* object) { return reinterpret_cast<Handle>(object); }
};

inline Context& fromHandle(HyBackendContext h) {
    return HandleOf<Context, HyBackendContext>::object(h);
}
inline Device& fromHandle(HyBackendDevice h) {
    return HandleOf<Device, HyBackendDevice>::object(h);
}
inline Stream& fromHandle(HyBackendStream h) {
    return HandleOf<Stream, HyBackendStream>::object(h);
}
inline Event& fromHandle(HyBackendEvent h) {
    return HandleOf<Event, HyBackendEvent>::object(h);
}
inline Module& fromHandle(HyBackendModule h) {
    return HandleOf<Module, HyBackendModule>::object(h);
}
inline Kernel& fromHandle(HyBackendKernel h) {
    return HandleOf<Kernel, HyBackendKernel>::object(h);
}

inline Graph& fromHandle(HyBackendGraph h) {
    return HandleOf<Graph, HyBackendGraph>::object(h);
}
inline Semaphore& fromHandle(HyBackendSemaphore h) {
    return HandleOf<Semaphore, HyBackendSemaphore>::object(h);
}

inline HyBackendGraph toHandle(Graph* o) {
    return HandleOf<Graph, HyBackendGraph>::handle(o);
}
inline HyBackendSemaphore toHandle(Semaphore* o) {
    return HandleOf<Semaphore, HyBackendSemaphore>::handle(o);
}
inline Physical& fromHandle(HyBackendPhysicalMemory h) {
    return HandleOf<Physical, HyBackendPhysicalMemory>::object(h);
}

inline HyBackendContext toHandle(Context* o) {
    return HandleOf<Context, HyBackendContext>::handle(o);
}
inline HyBackendDevice toHandle(Device* o) {
    return HandleOf<Device, HyBackendDevice>::handle(o);
}
inline HyBackendStream toHandle(Stream* o) {
    return HandleOf<Stream, HyBackendStream>::handle(o);
}
inline HyBackendEvent toHandle(Event* o) {
    return HandleOf<Event, HyBackendEvent>::handle(o);
}
inline HyBackendModule toHandle(Module* o) {
    return HandleOf<Module, HyBackendModule>::handle(o);
}
inline HyBackendKernel toHandle(Kernel* o) {
    return HandleOf<Kernel, HyBackendKernel>::handle(o);
}
inline HyBackendPhysicalMemory toHandle(Physical* o) {
    return HandleOf<Physical, HyBackendPhysicalMemory>::handle(o);
}

} // namespace halyard::cpu
