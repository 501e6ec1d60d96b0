#include "call.h"

#include "../core/memory.h"

#include <sys/mman.h>
#include <unistd.h>

namespace halyard::cuda {

using namespace softcuda;

namespace {

constexpr unsigned kIoMemory = 0x04; // of cuMemHostRegister: not memory of the host

Status mapHost(const ContextPtr& context, MemoryKind kind, size_t bytes, unsigned flags, std::byte** out) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return Status::OutOfMemory;
    Range range{.begin = reinterpret_cast<uint64_t>(memory), .bytes = bytes, .kind = kind};
    range.host = static_cast<std::byte*>(memory);
    range.device = context->device().ordinal();
    range.owner = context.get();
    range.flags = flags;
    *out = range.host;
    driver().space.insert(std::move(range));
    return Status::Success;
}

Status allocateHost(const ContextPtr& context, void** pointer, size_t bytes, unsigned flags) {
    constexpr unsigned kKnown = 0x7;
    if (!pointer || !bytes || flags & ~kKnown)
        return Status::InvalidValue;
    std::byte* memory = nullptr;
    Status status = mapHost(context, MemoryKind::Pinned, bytes, flags, &memory);
    if (status == Status::Success)
        *pointer = memory;
    return status;
}

// Whether all of it is mapped.
bool isMapped(const void* pointer, size_t bytes) {
    auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
    uintptr_t begin = reinterpret_cast<uintptr_t>(pointer) & ~(page - 1);
    uintptr_t end = reinterpret_cast<uintptr_t>(pointer) + bytes;
    return msync(reinterpret_cast<void*>(begin), end - begin, MS_ASYNC) == 0;
}

// Takes a whole host range away when the work of the context is done.
Status removeHost(const ContextPtr& context, void* pointer, MemoryKind kind, Status otherwise) {
    auto address = reinterpret_cast<uint64_t>(pointer);
    std::optional<Range> range = driver().space.find(address);
    if (!range || range->begin != address || range->kind != kind)
        return otherwise;
    context->synchronize();
    range = driver().space.remove(address);
    if (!range)
        return otherwise;
    freeRange(*range);
    return context->status();
}

} // namespace

extern "C" CUresult cuMemHostAlloc(void** pointer, size_t bytes, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr& context) { return allocateHost(context, pointer, bytes, flags); });
}

extern "C" CUresult cuMemAllocHost_v2(void** pointer, size_t bytes) {
    return inContext(__func__, [&](const ContextPtr& context) { return allocateHost(context, pointer, bytes, 0); });
}

extern "C" CUresult cuMemFreeHost(void* pointer) {
    return inContext(__func__, [&](const ContextPtr& context) {
        return removeHost(context, pointer, MemoryKind::Pinned, Status::InvalidValue);
    });
}

extern "C" CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* ptr, void* pointer, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr&) {
        auto address = reinterpret_cast<uint64_t>(pointer);
        std::optional<Range> range = driver().space.find(address);
        if (!ptr || flags || !range || (range->kind != MemoryKind::Pinned && range->kind != MemoryKind::Registered))
            return Status::InvalidValue;
        *ptr = address;
        return Status::Success;
    });
}

extern "C" CUresult cuMemHostRegister_v2(void* pointer, size_t bytes, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr& context) {
        constexpr unsigned kKnown = 0xf;
        auto address = reinterpret_cast<uint64_t>(pointer);
        if (!pointer || !bytes || flags & ~kKnown || address > UINT64_MAX - bytes)
            return Status::InvalidValue;
        if (flags & kIoMemory)
            return Status::NotSupported;
        std::optional<Range> taken = driver().space.find(address);
        if (driver().heap.contains(address) || !isMapped(pointer, bytes))
            return Status::InvalidValue;
        if (driver().space.touches(address, bytes))
            return taken && taken->isDevice() ? Status::InvalidValue : Status::HostMemoryAlreadyRegistered;
        Range range{.begin = address, .bytes = bytes, .kind = MemoryKind::Registered};
        range.host = static_cast<std::byte*>(pointer);
        range.device = context->device().ordinal();
        range.owner = context.get();
        range.flags = flags;
        if (flags & kMemHostRegisterReadOnly)
            range.writers = 0;
        return driver().space.insert(std::move(range)) ? Status::Success : Status::HostMemoryAlreadyRegistered;
    });
}

extern "C" CUresult cuMemHostUnregister(void* pointer) {
    return inContext(__func__, [&](const ContextPtr& context) {
        return removeHost(context, pointer, MemoryKind::Registered, Status::HostMemoryNotRegistered);
    });
}

extern "C" CUresult cuMemAllocManaged(CUdeviceptr* ptr, size_t bytes, unsigned int flags) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!ptr || !bytes || (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST))
            return Status::InvalidValue;
        if (!context->device().charge(bytes))
            return Status::OutOfMemory;
        std::byte* memory = nullptr;
        Status status = mapHost(context, MemoryKind::Managed, bytes, flags, &memory);
        if (status != Status::Success)
            context->device().discharge(bytes);
        else
            *ptr = reinterpret_cast<CUdeviceptr>(memory);
        return status;
    });
}

namespace {

Status checkManaged(CUdeviceptr ptr, size_t bytes) {
    std::optional<Range> range = driver().space.find(ptr);
    return bytes && range && range->kind == MemoryKind::Managed && bytes <= range->end() - ptr ? Status::Success
                                                                                               : Status::InvalidValue;
}

bool isLocation(CUdevice device) {
    return device == kDeviceCpu || (device >= 0 && static_cast<size_t>(device) < driver().devices.size());
}

bool isLocation(const CUmemLocation& location) {
    return location.type == CU_MEM_LOCATION_TYPE_HOST ||
           (location.type == CU_MEM_LOCATION_TYPE_DEVICE && location.id >= 0 && isLocation(location.id));
}

// Advice changes nothing here but the speed that this driver does not have.
Status advise(CUdeviceptr ptr, size_t bytes, CUmem_advise advice, bool location) {
    if (advice < CU_MEM_ADVISE_SET_READ_MOSTLY || advice > CU_MEM_ADVISE_UNSET_ACCESSED_BY)
        return Status::InvalidValue;
    if (!location && advice > CU_MEM_ADVISE_UNSET_READ_MOSTLY && advice != CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION)
        return Status::InvalidDevice;
    return checkManaged(ptr, bytes);
}

} // namespace

extern "C" CUresult cuMemAdvise(CUdeviceptr ptr, size_t bytes, CUmem_advise advice, CUdevice device) {
    return inContext(__func__, [&](const ContextPtr&) { return advise(ptr, bytes, advice, isLocation(device)); });
}

extern "C" CUresult cuMemAdvise_v2(CUdeviceptr ptr, size_t bytes, CUmem_advise advice, CUmemLocation location) {
    return inContext(__func__, [&](const ContextPtr&) { return advise(ptr, bytes, advice, isLocation(location)); });
}

extern "C" CUresult cuMemPrefetchAsync(CUdeviceptr ptr, size_t bytes, CUdevice device, CUstream stream) {
    return onStream(__func__, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>&) {
        return isLocation(device) ? checkManaged(ptr, bytes) : Status::InvalidDevice;
    });
}

extern "C" CUresult cuMemPrefetchAsync_v2(CUdeviceptr ptr, size_t bytes, CUmemLocation location, unsigned int flags,
                                          CUstream stream) {
    return onStream(__func__, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>&) {
        if (flags)
            return Status::InvalidValue;
        return isLocation(location) ? checkManaged(ptr, bytes) : Status::InvalidDevice;
    });
}

} // namespace halyard::cuda
