// Addresses and memory apart.
#include "handles.h"
#include "physical.h"
#include "tables.h"

namespace halyard::cuda {

namespace {

// The whole of some memory at addresses of its own, for a moment.
class Window {
public:
    explicit Window(const Device& device) : device_(device), cu_(device.cu()) {}
    ~Window() {
        if (mapped_)
            cu_.cuMemUnmap(base_, bytes_);
        if (base_ != 0)
            cu_.cuMemAddressFree(base_, bytes_);
    }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    CUresult open(const PhysicalMemory& memory, uint64_t bytes) {
        bytes_ = bytes;
        CUresult code = cu_.cuMemAddressReserve(&base_, bytes, 0, 0, 0);
        if (code != CUDA_SUCCESS)
            return code;
        code = memory.map(base_, bytes, 0);
        mapped_ = code == CUDA_SUCCESS;
        return code;
    }
    // The driver promises nothing about what new memory holds.
    CUresult clear() {
        CUresult code = setMemoryAccess(device_, base_, bytes_, HY_ACCESS_READ_WRITE);
        CUstream stream = nullptr;
        if (code == CUDA_SUCCESS)
            code = cu_.cuStreamCreateWithPriority(&stream, CU_STREAM_NON_BLOCKING, 0);
        if (code != CUDA_SUCCESS)
            return code;
        code = cu_.cuMemsetD8Async(base_, 0, bytes_, stream);
        if (code == CUDA_SUCCESS)
            code = cu_.cuStreamSynchronize(stream);
        cu_.cuStreamDestroy_v2(stream);
        return code;
    }

private:
    const Device& device_;
    const Symbols& cu_;
    CUdeviceptr base_ = 0;
    uint64_t bytes_ = 0;
    bool mapped_ = false;
};

HyResult getGranularity(HyBackendDevice handle, uint64_t* outMinimum, uint64_t* outRecommended) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    // Of shareable memory, whose granularity is never below that of other memory: one answer for both.
    const CUmemAllocationProp prop =
        describeMemory(device, (device.info().properties.capabilities & HY_CAP_SHARE_OPAQUE_FD) != 0);
    size_t minimum = 0;
    size_t recommended = 0;
    CUresult code = device.cu().cuMemGetAllocationGranularity(&minimum, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    if (code == CUDA_SUCCESS)
        code = device.cu().cuMemGetAllocationGranularity(&recommended, &prop, CU_MEM_ALLOC_GRANULARITY_RECOMMENDED);
    *outMinimum = minimum;
    *outRecommended = recommended;
    return device.check(code, "tell the granularity of memory");
}

HyResult reserve(HyBackendDevice handle, uint64_t bytes, uint64_t alignment, HyDevicePtr* outBase) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    CUdeviceptr base = 0;
    const CUresult code = device.cu().cuMemAddressReserve(&base, bytes, alignment, 0, 0);
    *outBase = base;
    return device.check(code, "reserve addresses");
}

HyResult release(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    return device.check(device.cuOfProcess().cuMemAddressFree(base, bytes), "give reserved addresses back");
}

HyResult createPhysical(HyBackendDevice handle, uint64_t bytes, uint32_t flags, HyBackendPhysicalMemory* outMemory) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        const Current current = enterContext(*device);
        const bool shareable = (flags & HY_PHYSICAL_MEMORY_SHAREABLE) != 0;
        const CUmemAllocationProp prop = describeMemory(*device, shareable);
        uint64_t granularity = 0;
        uint64_t recommended = 0;
        if (const HyResult result = getGranularity(handle, &granularity, &recommended); result != HY_SUCCESS)
            return result;
        device->leftovers().sweep();
        const uint64_t most = device->info().properties.totalMemory;
        if (bytes > most)
            return device->host().fail(
                {HY_ERROR_OUT_OF_DEVICE_MEMORY,
                 std::to_string(bytes) + " bytes are asked for, but the device has " + std::to_string(most)});
        auto memory = std::make_shared<PhysicalMemory>(device);
        CUresult code = memory->create(prop, bytes, shareable ? bytes : granularity);
        if (code != CUDA_SUCCESS)
            return device->fail(code, "make memory", std::to_string(bytes) + " bytes are asked for");
        {
            Window window(*device);
            code = window.open(*memory, bytes);
            if (code == CUDA_SUCCESS)
                code = window.clear();
        }
        if (code != CUDA_SUCCESS)
            return device->fail(code, "clear new memory");
        *outMemory = toHandle<HyBackendPhysicalMemory>(std::move(memory));
        return HY_SUCCESS;
    });
}

