// The exported functions: each calls the runtime (core.h), through the layers of the instance where it has some.
#include "api/core.h"
#include "api/gate.h"
#include "api/launch_path.h"
#include "api/object.h"
#include "layers/stack.h"

namespace halyard {
namespace {

// The layers of the instance that an object belongs to, or belonged to; null when there are none.
LayerStackRef layersOf(uint64_t handle) {
    const ObjectType type = HandleTable::typeOf(handle);
    const auto* object = type != ObjectType::None ? static_cast<Object*>(HandleTable::find(handle, type)) : nullptr;
    return object != nullptr ? object->instance->layers : LayerStack::ownerOf(handle);
}

template <typename T> uint64_t keyWord(T* handle) {
    return reinterpret_cast<uint64_t>(handle);
}

uint64_t keyWord(const HyLaunchDesc* desc) {
    constexpr size_t kStreamEnd = offsetof(HyLaunchDesc, stream) + sizeof(HyStream);
    return desc != nullptr && desc->structSize >= kStreamEnd ? reinterpret_cast<uint64_t>(desc->stream) : 0;
}

[[gnu::cold]] HyResult refuseInHostFunction(const char* call) {
    return finishFailure(call, "",
                         fail(HY_ERROR_INVALID_STATE, "", "let the host function signal a thread that makes the call",
                              "{} was called inside a host function of a stream", call));
}

// Calls when something is unusual. Functions of their own, so that the usual ones save no register for them: those are
// a load, a branch and a jump.
namespace unusual {

#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments)                                                                  \
    [[gnu::noinline, gnu::cold]] HyResult name parameters {                                                            \
        if (Gate::inHostFunction())                                                                                    \
            return refuseInHostFunction(#name);                                                                        \
        const LayerStackRef layers = layersOf(keyWord(key));                                                           \
        if (layers == nullptr)                                                                                         \
            return core::name arguments;                                                                               \
        const HyLayerLink* top = layers->top();                                                                        \
        return top->table->name(top, HY_UNPAREN arguments);                                                            \
    }
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION

} // namespace unusual

// The runtime, with what is inlined into its entry point.
namespace runtime {

using namespace core;

inline HyResult hyLaunchKernel(HyStream stream, HyKernel kernel, const HyDim3& workgroups, const HyDim3& workgroupSize,
                               uint32_t dynamicLocalBytes, const void* const* args, uint32_t argCount) {
    return launchUsual(stream, kernel, workgroups, workgroupSize, dynamicLocalBytes, args, argCount);
}

} // namespace runtime
} // namespace
} // namespace halyard

extern "C" {

using namespace halyard;

uint32_t hyGetVersion(void) {
    return HY_VERSION;
}

HyResult hyInstanceCreate(const HyInstanceDesc* desc, HyInstance* outInstance) {
    if (Gate::inHostFunction())
        return refuseInHostFunction("hyInstanceCreate");
    return core::hyInstanceCreate(desc, outInstance);
}

#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments)                                                                  \
    HyResult name parameters {                                                                                         \
        return Gate::open() ? runtime::name arguments : unusual::name arguments;                                       \
    }
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION

} // extern "C"
