// Addresses and memory apart.
#include "device.h"
#include "handles.h"
#include "tables.h"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace halyard::cuda {

// Memory without an address; the driver keeps it beyond the handle where it is mapped. The driver maps memory from its
// start only, so memory that is not shared is made of pieces, each as large as the granularity.
class PhysicalMemory {
public:
    explicit PhysicalMemory(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    ~PhysicalMemory() {
        const Current current = enterContext(*device_);
        for (const CUmemGenericAllocationHandle piece : pieces_)
            device_->cuOfProcess().cuMemRelease(piece);
    }
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    Device& device() const { return *device_; }
    // Of memory that is one piece.
    CUmemGenericAllocationHandle handle() const { return pieces_.front(); }
    // Throws std::bad_alloc.
    CUresult create(const CUmemAllocationProp& prop, uint64_t bytes, uint64_t pieceBytes) {
        pieces_.reserve(bytes / pieceBytes);
        pieceBytes_ = pieceBytes;
        for (uint64_t at = 0; at < bytes; at += pieceBytes) {
            CUmemGenericAllocationHandle piece = 0;
            if (const CUresult code = device_->cu().cuMemCreate(&piece, pieceBytes, &prop, 0); code != CUDA_SUCCESS)
                return code;
            pieces_.push_back(piece);
        }
        return CUDA_SUCCESS;
    }
    CUresult import(int64_t shared, uint64_t bytes) {
        pieces_.reserve(1);
        pieceBytes_ = bytes;
        CUmemGenericAllocationHandle made = 0;
        // The driver takes the descriptor in the place of a pointer. NOLINTNEXTLINE(performance-no-int-to-ptr)
        void* const descriptor = reinterpret_cast<void*>(static_cast<intptr_t>(shared));
        const CUresult code =
            device_->cu().cuMemImportFromShareableHandle(&made, descriptor, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
        if (code == CUDA_SUCCESS)
            pieces_.push_back(made);
        return code;
    }
    // REQUIRES: with several pieces, multiples of their size. Nothing is mapped after a failure.
    CUresult map(CUdeviceptr base, uint64_t bytes, uint64_t offset) const {
        const Symbols& cu = device_->cu();
        if (pieces_.size() == 1)
            return cu.cuMemMap(base, bytes, offset, pieces_.front(), 0);
        for (uint64_t at = 0; at < bytes; at += pieceBytes_) {
            const CUresult code = cu.cuMemMap(base + at, pieceBytes_, 0, pieces_[(offset + at) / pieceBytes_], 0);
            if (code == CUDA_SUCCESS)
                continue;
            if (at != 0)
                cu.cuMemUnmap(base, at);
            return code;
        }
        return CUDA_SUCCESS;
    }

private:
    const std::shared_ptr<Device> device_;
    std::vector<CUmemGenericAllocationHandle> pieces_;
    uint64_t pieceBytes_ = 0;
};

namespace {

CUmemAllocationProp describe(const Device& device, bool shareable) {
    CUmemAllocationProp out{};
    out.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    out.requestedHandleTypes = shareable ? CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR : CU_MEM_HANDLE_TYPE_NONE;
    out.location = {CU_MEM_LOCATION_TYPE_DEVICE, device.handle()};
    return out;
}

CUmemAccessDesc accessOf(const Device& device, HyMemoryAccess access) {
    const CUmemAccess_flags flags = access == HY_ACCESS_READ_WRITE   ? CU_MEM_ACCESS_FLAGS_PROT_READWRITE
                                    : (access & HY_ACCESS_READ) != 0 ? CU_MEM_ACCESS_FLAGS_PROT_READ
                                                                     : CU_MEM_ACCESS_FLAGS_PROT_NONE;
    return {{CU_MEM_LOCATION_TYPE_DEVICE, device.handle()}, flags};
}

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
        const CUmemAccessDesc access = accessOf(device_, HY_ACCESS_READ_WRITE);
        CUresult code = cu_.cuMemSetAccess(base_, bytes_, &access, 1);
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
        describe(device, (device.info().properties.capabilities & HY_CAP_SHARE_OPAQUE_FD) != 0);
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
        const CUmemAllocationProp prop = describe(*device, shareable);
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
    const Current current = enterContext(device);
    const CUmemAccessDesc desc = accessOf(device, access);
    return device.check(device.cu().cuMemSetAccess(base, bytes, &desc, 1), "change the access to memory");
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
        int file = -1;
        const CUresult code = device.cu().cuMemExportToShareableHandle(&file, memory.handle(),
                                                                       CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0);
        if (code != CUDA_SUCCESS)
            return device.fail(code, "share memory");
        // Nothing says that the driver does so, and a child must not inherit it by chance.
        fcntl(file, F_SETFD, FD_CLOEXEC);
        *outHandle = file;
        return HY_SUCCESS;
    });
}

HyResult importPhysical(HyBackendDevice handle, HyShareType type, int64_t shared, uint64_t bytes,
                        HyBackendPhysicalMemory* outMemory) {
    const std::shared_ptr<Device>& device = fromHandle(handle);
    return guarded(device->host(), [&] {
        if (type != HY_SHARE_OPAQUE_FD)
            return failShareType(device->host());
        const Failure foreign{HY_ERROR_INVALID_ARGUMENT,
                              "the handle is no memory that a device of this driver shares, or not of that size",
                              "handle", "pass what hyPhysicalMemoryExport gave, with the bytes of that memory"};
        if (shared < 0 || shared > INT32_MAX || fcntl(static_cast<int>(shared), F_GETFD) < 0)
            return device->host().fail(foreign);
        const Current current = enterContext(*device);
        auto memory = std::make_shared<PhysicalMemory>(device);
        CUresult code = memory->import(shared, bytes);
        if (code != CUDA_SUCCESS)
            return meaningOf(code).sticky || code == CUDA_ERROR_OUT_OF_MEMORY ? device->fail(code, "import memory")
                                                                              : device->host().fail(foreign);
        CUmemAllocationProp prop{};
        code = device->cu().cuMemGetAllocationPropertiesFromHandle(&prop, memory->handle());
        if (code != CUDA_SUCCESS)
            return device->fail(code, "describe imported memory");
        if (prop.location.type != CU_MEM_LOCATION_TYPE_DEVICE || prop.location.id != device->handle())
            return device->host().fail({HY_ERROR_INVALID_ARGUMENT, "the handle is memory of another device", "handle"});
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
