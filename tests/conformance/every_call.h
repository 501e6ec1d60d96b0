// Every function about an object, as one list: a new one is in it from the day it is declared.
#pragma once

#include "halyard/halyard.h"

#include <type_traits>
#include <vector>

namespace halyard::conformance {

// What a call gets for a parameter of type T: `handle` where it takes an object, else zero.
template <typename T> T argumentFor(void* handle) {
    if constexpr (std::is_same_v<T, const HyLaunchDesc*>) {
        static thread_local HyLaunchDesc desc;
        desc = {};
        desc.structSize = sizeof desc;
        desc.stream = static_cast<HyStream>(handle);
        desc.kernel = static_cast<HyKernel>(handle);
        return &desc;
    } else if constexpr (std::is_same_v<T, HyInstance> || std::is_same_v<T, HyDevice> || std::is_same_v<T, HyStream> ||
                         std::is_same_v<T, HyEvent> || std::is_same_v<T, HyModule> || std::is_same_v<T, HyKernel> ||
                         std::is_same_v<T, HyMemoryPool> || std::is_same_v<T, HyPhysicalMemory> ||
                         std::is_same_v<T, HyGraph> || std::is_same_v<T, HyGraphExec> ||
                         std::is_same_v<T, HySemaphore> || std::is_same_v<T, const void*>) {
        return static_cast<T>(handle);
    } else {
        return T{};
    }
}

template <typename... P> HyResult callWith(HyResult (*function)(P...), void* handle) {
    return function(argumentFor<P>(handle)...);
}

struct EveryCall {
    const char* name;
    HyResult (*call)(void* handle); // gives the handle wherever the function takes one
};

inline const std::vector<EveryCall>& everyCall() {
    static const std::vector<EveryCall> calls = {
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments) {#name, [](void* handle) { return callWith(&::name, handle); }},
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
    };
    return calls;
}

} // namespace halyard::conformance
