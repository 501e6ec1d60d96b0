#include "graph_node.h"

#include "handles.h"
#include "transfer.h"

#include <fmt/format.h>

namespace halyard::vulkan {

GraphNode::GraphNode(const HyBackendGraphNode& node) : kind(node.kind), name(node.name != nullptr ? node.name : "") {
    switch (kind) {
    case HY_GRAPH_NODE_KERNEL:
        kernel = fromHandle(node.kernel);
        launch = kernel->prepare(*node.launch);
        break;
    case HY_GRAPH_NODE_COPY:
        copy = *node.copy;
        hostMask = node.hostMask;
        break;
    case HY_GRAPH_NODE_FILL: {
        fill = *node.fill;
        const auto* bytes = static_cast<const uint8_t*>(fill.pattern);
        pattern.assign(bytes, bytes + fill.patternBytes);
        fill.pattern = nullptr;
        break;
    }
    case HY_GRAPH_NODE_HOST_FUNCTION:
        host = std::make_shared<HostCall>(node.hostFunction, node.hostUser);
        break;
    case HY_GRAPH_NODE_EMPTY:
        break;
    default:
        throw Failure{HY_ERROR_UNSUPPORTED,
                      fmt::format("the vulkan backend does not know graph nodes of kind {}", kind), ""};
    }
}

bool GraphNode::isRecordable() const {
    switch (kind) {
    case HY_GRAPH_NODE_KERNEL:
        return !kernel->prints();
    case HY_GRAPH_NODE_COPY:
        return hostMask == 0;
    default:
        return kind != HY_GRAPH_NODE_HOST_FUNCTION;
    }
}

bool GraphNode::differsInArguments(const GraphNode& other) const {
    const HyDim3& a = launch.workgroups;
    const HyDim3& b = other.launch.workgroups;
    return kind == HY_GRAPH_NODE_KERNEL && kernel == other.kernel && !launch.isUntouched &&
           launch.pipeline == other.launch.pipeline && a.x == b.x && a.y == b.y && a.z == b.z &&
           launch.block.size() == other.launch.block.size();
}

std::string GraphNode::describeKernel() const {
    if (kernel == nullptr)
        return {};
    return name.empty() ? kernel->name() : fmt::format("{}' of node '{}", kernel->name(), name);
}

void GraphNode::record(const Commands& commands, Device& device, uint64_t address) const {
    if (kind == HY_GRAPH_NODE_KERNEL) {
        kernel->record(commands, launch, address);
    } else if (kind == HY_GRAPH_NODE_COPY) {
        recordCopy(commands, device, copy);
    } else if (kind == HY_GRAPH_NODE_FILL) {
        HyFill3D box = fill;
        box.pattern = pattern.data();
        recordFill(commands, device, box);
    }
}

void GraphNode::submit(Stream& stream) const {
    if (kind == HY_GRAPH_NODE_KERNEL)
        kernel->submit(stream, launch);
    else if (kind == HY_GRAPH_NODE_COPY)
        copyBox(stream, copy, hostMask);
    else
        stream.callOnHost(host->function, host->user, host);
}

} // namespace halyard::vulkan
