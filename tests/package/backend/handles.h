// The interface's opaque handles: each points to a reference to an object, so that commands in flight and other objects
// may keep it beyond its handle. And the tables, one for each file that fills one.
#pragma once

#include "halyard/backend.h"

#include <memory>

namespace vendor {

struct Context;
class Device;
class Event;
class Kernel;
class Module;
class Semaphore;
class Stream;

template <typename Handle> struct ObjectOf;
template <> struct ObjectOf<HyBackendContext> { using Type = Context; };
template <> struct ObjectOf<HyBackendDevice> { using Type = Device; };
template <> struct ObjectOf<HyBackendStream> { using Type = Stream; };
template <> struct ObjectOf<HyBackendEvent> { using Type = Event; };
template <> struct ObjectOf<HyBackendModule> { using Type = Module; };
template <> struct ObjectOf<HyBackendKernel> { using Type = Kernel; };
template <> struct ObjectOf<HyBackendSemaphore> { using Type = Semaphore; };

template <typename Handle> using Reference = std::shared_ptr<typename ObjectOf<Handle>::Type>;

template <typename Handle> Reference<Handle>& fromHandle(Handle handle) {
    return *reinterpret_cast<Reference<Handle>*>(handle);
}
template <typename Handle> Handle toHandle(Reference<Handle> object) {
    return reinterpret_cast<Handle>(new Reference<Handle>(std::move(object)));
}
template <typename Handle> void destroyHandle(Handle handle) {
    delete &fromHandle(handle);
}

extern const HyBackendDeviceTable kDeviceTable;
extern const HyBackendMemoryTable kMemoryTable;
extern const HyBackendStreamTable kStreamTable;
extern const HyBackendEventTable kEventTable;
extern const HyBackendModuleTable kModuleTable;
extern const HyBackendSemaphoreTable kSemaphoreTable;

} // namespace vendor
