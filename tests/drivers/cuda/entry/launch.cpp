#include "../core/launch.h"
#include "../core/limits.h"
#include "call.h"

namespace halyard::cuda {

using namespace softcuda;

namespace {

CUresult launch(const char* name, CUfunction function, CUstream stream, const LaunchRequest& request) {
    return onStream(
        name, stream,
        [&](const ContextPtr& context, const std::shared_ptr<Stream>& s) {
            std::shared_ptr<Function> f = driver().functions.find(function);
            if (!f || f->context != context)
                return Status::InvalidHandle;
            auto call = std::make_shared<KernelCall>();
            Status status = prepareLaunch(std::move(f), request, *call);
            if (status != Status::Success)
                return status;
            countLaunch();
            if (int lost = driver().lost.load())
                return static_cast<Status>(lost);
            s->submit([call = std::move(call)] { return runKernel(*call); });
            return Status::Success;
        },
        true);
}

Status requestOf(const CUlaunchConfig* config, LaunchRequest& out) {
    if (!config || (config->numAttrs && !config->attrs))
        return Status::InvalidValue;
    out.grid = {config->gridDimX, config->gridDimY, config->gridDimZ};
    out.block = {config->blockDimX, config->blockDimY, config->blockDimZ};
    out.dynamicShared = config->sharedMemBytes;
    for (unsigned i = 0; i < config->numAttrs; ++i) {
        const CUlaunchAttribute& attribute = config->attrs[i];
        switch (attribute.id) {
        case CU_LAUNCH_ATTRIBUTE_IGNORE:
        case CU_LAUNCH_ATTRIBUTE_PRIORITY:
            break;
        case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
            out.cooperative = attribute.value.cooperative != 0;
            break;
        case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
            out.cluster = {attribute.value.clusterDim.x, attribute.value.clusterDim.y, attribute.value.clusterDim.z};
            break;
        default:
            return Status::NotSupported;
        }
    }
    return Status::Success;
}

} // namespace

extern "C" CUresult cuLaunchKernel(CUfunction function, unsigned int gridX, unsigned int gridY, unsigned int gridZ,
                                   unsigned int blockX, unsigned int blockY, unsigned int blockZ,
                                   unsigned int sharedBytes, CUstream stream, void** parameters, void** extra) {
    LaunchRequest request{
        {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, {1, 1, 1}, sharedBytes, false, parameters, extra};
    return launch(__func__, function, stream, request);
}

extern "C" CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned int gridX, unsigned int gridY,
                                              unsigned int gridZ, unsigned int blockX, unsigned int blockY,
                                              unsigned int blockZ, unsigned int sharedBytes, CUstream stream,
                                              void** parameters) {
    LaunchRequest request{
        {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, {1, 1, 1}, sharedBytes, true, parameters, nullptr};
    return launch(__func__, function, stream, request);
}

extern "C" CUresult cuLaunchKernelEx(const CUlaunchConfig* config, CUfunction function, void** parameters,
                                     void** extra) {
    LaunchRequest request;
    request.parameters = parameters;
    request.extra = extra;
    Status status = requestOf(config, request);
    if (status != Status::Success)
        return inContext(__func__, [&](const ContextPtr&) { return status; });
    return launch(__func__, function, config->hStream, request);
}

extern "C" CUresult cuOccupancyMaxActiveClusters(int* clusters, CUfunction function, const CUlaunchConfig* config) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Function> f = driver().functions.find(function);
        LaunchRequest request;
        if (!f)
            return Status::InvalidHandle;
        Status status = requestOf(config, request);
        if (status != Status::Success || !clusters)
            return status == Status::Success ? Status::InvalidValue : status;
        uint32_t blocks = request.cluster[0] * request.cluster[1] * request.cluster[2];
        uint32_t most = f->nonPortableCluster ? limits().clusterLargest : limits().clusterPortable;
        if (blocks == 0 || blocks > most)
            return Status::InvalidClusterSize;
        uint32_t fit = blocksThatFit(request.block[0] * request.block[1] * request.block[2], f->info().registers,
                                     f->info().staticSharedBytes + request.dynamicShared);
        *clusters = static_cast<int>(fit * limits().multiprocessors / blocks);
        return Status::Success;
    });
}

extern "C" CUresult cuOccupancyMaxPotentialClusterSize(int* clusterSize, CUfunction function,
                                                       const CUlaunchConfig* config) {
    return inContext(__func__, [&](const ContextPtr&) {
        std::shared_ptr<Function> f = driver().functions.find(function);
        LaunchRequest request;
        if (!f)
            return Status::InvalidHandle;
        Status status = requestOf(config, request);
        if (status != Status::Success || !clusterSize)
            return status == Status::Success ? Status::InvalidValue : status;
        if (!limits().clusterPortable)
            return Status::NotSupported;
        *clusterSize = static_cast<int>(f->nonPortableCluster ? limits().clusterLargest : limits().clusterPortable);
        return Status::Success;
    });
}

} // namespace halyard::cuda
