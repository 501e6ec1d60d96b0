#include "call.h"

#include "../core/memory.h"

#include <cstring>

namespace halyard::cuda {

using namespace softcuda;

extern "C" CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!free || !total)
            return Status::InvalidValue;
        *total = context->device().totalBytes();
        *free = *total - context->device().usedBytes();
        return Status::Success;
    });
}

extern "C" CUresult cuMemAlloc_v2(CUdeviceptr* ptr, size_t bytes) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!ptr || !bytes)
            return Status::InvalidValue;
        uint64_t address = context->device().allocateFor(context.get(), bytes, 256);
        if (!address)
            return Status::OutOfMemory;
        *ptr = address;
        return Status::Success;
    });
}

extern "C" CUresult cuMemFree_v2(CUdeviceptr ptr) {
    return inContext(__func__, [&](const ContextPtr& context) {
        std::optional<Range> range = driver().space.find(ptr);
        bool freeable = range && range->begin == ptr && range->owner &&
                        (range->kind == MemoryKind::Device || range->kind == MemoryKind::Managed ||
                         range->kind == MemoryKind::External);
        if (!freeable)
            return Status::InvalidValue;
        // Work that may use the memory ends first, as with the real driver.
        context->synchronize();
        range = driver().space.remove(ptr);
        if (!range)
            return Status::InvalidValue;
        freeRange(*range);
        return context->status();
    });
}

extern "C" CUresult cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* bytes, CUdeviceptr ptr) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::optional<Range> range = driver().space.find(ptr);
        if (!range)
            return Status::NotFound;
        if (base)
            *base = range->begin;
        if (bytes)
            *bytes = range->bytes;
        return Status::Success;
    });
}

namespace {

template <class Value> Status answer(void* data, Value value) {
    std::memcpy(data, &value, sizeof value);
    return Status::Success;
}

Status attributeOf(CUdeviceptr ptr, CUpointer_attribute attribute, void* data) {
    std::optional<Range> range = driver().space.find(ptr);
    if (attribute == CU_POINTER_ATTRIBUTE_MAPPED)
        return answer<bool>(data, range && range->readers);
    if (!range)
        return Status::InvalidValue;
    auto host = reinterpret_cast<CUdeviceptr>(range->host) + (ptr - range->begin);
    switch (attribute) {
    case CU_POINTER_ATTRIBUTE_CONTEXT:
        return answer(data, range->owner ? handleOf<CUcontext>(range->owner->handle()) : nullptr);
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        return answer<unsigned>(data, range->kind == MemoryKind::Pinned || range->kind == MemoryKind::Registered
                                          ? CU_MEMORYTYPE_HOST
                                          : CU_MEMORYTYPE_DEVICE);
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
        return answer<CUdeviceptr>(data, ptr);
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
        return range->isHost() ? answer<CUdeviceptr>(data, host) : Status::InvalidValue;
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
        return answer<bool>(data, range->kind == MemoryKind::Managed);
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
        return answer<int>(data, static_cast<int>(range->device));
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
        return answer<bool>(data, range->kind == MemoryKind::Device && range->owner);
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
        return answer<CUdeviceptr>(data, range->begin);
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
        return answer<size_t>(data, range->bytes);
    default:
        return Status::InvalidValue;
    }
}

// What cuPointerGetAttributes gives of an address in nothing.
Status absent(CUpointer_attribute attribute, void* data) {
    switch (attribute) {
    case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
        return answer<int>(data, -2); // as NVIDIA's driver
    case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
        return answer<unsigned>(data, 0);
    case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
    case CU_POINTER_ATTRIBUTE_MAPPED:
        return answer<bool>(data, false);
    case CU_POINTER_ATTRIBUTE_CONTEXT:
    case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
    case CU_POINTER_ATTRIBUTE_HOST_POINTER:
    case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
        return answer<uint64_t>(data, 0);
    default:
        return Status::InvalidValue;
    }
}

} // namespace

extern "C" CUresult cuPointerGetAttribute(void* data, CUpointer_attribute attribute, CUdeviceptr ptr) {
    return inContext(
        __func__, [&](const ContextPtr&) { return data ? attributeOf(ptr, attribute, data) : Status::InvalidValue; });
}

extern "C" CUresult cuPointerGetAttributes(unsigned int count, CUpointer_attribute* attributes, void** data,
                                           CUdeviceptr ptr) {
    return inContext(__func__, [&](const ContextPtr&) {
        if (!count || !attributes || !data)
            return Status::InvalidValue;
        for (unsigned int i = 0; i < count; ++i) {
            if (!data[i])
                return Status::InvalidValue;
            if (attributeOf(ptr, attributes[i], data[i]) == Status::Success)
                continue;
            if (absent(attributes[i], data[i]) != Status::Success)
                return Status::InvalidValue;
        }
        return Status::Success;
    });
}

} // namespace halyard::cuda
