// Memory that host and device share, and memory of other devices.
#include "sharing.h"

#include "handles.h"
#include "stream.h"

namespace halyard::cuda {
namespace {

CUmemLocation locationOf(const Device& device, bool host) {
    return host ? CUmemLocation{CU_MEM_LOCATION_TYPE_HOST, 0}
                : CUmemLocation{CU_MEM_LOCATION_TYPE_DEVICE, device.handle()};
}

CUresult advise(const Device& device, CUdeviceptr ptr, uint64_t bytes, CUmem_advise advice, bool host) {
    const Symbols& cu = device.cu();
    if (cu.cuMemAdvise_v2 != nullptr)
        return cu.cuMemAdvise_v2(ptr, bytes, advice, locationOf(device, host));
    return cu.cuMemAdvise(ptr, bytes, advice, host ? kDeviceCpu : device.handle());
}

} // namespace

HyResult allocateManaged(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        CUdeviceptr ptr = 0;
        const CUresult code = device.cu().cuMemAllocManaged(&ptr, bytes, CU_MEM_ATTACH_GLOBAL);
        *outPtr = ptr;
        return code == CUDA_SUCCESS
                   ? HY_SUCCESS
                   : device.fail(code, "allocate managed memory", std::to_string(bytes) + " bytes are asked for");
    });
}

HyResult adviseManaged(HyBackendDevice handle, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        CUresult code = CUDA_SUCCESS;
        switch (advice) {
        case HY_ADVICE_PREFER_DEVICE:
        case HY_ADVICE_PREFER_HOST:
            code = advise(device, ptr, bytes, CU_MEM_ADVISE_SET_PREFERRED_LOCATION, advice == HY_ADVICE_PREFER_HOST);
            break;
        case HY_ADVICE_NO_PREFERENCE:
            code = advise(device, ptr, bytes, CU_MEM_ADVISE_UNSET_PREFERRED_LOCATION, false);
            break;
        case HY_ADVICE_READ_MOSTLY:
            code = advise(device, ptr, bytes, CU_MEM_ADVISE_SET_READ_MOSTLY, false);
            break;
        case HY_ADVICE_READ_WRITE:
            code = advise(device, ptr, bytes, CU_MEM_ADVISE_UNSET_READ_MOSTLY, false);
            break;
        default:
            return device.host().fail({HY_ERROR_UNSUPPORTED,
                                       "the CUDA driver chooses the pages of managed memory and when it gives them up",
                                       "advice", "leave this advice out on a CUDA device"});
        }
        return device.check(code, "take the advice on managed memory");
    });
}

HyResult prefetchManaged(HyBackendStream handle, HyDevicePtr ptr, uint64_t bytes, uint32_t toHost) {
    Stream& stream = *fromHandle(handle);
    if (const HyResult result = stream.usable(); result != HY_SUCCESS)
        return result;
    Device& device = stream.device();
    const Symbols& cu = device.cu();
    const Current current = enterContext(device);
    const CUresult code =
        cu.cuMemPrefetchAsync_v2 != nullptr
            ? cu.cuMemPrefetchAsync_v2(ptr, bytes, locationOf(device, toHost != 0), 0, stream.handle())
            : cu.cuMemPrefetchAsync(ptr, bytes, toHost != 0 ? kDeviceCpu : device.handle(), stream.handle());
    return device.check(code, "prefetch managed memory");
}

HyResult getPeerAccess(HyBackendDevice handle, HyBackendDevice peerHandle, HyPeerAccess* outAccess) {
    Device& device = *fromHandle(handle);
    const Device& peer = *fromHandle(peerHandle);
    const Symbols& cu = device.cu();
    const Current current = enterContext(device);
    *outAccess = 0;
    if (cu.cuDeviceCanAccessPeer == nullptr || cu.cuDeviceGetP2PAttribute == nullptr ||
        cu.cuCtxEnablePeerAccess == nullptr)
        return HY_SUCCESS;
    int access = 0;
    int atomics = 0;
    CUresult code = cu.cuDeviceCanAccessPeer(&access, device.handle(), peer.handle());
    if (code == CUDA_SUCCESS && access != 0)
        code = cu.cuDeviceGetP2PAttribute(&atomics, CU_DEVICE_P2P_ATTRIBUTE_NATIVE_ATOMIC_SUPPORTED, device.handle(),
                                          peer.handle());
    if (code != CUDA_SUCCESS)
        return device.fail(code, "tell what devices can do with each other's memory");
    if (access != 0)
        *outAccess = HY_PEER_COPY | HY_PEER_KERNEL_ACCESS | (atomics != 0 ? HY_PEER_ATOMICS : 0);
    return HY_SUCCESS;
}

HyResult enablePeerAccess(HyBackendDevice handle, HyBackendDevice peer) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    const CUresult code = device.cu().cuCtxEnablePeerAccess(fromHandle(peer)->context(), 0);
    if (code == CUDA_ERROR_PEER_ACCESS_ALREADY_ENABLED)
        return HY_SUCCESS;
    return device.check(code, "let a device use another one's memory");
}

} // namespace halyard::cuda
