#include "api/check.h"
#include "api/core.h"
#include "graph/attention.h"

namespace halyard {
namespace {

HyResult askBackend(uint64_t handle, const HyNativeHandle* outHandle, HyNativeHandle* native, const Device*& device) {
    const ObjectType type = HandleTable::typeOf(handle);
    auto* object = static_cast<Object*>(HandleTable::find(handle, type));
    if (object == nullptr || type == ObjectType::None)
        return failHandle(handle, static_cast<ObjectType>(static_cast<uint8_t>(handle >> 48)), "object");
    HY_TRY(requirePointer(outHandle, "outHandle"));
    if (type == ObjectType::Instance) {
        return fail(HY_ERROR_UNSUPPORTED, "object", "ask for the handle of a device, stream, event, module or kernel",
                    "an instance has no native object");
    }
    device = object->device;
    HY_TRY(object->device->ensureOpen());
    const BackendTables& tables = *object->device->tables;
    switch (type) {
    case ObjectType::Device:
        return tables.device.getNativeHandle(object->device->impl, native);
    case ObjectType::Stream:
        if (graph::needsAttention(*static_cast<Stream*>(object)))
            HY_TRY(graph::requireUncaptured(*static_cast<Stream*>(object),
                                            "what is submitted to its native object is not captured"));
        return tables.stream.getNativeHandle(static_cast<Stream*>(object)->impl, native);
    case ObjectType::Event:
        return tables.event.getNativeHandle(static_cast<Event*>(object)->impl, native);
    case ObjectType::Module:
        return tables.module.getNativeHandle(static_cast<Module*>(object)->state->impl, native);
    case ObjectType::Kernel:
        return tables.module.getKernelNativeHandle(static_cast<Kernel*>(object)->impl, native);
    default:
        return fail(HY_ERROR_UNSUPPORTED, "object", "ask for the handle of a device, stream, event, module or kernel",
                    "a {} has no native object", objectTypeName(type));
    }
}

} // namespace

namespace core {

HyResult hyGetNativeHandle(const void* object, HyNativeHandle* outHandle) {
    return enter("hyGetNativeHandle", [&] {
        HyNativeHandle native{.structSize = sizeof native};
        const Device* device = nullptr;
        const HyResult result = askBackend(reinterpret_cast<uint64_t>(object), outHandle, &native, device);
        if (result < 0)
            return device != nullptr ? blameBackend(device->backend->name, result) : result;
        return writeOut(outHandle, native, kNativeHandleV1, "outHandle");
    });
}

} // namespace core
} // namespace halyard
