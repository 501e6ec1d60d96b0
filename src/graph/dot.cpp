#include "graph/dot.h"

namespace halyard::graph {
namespace {

std::string escape(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        // Names are the application's: a line break would end the string for some readers.
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
    return out;
}

std::string size(HyDim3 dim) {
    return fmt::format("{} x {} x {}", dim.x, dim.y, dim.z);
}

std::string details(const Node& node) {
    if (const auto* kernel = std::get_if<KernelWork>(&node.work)) {
        return fmt::format("\\n{} workgroups of {}", size(kernel->launch.workgroups),
                           size(kernel->launch.workgroupSize));
    }
    if (const auto* copy = std::get_if<CopyWork>(&node.work)) {
        const HyCopy3D& box = copy->box;
        return fmt::format("\\n{:#x} to {:#x}\\n{} bytes x {} x {}", box.src, box.dst, box.widthBytes, box.height,
                           box.depth);
    }
    if (const auto* fill = std::get_if<FillWork>(&node.work)) {
        const HyFill3D& box = fill->box;
        return fmt::format("\\n{:#x}\\n{} patterns of {} bytes x {} x {}", box.dst, box.width, box.patternBytes,
                           box.height, box.depth);
    }
    if (const auto* alloc = std::get_if<AllocWork>(&node.work))
        return fmt::format("\\n{:#x}, {} bytes", alloc->memory->base(), alloc->memory->bytes());
    if (const auto* free = std::get_if<FreeWork>(&node.work))
        return fmt::format("\\n{:#x}", free->memory->base());
    return {};
}

const char* shape(const Node& node) {
    switch (node.kind()) {
    case HY_GRAPH_NODE_KERNEL:
        return "box";
    case HY_GRAPH_NODE_COPY:
    case HY_GRAPH_NODE_FILL:
        return "parallelogram";
    case HY_GRAPH_NODE_HOST_FUNCTION:
        return "hexagon";
    case HY_GRAPH_NODE_MEM_ALLOC:
    case HY_GRAPH_NODE_MEM_FREE:
        return "cylinder";
    default:
        return "ellipse";
    }
}

void writeNodes(const Definition& definition, const std::string& prefix, const std::string& indent, uint32_t flags,
                std::string& out) {
    for (size_t i = 0; i < definition.nodes.size(); ++i) {
        const Node& node = definition.nodes[i];
        const std::string id = fmt::format("{}{}", prefix, i);
        const std::string label =
            escape(describe(node, i)) + ((flags & HY_GRAPH_DOT_DETAILS) != 0 ? details(node) : "");
        out += fmt::format("{}{} [shape={}, label=\"{}\"];\n", indent, id, shape(node), label);
        if (const auto* child = std::get_if<ChildWork>(&node.work)) {
            out += fmt::format("{}subgraph cluster_{} {{\n{}  label=\"{}\";\n", indent, id, indent, label);
            writeNodes(*child->graph, id + "_", indent + "  ", flags, out);
            out += indent + "}\n";
        }
        for (const uint32_t before : node.dependencies)
            out += fmt::format("{}{}{} -> {};\n", indent, prefix, before, id);
    }
}

} // namespace

std::string toDot(const Definition& definition, uint32_t flags) {
    std::string out = "digraph halyard {\n";
    writeNodes(definition, "n", "  ", flags, out);
    return out + "}\n";
}

} // namespace halyard::graph
