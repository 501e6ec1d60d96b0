#include "../core/graph.h"
#include "../core/launch.h"
#include "copy.h"

#include <algorithm>

namespace halyard::cuda {

using namespace softcuda;

namespace {

using WorkPtr = std::shared_ptr<const Work>;

template <class Params> Status kernelWork(const ContextPtr&, const Params* params, WorkPtr& out) {
    if (!params)
        return Status::InvalidValue;
    std::shared_ptr<Function> function = driver().functions.find(params->func);
    if (!function)
        return Status::InvalidHandle;
    if constexpr (requires { params->kern; })
        if (params->kern)
            return Status::NotSupported;
    LaunchRequest request{{params->gridDimX, params->gridDimY, params->gridDimZ},
                          {params->blockDimX, params->blockDimY, params->blockDimZ},
                          {1, 1, 1},
                          params->sharedMemBytes,
                          false,
                          params->kernelParams,
                          params->extra};
    auto call = std::make_shared<KernelCall>();
    Status status = prepareLaunch(std::move(function), request, *call);
    if (status == Status::Success)
        out = workOf(std::move(call));
    return status;
}

// Copies and fills are looked at again when they run: the memory may be gone by then.
Status copyWork(const CUDA_MEMCPY3D* copy, CUcontext context, WorkPtr& out) {
    CopyRequest request;
    CopyPlan plan;
    if (!driver().contexts.find(context))
        return Status::InvalidContext;
    Status status = requestOf(copy, request);
    if (status == Status::Success)
        status = planCopy(request, plan);
    if (status == Status::Success)
        out = std::make_shared<Work>(Work{[request] {
            CopyPlan now;
            if (planCopy(request, now) != Status::Success)
                return Status::IllegalAddress;
            now.run();
            return Status::Success;
        }});
    return status;
}

Status fillWork(const CUDA_MEMSET_NODE_PARAMS* params, CUcontext context, WorkPtr& out) {
    if (!driver().contexts.find(context))
        return Status::InvalidContext;
    if (!params || (params->elementSize != 1 && params->elementSize != 2 && params->elementSize != 4))
        return Status::InvalidValue;
    auto planNow = [p = *params](FillPlan& plan) {
        return planFill(p.dst, p.pitch, p.value, p.elementSize, p.width, p.height, plan);
    };
    FillPlan plan;
    Status status = planNow(plan);
    if (status == Status::Success)
        out = std::make_shared<Work>(Work{[planNow] {
            FillPlan now;
            if (planNow(now) != Status::Success)
                return Status::IllegalAddress;
            now.run();
            return Status::Success;
        }});
    return status;
}

Status hostWork(const ContextPtr& context, const CUDA_HOST_NODE_PARAMS* params, WorkPtr& out) {
    if (!params || !params->fn)
        return Status::InvalidValue;
    out = std::make_shared<Work>(Work{[context, p = *params] {
        callHostFunction(*context, p.fn, p.userData);
        return Status::Success;
    }});
    return Status::Success;
}

// The child's nodes as they are now, as one.
Status childWork(const ContextPtr& context, CUgraph child, WorkPtr& out) {
    uint64_t handle = 0;
    Status status = instantiate(context, child, &handle);
    if (status != Status::Success)
        return status;
    std::shared_ptr<GraphExec> exec = driver().graphExecs.remove(handleOf<const void*>(handle));
    out = std::make_shared<Work>(Work{[exec] {
        for (size_t index : exec->order) {
            const WorkPtr& work = exec->items[index].work;
            Status result = work->run ? work->run() : Status::Success;
            if (result != Status::Success)
                return result;
        }
        return Status::Success;
    }});
    return Status::Success;
}

// `make(context, work)` says what the node does.
template <class Make>
CUresult add(const char* function, CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
             NodeKind kind, Make make) {
    return inContext(function, [&](const ContextPtr& context) {
        if (!node)
            return Status::InvalidValue;
        WorkPtr work;
        Status status = make(context, work);
        uint64_t handle = 0;
        if (status == Status::Success)
            status = addNode(graph, kind, reinterpret_cast<const void* const*>(dependencies), count, std::move(work),
                             &handle);
        if (status == Status::Success)
            *node = handleOf<CUgraphNode>(handle);
        return status;
    });
}

template <class Make>
CUresult change(const char* function, CUgraphExec exec, CUgraphNode node, NodeKind kind, Make make) {
    return inContext(function, [&](const ContextPtr& context) {
        WorkPtr work;
        Status status = make(context, work);
        return status == Status::Success ? setWork(exec, node, kind, std::move(work)) : status;
    });
}

} // namespace

extern "C" CUresult cuGraphCreate(CUgraph* graph, unsigned int flags) {
    return initialised(__func__, [&] {
        if (!graph || flags)
            return Status::InvalidValue;
        *graph = handleOf<CUgraph>(createGraph());
        return Status::Success;
    });
}

extern "C" CUresult cuGraphDestroy(CUgraph graph) {
    return initialised(__func__, [&] { return destroyGraph(graph); });
}

extern "C" CUresult cuGraphDestroyNode(CUgraphNode node) {
    return initialised(__func__, [&] { return removeNode(node); });
}

extern "C" CUresult cuGraphAddKernelNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                         size_t count, const CUDA_KERNEL_NODE_PARAMS_v1* params) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Kernel,
               [&](const ContextPtr& context, WorkPtr& work) { return kernelWork(context, params, work); });
}

