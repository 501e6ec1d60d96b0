#include "abandoned.h"
#include "device.h"
#include "handles.h"
#include "sharing.h"
#include "tables.h"

#include <array>

namespace halyard::cuda {
namespace {

HyResult allocate(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        CUdeviceptr ptr = 0;
        CUresult code = device.cu().cuMemAlloc_v2(&ptr, bytes);
        if (code == CUDA_ERROR_OUT_OF_MEMORY) {
            device.leftovers().sweep();
            code = device.cu().cuMemAlloc_v2(&ptr, bytes);
        }
        if (code == CUDA_ERROR_OUT_OF_MEMORY) {
            size_t free = 0;
            size_t total = 0;
            device.cu().cuMemGetInfo_v2(&free, &total);
            return device.fail(code, "allocate memory",
                               std::to_string(bytes) + " bytes are asked for, " + std::to_string(free) + " of " +
                                   std::to_string(total) + " are free");
        }
        *outPtr = ptr;
        *outHost = nullptr;
        return device.check(code, "allocate memory");
    });
}

HyResult freeMemory(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    const bool shared = device.ipcMemory().owns(ptr);
    if (abandonedRuns(device)) [[unlikely]] { // the driver would wait for it
        device.leftovers().keep([&device, ptr, shared] {
            if (shared)
                device.ipcMemory().free(ptr);
            else
                device.cu().cuMemFree_v2(ptr);
        });
        return HY_SUCCESS;
    }
    if (shared)
        return device.ipcMemory().free(ptr);
    return device.check(device.cu().cuMemFree_v2(ptr), "free memory");
}

HyResult registerHost(HyBackendDevice handle, void* pointer, uint64_t bytes, HyDevicePtr* outPtr) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    const Symbols& cu = device.cu();
    const CUresult code = cu.cuMemHostRegister_v2(pointer, bytes, kMemHostPortable | kMemHostDeviceMap);
    if (code == CUDA_ERROR_INVALID_VALUE)
        return device.host().fail({HY_ERROR_INVALID_ADDRESS,
                                   "the driver cannot register the host memory: part of it is not mapped, or is of a "
                                   "kind that cannot be locked",
                                   "pointer", "", "CUDA_ERROR_INVALID_VALUE", code});
    if (code == CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED)
        return device.host().fail({HY_ERROR_INVALID_ARGUMENT, "part of the host memory is registered already",
                                   "pointer", "unregister it first, or register the whole range once",
                                   "CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED", code});
    if (code != CUDA_SUCCESS)
        return device.fail(code, "register host memory");
    CUdeviceptr ptr = 0;
    if (const CUresult found = cu.cuMemHostGetDevicePointer_v2(&ptr, pointer, 0); found != CUDA_SUCCESS) {
        cu.cuMemHostUnregister(pointer);
        return device.fail(found, "map host memory into the device");
    }
    *outPtr = ptr;
    return HY_SUCCESS;
}

HyResult unregisterHost(HyBackendDevice handle, void* pointer) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    return device.check(device.cu().cuMemHostUnregister(pointer), "unregister host memory");
}

// The form of the question that is no error for addresses that the driver does not know: most are pageable memory.
HyResult findOthers(HyBackendDevice handle, HyDevicePtr ptr, HyBackendOthersMemory* outMemory) {
    const Device& device = *fromHandle(handle);
    if (device.cu().cuPointerGetAttributes == nullptr)
        return HY_ERROR_NOT_FOUND;
    const Current current = enterContext(device);
    unsigned type = 0;
    unsigned managed = 0;
    int ordinal = -1;
    CUdeviceptr devicePtr = 0;
    CUdeviceptr base = 0;
    size_t bytes = 0;
    std::array attributes{CU_POINTER_ATTRIBUTE_MEMORY_TYPE,      CU_POINTER_ATTRIBUTE_IS_MANAGED,
                          CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL,   CU_POINTER_ATTRIBUTE_DEVICE_POINTER,
                          CU_POINTER_ATTRIBUTE_RANGE_START_ADDR, CU_POINTER_ATTRIBUTE_RANGE_SIZE};
    std::array<void*, attributes.size()> data{&type, &managed, &ordinal, &devicePtr, &base, &bytes};
    const CUresult code = device.cu().cuPointerGetAttributes(attributes.size(), attributes.data(), data.data(), ptr);
    // Registered memory at another address of the device is left to be host memory, which it is as well.
    if (code != CUDA_SUCCESS || type == 0 || ordinal != device.handle() || devicePtr != ptr || bytes == 0)
        return HY_ERROR_NOT_FOUND;
    const bool onHost = type == CU_MEMORYTYPE_HOST;
    outMemory->kind = managed != 0 ? HY_MEMORY_MANAGED : onHost ? HY_MEMORY_HOST_ALLOCATED : HY_MEMORY_DEVICE;
    outMemory->base = base;
    outMemory->bytes = bytes;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): one address for host and device
    outMemory->host = managed != 0 || onHost ? reinterpret_cast<void*>(base) : nullptr;
    return HY_SUCCESS;
}

} // namespace

const HyBackendMemoryTable kMemoryTable{
    .structSize = sizeof(HyBackendMemoryTable),
    .allocate = allocate,
    .free = freeMemory,
    .registerHost = registerHost,
    .unregisterHost = unregisterHost,
    .allocateManaged = allocateManaged,
    .advise = adviseManaged,
    .prefetch = prefetchManaged,
    .allocateShareable = allocateShareable,
    .getIpcHandle = getIpcHandle,
    .openIpcHandle = openIpcHandle,
    .closeIpcHandle = closeIpcHandle,
    .findOthers = findOthers,
};

} // namespace halyard::cuda
