#include "../core/physical.h"
#include "call.h"

#include <cstring>

namespace halyard::cuda {

using namespace softcuda;

namespace {

std::shared_ptr<PhysicalMemory> find(CUmemGenericAllocationHandle handle) {
    return driver().physicalMemories.find(reinterpret_cast<const void*>(handle));
}

Status check(const CUmemAllocationProp* prop) {
    if (!prop || prop->type != CU_MEM_ALLOCATION_TYPE_PINNED || prop->location.type != CU_MEM_LOCATION_TYPE_DEVICE)
        return Status::InvalidValue;
    if (prop->location.id < 0 || static_cast<size_t>(prop->location.id) >= driver().devices.size())
        return Status::InvalidDevice;
    if (prop->requestedHandleTypes != CU_MEM_HANDLE_TYPE_NONE &&
        prop->requestedHandleTypes != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
        return Status::NotSupported;
    return Status::Success;
}

} // namespace

extern "C" CUresult cuMemAddressReserve(CUdeviceptr* ptr, size_t bytes, size_t alignment, CUdeviceptr address,
                                        unsigned long long flags) {
    return initialised(__func__, [&] {
        uint64_t begin = 0;
        Status status = !ptr || flags ? Status::InvalidValue : reserveAddresses(bytes, alignment, address, begin);
        if (status == Status::Success)
            *ptr = begin;
        return status;
    });
}

extern "C" CUresult cuMemAddressFree(CUdeviceptr ptr, size_t bytes) {
    return initialised(__func__, [&] { return freeAddresses(ptr, bytes); });
}

extern "C" CUresult cuMemCreate(CUmemGenericAllocationHandle* handle, size_t bytes, const CUmemAllocationProp* prop,
                                unsigned long long flags) {
    return initialised(__func__, [&] {
        Status status = !handle || flags ? Status::InvalidValue : check(prop);
        if (status != Status::Success)
            return status;
        std::shared_ptr<PhysicalMemory> memory;
        status = createPhysical(static_cast<uint32_t>(prop->location.id), bytes,
                                prop->requestedHandleTypes != CU_MEM_HANDLE_TYPE_NONE, memory);
        if (status == Status::Success)
            *handle = driver().physicalMemories.add(std::move(memory));
        return status;
    });
}

extern "C" CUresult cuMemRelease(CUmemGenericAllocationHandle handle) {
    return initialised(__func__, [&] {
        return driver().physicalMemories.remove(reinterpret_cast<const void*>(handle)) ? Status::Success
                                                                                       : Status::InvalidValue;
    });
}

extern "C" CUresult cuMemMap(CUdeviceptr ptr, size_t bytes, size_t offset, CUmemGenericAllocationHandle handle,
                             unsigned long long flags) {
    return initialised(__func__, [&] {
        std::shared_ptr<PhysicalMemory> memory = find(handle);
        return !memory || flags ? Status::InvalidValue : mapPhysical(ptr, bytes, offset, std::move(memory));
    });
}

extern "C" CUresult cuMemUnmap(CUdeviceptr ptr, size_t bytes) {
    return initialised(__func__, [&] { return unmapPhysical(ptr, bytes); });
}

extern "C" CUresult cuMemSetAccess(CUdeviceptr ptr, size_t bytes, const CUmemAccessDesc* access, size_t count) {
    return initialised(__func__, [&] {
        if (!access || !count || !bytes || ptr > UINT64_MAX - bytes)
            return Status::InvalidValue;
        for (size_t i = 0; i < count; ++i) {
            if (access[i].location.type != CU_MEM_LOCATION_TYPE_DEVICE)
                return Status::NotSupported;
            if (access[i].location.id < 0 || static_cast<size_t>(access[i].location.id) >= driver().devices.size())
                return Status::InvalidDevice;
            if (access[i].flags != CU_MEM_ACCESS_FLAGS_PROT_NONE && access[i].flags != CU_MEM_ACCESS_FLAGS_PROT_READ &&
                access[i].flags != CU_MEM_ACCESS_FLAGS_PROT_READWRITE)
                return Status::InvalidValue;
        }
        for (size_t i = 0; i < count; ++i)
            if (!driver().space.setAccess(ptr, bytes, static_cast<uint32_t>(access[i].location.id),
                                          access[i].flags & CU_MEM_ACCESS_FLAGS_PROT_READ,
                                          access[i].flags == CU_MEM_ACCESS_FLAGS_PROT_READWRITE))
                return Status::InvalidValue;
        return Status::Success;
    });
}

extern "C" CUresult cuMemGetAllocationGranularity(size_t* granularity, const CUmemAllocationProp* prop,
                                                  CUmemAllocationGranularity_flags option) {
    return initialised(__func__, [&] {
        Status status =
            !granularity || option > CU_MEM_ALLOC_GRANULARITY_RECOMMENDED ? Status::InvalidValue : check(prop);
        if (status == Status::Success)
            *granularity = kGranularity;
        return status;
    });
}

extern "C" CUresult cuMemExportToShareableHandle(void* shareable, CUmemGenericAllocationHandle handle,
                                                 CUmemAllocationHandleType type, unsigned long long flags) {
    return initialised(__func__, [&] {
        std::shared_ptr<PhysicalMemory> memory = find(handle);
        if (!shareable || !memory || flags)
            return Status::InvalidValue;
        if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
            return Status::NotSupported;
        int file = -1;
        Status status = exportPhysical(*memory, file);
        if (status == Status::Success)
            std::memcpy(shareable, &file, sizeof file);
        return status;
    });
}

extern "C" CUresult cuMemImportFromShareableHandle(CUmemGenericAllocationHandle* handle, void* shareable,
                                                   CUmemAllocationHandleType type) {
    return initialised(__func__, [&] {
        if (!handle)
            return Status::InvalidValue;
        if (type != CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR)
            return Status::NotSupported;
        std::shared_ptr<PhysicalMemory> memory;
        Status status = importPhysical(static_cast<int>(reinterpret_cast<intptr_t>(shareable)), memory);
        if (status == Status::Success)
            *handle = driver().physicalMemories.add(std::move(memory));
        return status;
    });
}

extern "C" CUresult cuMemGetAllocationPropertiesFromHandle(CUmemAllocationProp* prop,
                                                           CUmemGenericAllocationHandle handle) {
    return initialised(__func__, [&] {
        std::shared_ptr<PhysicalMemory> memory = find(handle);
        if (!prop || !memory)
            return Status::InvalidValue;
        *prop = CUmemAllocationProp{};
        prop->type = CU_MEM_ALLOCATION_TYPE_PINNED;
        prop->location = {CU_MEM_LOCATION_TYPE_DEVICE, static_cast<int>(memory->device)};
        prop->requestedHandleTypes =
            memory->shareable ? CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR : CU_MEM_HANDLE_TYPE_NONE;
        return Status::Success;
    });
}

extern "C" CUresult cuMemGetHandleForAddressRange(void*, CUdeviceptr, size_t, CUmemRangeHandleType,
                                                  unsigned long long) {
    // As a machine whose kernel driver has no dma-buf, which CU_DEVICE_ATTRIBUTE_DMA_BUF_SUPPORTED says too.
    return initialised(__func__, [] { return Status::NotSupported; });
}

} // namespace halyard::cuda
