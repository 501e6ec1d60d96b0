#include "physical.h"

#include <fcntl.h>

namespace halyard::cuda {

HyResult PhysicalMemory::import(int64_t shared, uint64_t bytes) {
    const Symbols& cu = device_->cu();
    const Host& host = device_->host();
    const Failure foreign{HY_ERROR_INVALID_ARGUMENT,
                          "the handle is no memory that a device of this driver shares, or not of that size", "handle",
                          "pass what hyPhysicalMemoryExport gave, with the bytes of that memory"};
    if (shared < 0 || shared > INT32_MAX || fcntl(static_cast<int>(shared), F_GETFD) < 0)
        return host.fail(foreign);
    pieces_.reserve(1);
    pieceBytes_ = bytes;
    CUmemGenericAllocationHandle made = 0;
    // The driver takes the descriptor in the place of a pointer. NOLINTNEXTLINE(performance-no-int-to-ptr)
    void* const descriptor = reinterpret_cast<void*>(static_cast<intptr_t>(shared));
    CUresult code = cu.cuMemImportFromShareableHandle(&made, descriptor, CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR);
    if (code != CUDA_SUCCESS)
        return meaningOf(code).sticky || code == CUDA_ERROR_OUT_OF_MEMORY ? device_->fail(code, "import memory")
                                                                          : host.fail(foreign);
    pieces_.push_back(made);
    CUmemAllocationProp prop{};
    code = cu.cuMemGetAllocationPropertiesFromHandle(&prop, made);
    if (code != CUDA_SUCCESS)
        return device_->fail(code, "describe imported memory");
    if (prop.location.type != CU_MEM_LOCATION_TYPE_DEVICE || prop.location.id != device_->handle())
        return host.fail({HY_ERROR_INVALID_ARGUMENT, "the handle is memory of another device", "handle"});
    return HY_SUCCESS;
}

HyResult PhysicalMemory::share(FileDescriptor& out) const {
    int file = -1;
    const CUresult code =
        device_->cu().cuMemExportToShareableHandle(&file, handle(), CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR, 0);
    if (code != CUDA_SUCCESS)
        return device_->fail(code, "share memory");
    // Nothing says that the driver does so, and a child must not inherit it by chance.
    fcntl(file, F_SETFD, FD_CLOEXEC);
    out.reset(file);
    return HY_SUCCESS;
}

CUmemAllocationProp describeMemory(const Device& device, bool shareable) {
    CUmemAllocationProp out{};
    out.type = CU_MEM_ALLOCATION_TYPE_PINNED;
    out.requestedHandleTypes = shareable ? CU_MEM_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR : CU_MEM_HANDLE_TYPE_NONE;
    out.location = {CU_MEM_LOCATION_TYPE_DEVICE, device.handle()};
    return out;
}

CUresult setMemoryAccess(const Device& device, CUdeviceptr base, uint64_t bytes, HyMemoryAccess access) {
    const Symbols& cu = device.cu();
    const CUmemAccess_flags flags = access == HY_ACCESS_READ_WRITE   ? CU_MEM_ACCESS_FLAGS_PROT_READWRITE
                                    : (access & HY_ACCESS_READ) != 0 ? CU_MEM_ACCESS_FLAGS_PROT_READ
                                                                     : CU_MEM_ACCESS_FLAGS_PROT_NONE;
    std::vector<CUmemAccessDesc> all;
    for (const DeviceInfo& other : device.siblings()) {
        int reaches = other.handle == device.handle() ? 1 : 0;
        if (reaches == 0 && cu.cuDeviceCanAccessPeer != nullptr &&
            cu.cuDeviceCanAccessPeer(&reaches, other.handle, device.handle()) != CUDA_SUCCESS)
            reaches = 0;
        if (reaches != 0)
            all.push_back({{CU_MEM_LOCATION_TYPE_DEVICE, other.handle}, flags});
    }
    return cu.cuMemSetAccess(base, bytes, all.data(), all.size());
}

} // namespace halyard::cuda
