#include "graph/requests.h"

#include "api/check.h"
#include "api/host_function.h"
#include "api/launch_check.h"
#include "api/transfer_check.h"

namespace halyard::graph {
namespace {

// A stream call with nothing to do is a success; a node that does nothing is a mistake.
HyResult failNothing(const char* argument) {
    return fail(HY_ERROR_INVALID_ARGUMENT, argument, "leave the node out, or add an empty node",
                "{} is 0, so the node would do nothing", argument);
}

HyResult requireExtents(uint64_t width, uint64_t height, uint64_t depth, const char* widthName) {
    if (width == 0)
        return failNothing(widthName);
    return height == 0 ? failNothing("height") : depth == 0 ? failNothing("depth") : HY_SUCCESS;
}

} // namespace

HyResult requireFlags(uint32_t flags, uint32_t known) {
    if ((flags & ~known) == 0)
        return HY_SUCCESS;
    return fail(HY_ERROR_INVALID_ARGUMENT, "flags", "use only the flags that the function's documentation names",
                "flags has unknown bits {:#x}", flags & ~known);
}

HyResult append(Definition& definition, Node node) {
    uint64_t added = 1;
    if (const auto* child = std::get_if<ChildWork>(&node.work))
        added += child->graph->nodes.size() + 1;
    if (definition.flatCount + added > kMaxNodes) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "graph", "use several graphs",
                    "the graph would have {} nodes with those of its children; {} are possible",
                    definition.flatCount + added, kMaxNodes);
    }
    definition.nodes.push_back(std::move(node));
    definition.flatCount += static_cast<uint32_t>(added);
    return HY_SUCCESS;
}

HyResult readKernel(const Device& device, const HyLaunchDesc* in, Kernel* own, Work& out) {
    HyLaunchDesc desc{};
    HY_TRY(readDesc(in, desc, kLaunchDescV1, HY_LAUNCH_COOPERATIVE, "desc"));
    if (desc.stream != nullptr) {
        return fail(HY_ERROR_INVALID_ARGUMENT, "desc->stream", "set it to null: hyGraphLaunch names the stream",
                    "desc->stream is not null, and a node has none");
    }
    Kernel* kernel = own;
    if (own == nullptr || desc.kernel != nullptr) {
        HyResult result = HY_SUCCESS;
        kernel = resolve<Kernel>(desc.kernel, "desc->kernel", result);
        if (kernel == nullptr)
            return result;
    }
    HyBackendLaunch launch{};
    HY_TRY(describeLaunch(*kernel, desc, launch));
    HY_TRY(checkLaunch(device, *kernel, launch));
    out = packLaunch(*kernel, launch);
    return HY_SUCCESS;
}

HyResult readCopy(const Device& device, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes, Work& out) {
    if (bytes == 0)
        return failNothing("bytes");
    const CopyWork work = linearCopy(dst, src, bytes);
    uint32_t mask = 0;
    HY_TRY(checkCopyWork(device, work, mask));
    out = work;
    return HY_SUCCESS;
}

HyResult readCopyBox(const Device& device, const HyCopy3D* in, Work& out) {
    CopyWork work;
    HY_TRY(readDesc(in, work.box, kCopy3DV1, 0, "copy"));
    HY_TRY(requireExtents(work.box.widthBytes, work.box.height, work.box.depth, "widthBytes"));
    uint32_t mask = 0;
    HY_TRY(checkCopyWork(device, work, mask));
    out = work;
    return HY_SUCCESS;
}

HyResult readFill(const Device& device, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count,
                  Work& out) {
    HY_TRY(checkPatternSize(patternBytes));
    if (count == 0)
        return failNothing("count");
    HY_TRY(checkFillRange(device, dst, pattern, patternBytes, count));
    out = linearFill(dst, pattern, patternBytes, count);
    return HY_SUCCESS;
}

HyResult readFillBox(const Device& device, const HyFill3D* in, Work& out) {
    HyFill3D box{};
    HY_TRY(readDesc(in, box, kFill3DV1, 0, "fill"));
    HY_TRY(checkPatternSize(box.patternBytes));
    HY_TRY(requireExtents(box.width, box.height, box.depth, "width"));
    HY_TRY(checkFillBox(device, box));
    out = packFill(box);
    return HY_SUCCESS;
}

HyResult readHostFunction(const Device& device, HyHostFunction function, void* user, Work& out) {
    HY_TRY(checkHostFunction(device, function));
    out = HostWork{function, user};
    return HY_SUCCESS;
}

HyResult readFree(const Definition& definition, HyDevicePtr ptr, Work& out) {
    for (const Node& node : definition.nodes) {
        const auto* freed = std::get_if<FreeWork>(&node.work);
        if (freed != nullptr && freed->memory->base() == ptr) {
            return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "free each allocation once",
                        "another node of the graph frees {:#x}", ptr);
        }
    }
    for (const Node& node : definition.nodes) {
        const auto* alloc = std::get_if<AllocWork>(&node.work);
        if (alloc != nullptr && alloc->memory->base() == ptr) {
            out = FreeWork{alloc->memory};
            return HY_SUCCESS;
        }
    }
    return fail(HY_ERROR_INVALID_ADDRESS, "ptr", "pass the address that hyGraphAddMemAllocNode gave for this graph",
                "{:#x} is not the memory of an allocation node of this graph", ptr);
}

} // namespace halyard::graph
