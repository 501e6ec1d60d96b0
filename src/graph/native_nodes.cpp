#include "graph/native_nodes.h"

#include "api/check.h"
#include "api/host_function.h"
#include "api/launch_check.h"

namespace halyard::graph {

void NativeNodes::describeKernel(const KernelWork& work, Entry& entry) {
    entry.launch = work.launch;
    entry.launch.packedArgs = work.arguments.data();
    entry.lengths.resize(work.kernel->lengthParameters.size());
    findLengths(*work.kernel, entry.launch, entry.lengths.data());
    entry.launch.bufferLengths = entry.lengths.empty() ? nullptr : entry.lengths.data();
    entry.node.kernel = work.kernel->impl;
    entry.node.launch = &entry.launch;
}

void NativeNodes::call(void* record, HyResult status) {
    const auto& host = *static_cast<HostCall*>(record);
    callHostFunction(host.instance, host.work.function, host.work.user, status);
}

void NativeNodes::release(void* record) {
    delete static_cast<HostCall*>(record);
}

void NativeNodes::handOver() {
    for (std::unique_ptr<HostCall>& call : hostCalls_)
        (void)call.release();
}

HyResult NativeNodes::add(const Device& device, const Node& node, const Work& work) {
    Entry& entry = entries_.emplace_back();
    HyBackendGraphNode& out = entry.node;
    out.structSize = sizeof out;
    out.kind = HY_GRAPH_NODE_EMPTY;
    out.name = node.name.c_str();
    out.dependencies = node.dependencies.data();
    out.dependencyCount = static_cast<uint32_t>(node.dependencies.size());
    if (const auto* kernel = std::get_if<KernelWork>(&work)) {
        out.kind = HY_GRAPH_NODE_KERNEL;
        describeKernel(*kernel, entry);
    } else if (const auto* copy = std::get_if<CopyWork>(&work)) {
        out.kind = HY_GRAPH_NODE_COPY;
        out.copy = &copy->box;
        HY_TRY(checkCopyWork(device, *copy, out.hostMask));
    } else if (const auto* fill = std::get_if<FillWork>(&work)) {
        out.kind = HY_GRAPH_NODE_FILL;
        entry.fill = fill->box;
        entry.fill.pattern = fill->pattern;
        out.fill = &entry.fill;
    } else if (const auto* host = std::get_if<HostWork>(&work)) {
        out.kind = HY_GRAPH_NODE_HOST_FUNCTION;
        hostCalls_.push_back(std::make_unique<HostCall>(HostCall{*device.instance, *host}));
        out.hostFunction = call;
        out.hostUser = hostCalls_.back().get();
        out.hostRelease = release;
    }
    pointers_.push_back(&out);
    return HY_SUCCESS;
}

} // namespace halyard::graph
