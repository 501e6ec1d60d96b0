// The objects of an instance, by handle: which live, and where they were made and destroyed.
#pragma once

#include "layers/validate/findings.h"
#include "layers/validate/site.h"

#include <map>
#include <optional>
#include <vector>

namespace halyard::layers {

// What a handle type is called; null for types that nobody destroys one by one.
template <typename T> struct ObjectKind { static constexpr const char* kName = nullptr; };
#define HALYARD_OBJECT(type, name)                                                                                     \
    template <> struct ObjectKind<type> { static constexpr const char* kName = name; };
HALYARD_OBJECT(HyStream, "stream")
HALYARD_OBJECT(HyEvent, "event")
HALYARD_OBJECT(HyModule, "module")
HALYARD_OBJECT(HyKernel, "kernel")
HALYARD_OBJECT(HyMemoryPool, "memory pool")
HALYARD_OBJECT(HyPhysicalMemory, "physical memory")
HALYARD_OBJECT(HyGraph, "graph")
HALYARD_OBJECT(HyGraphExec, "executable graph")
HALYARD_OBJECT(HySemaphore, "semaphore")
#undef HALYARD_OBJECT

// Not thread-safe: the layer's lock is held.
class Objects {
public:
    explicit Objects(Findings& findings) : findings_(findings) {}

    void add(const void* handle, const char* kind) {
        gone_.erase(handle);
        live_[handle] = {kind, Site::here(), {}};
    }
    void remove(const void* handle);
    // Reports a handle whose object is gone.
    void check(const void* handle, const char* call, bool destroys);
    void reportLeaks();

private:
    static constexpr size_t kMostGone = 1u << 16;
    struct Record {
        const char* kind = nullptr;
        Site made;
        std::optional<Site> destroyed;
    };
    Findings& findings_;
    std::map<const void*, Record> live_;
    std::map<const void*, Record> gone_;
};

} // namespace halyard::layers