HyResult destroyPhysical(HyBackendPhysicalMemory memory) {
    destroyHandle(memory);
    return HY_SUCCESS;
}

HyResult map(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes, HyBackendPhysicalMemory memory, uint64_t offset,
             void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        *outHost = nullptr;
        const CUresult code = fromHandle(memory)->map(base, bytes, offset);
        if (offset != 0 && (code == CUDA_ERROR_INVALID_VALUE || code == CUDA_ERROR_NOT_SUPPORTED))
            return device.host().fail(
                {HY_ERROR_UNSUPPORTED,
                 "this driver maps memory that is shared from its start only, not from byte " + std::to_string(offset),
                 "offset", "make a piece of memory for each mapping"});
        return device.check(code, "map memory");
    });
}

HyResult unmap(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    return device.check(device.cuOfProcess().cuMemUnmap(base, bytes), "unmap memory");
}

HyResult setAccess(HyBackendDevice handle, HyDevicePtr base, uint64_t bytes, HyMemoryAccess access) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        return device.check(setMemoryAccess(device, base, bytes, access), "change the access to memory");
    });
}

HyResult failShareType(const Host& host) {
    return host.fail({HY_ERROR_UNSUPPORTED, "memory made for mapping has no dma-buf with this driver", "type",
                      "use HY_SHARE_OPAQUE_FD"});
}

HyResult exportPhysical(HyBackendPhysicalMemory handle, HyShareType type, int64_t* outHandle) {
    const PhysicalMemory& memory = *fromHandle(handle);
    Device& device = memory.device();
    return guarded(device.host(), [&] {
        if (type != HY_SHARE_OPAQUE_FD)
            return failShareType(device.host());
        const Current current = enterContext(device);
        FileDescriptor file;
        if (const HyResult result = memory.share(file); result != HY_SUCCESS)
            return result;
        *outHandle = file.release();
        return HY_SUCCESS;
    });
}

HyResult importPhysical(HyBackendDevice handle, HyShareType type, int64_t shared, uint64_t bytes,
                        HyBackendPhysicalMemory* outMemory) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        if (type != HY_SHARE_OPAQUE_FD)
            return failShareType(device->host());
        const Current current = enterContext(*device);
        auto memory = std::make_shared<PhysicalMemory>(device);
        if (const HyResult result = memory->import(shared, bytes); result != HY_SUCCESS)
            return result;
        Window window(*device);
        if (window.open(*memory, bytes) != CUDA_SUCCESS)
            return device->host().fail(
                {HY_ERROR_INVALID_ARGUMENT,
                 "the memory that the handle names is not of " + std::to_string(bytes) + " bytes", "bytes",
                 "pass the bytes of the memory that was exported"});
        *outMemory = toHandle<HyBackendPhysicalMemory>(std::move(memory));
        return HY_SUCCESS;
    });
}

} // namespace

const HyBackendVirtualMemoryTable kVirtualMemoryTable{
    .structSize = sizeof(HyBackendVirtualMemoryTable),
    .getGranularity = getGranularity,
    .reserve = reserve,
    .release = release,
    .createPhysical = createPhysical,
    .destroyPhysical = destroyPhysical,
    .map = map,
    .unmap = unmap,
    .setAccess = setAccess,
    .exportPhysical = exportPhysical,
    .importPhysical = importPhysical,
};

} // namespace halyard::cuda