extern "C" CUresult cuGraphAddKernelNode_v2(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                            size_t count, const CUDA_KERNEL_NODE_PARAMS_v2* params) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Kernel,
               [&](const ContextPtr& context, WorkPtr& work) { return kernelWork(context, params, work); });
}

extern "C" CUresult cuGraphKernelNodeSetAttribute(CUgraphNode node, CUlaunchAttributeID attribute,
                                                  const CUlaunchAttributeValue* value) {
    return initialised(__func__, [&] {
        if (!value)
            return Status::InvalidValue;
        if (attribute == CU_LAUNCH_ATTRIBUTE_COOPERATIVE) {
            const bool cooperative = value->cooperative != 0;
            return setAttributes(node, nullptr, &cooperative);
        }
        if (attribute != CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION)
            return Status::NotSupported;
        const std::array<uint32_t, 3> cluster{value->clusterDim.x, value->clusterDim.y, value->clusterDim.z};
        return setAttributes(node, &cluster, nullptr);
    });
}

extern "C" CUresult cuGraphAddMemcpyNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                         size_t count, const CUDA_MEMCPY3D* copy, CUcontext context) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Copy,
               [&](const ContextPtr&, WorkPtr& work) { return copyWork(copy, context, work); });
}

extern "C" CUresult cuGraphAddMemsetNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                         size_t count, const CUDA_MEMSET_NODE_PARAMS* params, CUcontext context) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Fill,
               [&](const ContextPtr&, WorkPtr& work) { return fillWork(params, context, work); });
}

extern "C" CUresult cuGraphAddHostNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies, size_t count,
                                       const CUDA_HOST_NODE_PARAMS* params) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Host,
               [&](const ContextPtr& context, WorkPtr& work) { return hostWork(context, params, work); });
}

extern "C" CUresult cuGraphAddEmptyNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                        size_t count) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Empty, [](const ContextPtr&, WorkPtr& work) {
        work = std::make_shared<Work>();
        return Status::Success;
    });
}

extern "C" CUresult cuGraphAddChildGraphNode(CUgraphNode* node, CUgraph graph, const CUgraphNode* dependencies,
                                             size_t count, CUgraph child) {
    return add(__func__, node, graph, dependencies, count, NodeKind::Child,
               [&](const ContextPtr& context, WorkPtr& work) { return childWork(context, child, work); });
}

extern "C" CUresult cuGraphAddDependencies(CUgraph graph, const CUgraphNode* from, const CUgraphNode* to,
                                           size_t count) {
    return initialised(__func__, [&] {
        if (count && (!from || !to))
            return Status::InvalidValue;
        Status status = Status::Success;
        for (size_t i = 0; i < count && status == Status::Success; ++i)
            status = addDependency(graph, from[i], to[i]);
        return status;
    });
}

extern "C" CUresult cuGraphInstantiateWithFlags(CUgraphExec* exec, CUgraph graph, unsigned long long flags) {
    return inContext(__func__, [&](const ContextPtr& context) {
        if (!exec)
            return Status::InvalidValue;
        if (flags)
            return Status::NotSupported;
        uint64_t handle = 0;
        Status status = instantiate(context, graph, &handle);
        if (status == Status::Success)
            *exec = handleOf<CUgraphExec>(handle);
        return status;
    });
}

