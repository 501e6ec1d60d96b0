#include "properties.h"

#include <cstdio>
#include <cstring>

namespace halyard::cuda {
namespace {

// The driver's answers about one device. An attribute that an old driver does not know is 0.
class Attributes {
public:
    Attributes(const Symbols& cu, CUdevice device) : cu_(cu), device_(device) {}
    uint32_t operator()(CUdevice_attribute attribute) const {
        int value = 0;
        return cu_.cuDeviceGetAttribute(&value, attribute, device_) == CUDA_SUCCESS && value > 0
                   ? static_cast<uint32_t>(value)
                   : 0;
    }

private:
    const Symbols& cu_;
    const CUdevice device_;
};

void describeIdentity(const Symbols& cu, int driverVersion, const Attributes& get, DeviceInfo& out) {
    HyDeviceProperties& p = out.properties;
    p.type = get(CU_DEVICE_ATTRIBUTE_INTEGRATED) != 0 ? HY_DEVICE_TYPE_INTEGRATED_GPU : HY_DEVICE_TYPE_DISCRETE_GPU;
    if (cu.cuDeviceGetName(p.name, sizeof p.name, out.handle) != CUDA_SUCCESS)
        std::snprintf(p.name, sizeof p.name, "NVIDIA GPU");
    std::snprintf(p.backend, sizeof p.backend, "cuda");
    std::snprintf(p.vendor, sizeof p.vendor, "NVIDIA");
    std::snprintf(p.driver, sizeof p.driver, "CUDA %d.%d", driverVersion / 1000, driverVersion % 1000 / 10);
    std::snprintf(p.isa, sizeof p.isa, "sm_%u", out.computeCapability);
    // The first form gives the parts of a divided GPU the UUID of the whole.
    CUuuid uuid{};
    const CUresult known = cu.cuDeviceGetUuid_v2 != nullptr ? cu.cuDeviceGetUuid_v2(&uuid, out.handle)
                                                            : cu.cuDeviceGetUuid(&uuid, out.handle);
    if (known == CUDA_SUCCESS)
        std::memcpy(p.uuid, uuid.bytes, sizeof p.uuid);
    p.pciDomain = get(CU_DEVICE_ATTRIBUTE_PCI_DOMAIN_ID);
    p.pciBus = get(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID);
    p.pciDevice = get(CU_DEVICE_ATTRIBUTE_PCI_DEVICE_ID);
    p.pciFunction = 0;
}

void describeLimits(const Attributes& get, DeviceInfo& out) {
    HyDeviceProperties& p = out.properties;
    p.computeUnits = get(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
    p.clockMHz = get(CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000;
    p.maxWorkgroupInvocations = get(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    p.maxWorkgroupSize[0] = get(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X);
    p.maxWorkgroupSize[1] = get(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y);
    p.maxWorkgroupSize[2] = get(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z);
    p.maxWorkgroups[0] = get(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X);
    p.maxWorkgroups[1] = get(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y);
    p.maxWorkgroups[2] = get(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z);
    p.subgroupSizeMin = p.subgroupSizeMax = get(CU_DEVICE_ATTRIBUTE_WARP_SIZE);
    out.defaultLocalBytes = get(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
    const uint32_t most = get(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
    p.maxLocalBytes = most > out.defaultLocalBytes ? most : out.defaultLocalBytes;
    p.maxArgumentBytes = 4096; // of kernel parameters, on every driver
    p.memoryAlignment = 256;   // of cuMemAlloc
    out.maxPitch = get(CU_DEVICE_ATTRIBUTE_MAX_PITCH);
}

bool hasGraphs(const Symbols& cu) {
    return cu.cuGraphCreate != nullptr && cu.cuGraphDestroy != nullptr && cu.cuGraphAddKernelNode != nullptr &&
           cu.cuGraphAddMemcpyNode != nullptr && cu.cuGraphAddMemsetNode != nullptr &&
           cu.cuGraphAddHostNode != nullptr && cu.cuGraphAddEmptyNode != nullptr &&
           cu.cuGraphKernelNodeSetAttribute != nullptr && cu.cuGraphInstantiateWithFlags != nullptr &&
           cu.cuGraphExecDestroy != nullptr && cu.cuGraphLaunch != nullptr &&
           cu.cuGraphExecKernelNodeSetParams != nullptr && cu.cuGraphExecMemcpyNodeSetParams != nullptr &&
           cu.cuGraphExecMemsetNodeSetParams != nullptr && cu.cuGraphExecHostNodeSetParams != nullptr;
}

bool hasVirtualMemory(const Symbols& cu, const Attributes& get) {
    return get(CU_DEVICE_ATTRIBUTE_VIRTUAL_MEMORY_MANAGEMENT_SUPPORTED) != 0 && cu.cuMemAddressReserve != nullptr &&
           cu.cuMemAddressFree != nullptr && cu.cuMemCreate != nullptr && cu.cuMemRelease != nullptr &&
           cu.cuMemMap != nullptr && cu.cuMemUnmap != nullptr && cu.cuMemSetAccess != nullptr &&
           cu.cuMemGetAllocationGranularity != nullptr && cu.cuMemExportToShareableHandle != nullptr &&
           cu.cuMemImportFromShareableHandle != nullptr && cu.cuMemGetAllocationPropertiesFromHandle != nullptr;
}

// Without it a stream could only wait in a host function, which would hold up those of all other streams.
bool hasStreamWaits(const Symbols& cu, const Attributes& get) {
    return cu.cuStreamWaitValue64_v2 != nullptr && get(CU_DEVICE_ATTRIBUTE_CAN_USE_64_BIT_STREAM_MEM_OPS) != 0 &&
           get(CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY) != 0;
}

HyCapabilities capabilities(const Symbols& cu, const Attributes& get) {
    HyCapabilities caps = HY_CAP_KERNELS | HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE | HY_CAP_FLOAT16 |
                          HY_CAP_FLOAT64 | HY_CAP_INT64 | HY_CAP_INT64_ATOMICS | HY_CAP_FLOAT32_ATOMIC_ADD |
                          HY_CAP_TIMING | HY_CAP_OCCUPANCY | HY_CAP_HOST_FUNCTIONS | HY_CAP_CONCURRENT_STREAMS |
                          HY_CAP_MODULE_PTX | HY_CAP_MODULE_CUBIN | HY_CAP_MODULE_FATBIN;
    if (get(CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED) != 0 || get(CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY) != 0)
        caps |= HY_CAP_HOST_REGISTRATION;
    if (get(CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH) != 0)
        caps |= HY_CAP_COOPERATIVE_LAUNCH;
    if (get(CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH) != 0 && cu.cuLaunchKernelEx != nullptr)
        caps |= HY_CAP_CLUSTERS;
    // Without concurrent access the host must not touch managed memory while anything runs on the device, which the
    // interface allows.
    if (get(CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY) != 0 && get(CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS) != 0 &&
        cu.cuMemAllocManaged != nullptr && (cu.cuMemAdvise_v2 != nullptr || cu.cuMemAdvise != nullptr) &&
        (cu.cuMemPrefetchAsync_v2 != nullptr || cu.cuMemPrefetchAsync != nullptr))
        caps |= HY_CAP_MANAGED_MEMORY | HY_CAP_PREFETCH;
    if (hasVirtualMemory(cu, get)) {
        caps |= HY_CAP_VIRTUAL_MEMORY;
        if (get(CU_DEVICE_ATTRIBUTE_HANDLE_TYPE_POSIX_FILE_DESCRIPTOR_SUPPORTED) != 0)
            caps |= HY_CAP_SHARE_OPAQUE_FD | HY_CAP_IPC;
    }
    if (hasStreamWaits(cu, get))
        caps |= HY_CAP_TIMELINE_SEMAPHORES | HY_CAP_DEVICE_WAITS | HY_CAP_SHARE_SEMAPHORES | HY_CAP_IPC_EVENTS;
    if (hasGraphs(cu))
        caps |= HY_CAP_GRAPHS;
    if (cu.cuDevicePrimaryCtxReset_v2 != nullptr)
        caps |= HY_CAP_DEVICE_RESTART;
    return caps;
}

} // namespace

CUresult describeDevice(const Symbols& cu, int driverVersion, int ordinal, DeviceInfo& out) {
    if (const CUresult code = cu.cuDeviceGet(&out.handle, ordinal); code != CUDA_SUCCESS)
        return code;
    int major = 0;
    if (const CUresult code = cu.cuDeviceGetAttribute(&major, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, out.handle);
        code != CUDA_SUCCESS)
        return code; // and not a device that is too old
    const Attributes get(cu, out.handle);
    out.computeCapability =
        get(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 + get(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    size_t bytes = 0;
    if (const CUresult code = cu.cuDeviceTotalMem_v2(&bytes, out.handle); code != CUDA_SUCCESS)
        return code;
    HyDeviceProperties& p = out.properties;
    p.structSize = sizeof p;
    describeIdentity(cu, driverVersion, get, out);
    describeLimits(get, out);
    p.totalMemory = bytes;
    p.maxAllocation = bytes;
    p.capabilities = capabilities(cu, get);
    out.concurrentManagedAccess = get(CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS) != 0;
    // What another device wrote before the signal, by way of the bus, may still be on its way where there is a flush.
    out.waitFlags = CU_STREAM_WAIT_VALUE_GEQ;
    if (get(CU_DEVICE_ATTRIBUTE_CAN_FLUSH_REMOTE_WRITES) != 0)
        out.waitFlags |= CU_STREAM_WAIT_VALUE_FLUSH;
    return CUDA_SUCCESS;
}

} // namespace halyard::cuda