extern "C" CUresult cuGraphExecDestroy(CUgraphExec exec) {
    return initialised(__func__,
                       [&] { return driver().graphExecs.remove(exec) ? Status::Success : Status::InvalidHandle; });
}

extern "C" CUresult cuGraphLaunch(CUgraphExec exec, CUstream stream) {
    return onStream(__func__, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>& s) {
        Status status = launchGraph(exec, s);
        int lost = driver().lost.load();
        return status == Status::Success && lost ? static_cast<Status>(lost) : status;
    });
}

extern "C" CUresult cuGraphUpload(CUgraphExec exec, CUstream stream) {
    return onStream(__func__, stream, [&](const ContextPtr&, const std::shared_ptr<Stream>&) {
        return driver().graphExecs.find(exec) ? Status::Success : Status::InvalidHandle;
    });
}

extern "C" CUresult cuGraphExecKernelNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                   const CUDA_KERNEL_NODE_PARAMS_v1* params) {
    return change(__func__, exec, node, NodeKind::Kernel,
                  [&](const ContextPtr& context, WorkPtr& work) { return kernelWork(context, params, work); });
}

extern "C" CUresult cuGraphExecKernelNodeSetParams_v2(CUgraphExec exec, CUgraphNode node,
                                                      const CUDA_KERNEL_NODE_PARAMS_v2* params) {
    return change(__func__, exec, node, NodeKind::Kernel,
                  [&](const ContextPtr& context, WorkPtr& work) { return kernelWork(context, params, work); });
}

extern "C" CUresult cuGraphExecMemcpyNodeSetParams(CUgraphExec exec, CUgraphNode node, const CUDA_MEMCPY3D* copy,
                                                   CUcontext context) {
    return change(__func__, exec, node, NodeKind::Copy,
                  [&](const ContextPtr&, WorkPtr& work) { return copyWork(copy, context, work); });
}

extern "C" CUresult cuGraphExecMemsetNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                   const CUDA_MEMSET_NODE_PARAMS* params, CUcontext context) {
    return change(__func__, exec, node, NodeKind::Fill,
                  [&](const ContextPtr&, WorkPtr& work) { return fillWork(params, context, work); });
}

extern "C" CUresult cuGraphExecHostNodeSetParams(CUgraphExec exec, CUgraphNode node,
                                                 const CUDA_HOST_NODE_PARAMS* params) {
    return change(__func__, exec, node, NodeKind::Host,
                  [&](const ContextPtr& context, WorkPtr& work) { return hostWork(context, params, work); });
}

extern "C" CUresult cuGraphExecChildGraphNodeSetParams(CUgraphExec exec, CUgraphNode node, CUgraph child) {
    return change(__func__, exec, node, NodeKind::Child,
                  [&](const ContextPtr& context, WorkPtr& work) { return childWork(context, child, work); });
}

namespace {

CUresult update(const char* function, CUgraphExec exec, CUgraph graph, CUgraphNode* node,
                CUgraphExecUpdateResult* result) {
    return inContext(function, [&](const ContextPtr&) {
        if (!node || !result)
            return Status::InvalidValue;
        UpdateResult updated = UpdateResult::Error;
        uint64_t at = 0;
        Status status = updateExec(exec, graph, &updated, &at);
        *result = static_cast<CUgraphExecUpdateResult>(updated);
        *node = handleOf<CUgraphNode>(at);
        return status;
    });
}

} // namespace

extern "C" CUresult cuGraphExecUpdate(CUgraphExec exec, CUgraph graph, CUgraphNode* errorNode,
                                      CUgraphExecUpdateResult* result) {
    return update(__func__, exec, graph, errorNode, result);
}

extern "C" CUresult cuGraphExecUpdate_v2(CUgraphExec exec, CUgraph graph, CUgraphExecUpdateResultInfo* info) {
    if (info)
        info->errorFromNode = nullptr;
    return update(__func__, exec, graph, info ? &info->errorNode : nullptr, info ? &info->result : nullptr);
}

} // namespace halyard::cuda
