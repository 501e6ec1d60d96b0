#include "graph/definition.h"

#include "api/launch_check.h"
#include "api/transfer_check.h"

#include <algorithm>
#include <cstring>

namespace halyard {

Graph::Graph(Device* owner)
    : Object(kType, owner->instance, owner), serial([] {
          static std::atomic<uint64_t> graphs{0};
          return graphs.fetch_add(1, std::memory_order_relaxed) + 1;
      }()) {}

} // namespace halyard

namespace halyard::graph {
namespace {

const char* kindName(HyGraphNodeKind kind) {
    static constexpr const char* kNames[] = {"empty",         "kernel",      "copy",   "fill",
                                             "host function", "child graph", "memory", "memory free"};
    return kNames[kind];
}

} // namespace

std::string describe(const Node& node, size_t index) {
    std::string text = fmt::format("node {}", index);
    if (!node.name.empty())
        text += fmt::format(" '{}'", node.name);
    if (const auto* kernel = std::get_if<KernelWork>(&node.work))
        return text + fmt::format(" (kernel '{}')", kernel->kernel->info.name);
    return text + fmt::format(" ({})", kindName(node.kind()));
}

HyResult blameNode(const Node& node, size_t index, HyResult result) {
    if (result >= 0)
        return result;
    HyErrorInfo info{.structSize = sizeof info};
    hyGetLastError(&info);
    if (info.code != result)
        return result;
    // The record's strings lie where the new record goes.
    const std::string argument = info.argument;
    const std::string message = describe(node, index) + ": " + info.message;
    const std::string hint = info.hint;
    const std::string backend = info.backend;
    const std::string nativeName = info.nativeName;
    return setLastError({result, argument, message, hint, backend, nativeName, info.nativeCode});
}

KernelWork packLaunch(Kernel& kernel, const HyBackendLaunch& launch) {
    KernelWork work{KernelRef(kernel), launch, std::vector<std::byte>(kernel.info.argumentBytes)};
    for (uint32_t i = 0; i < kernel.parameterCount; ++i) {
        const HyBackendParameter& parameter = kernel.parameters[i];
        const void* from = launch.args != nullptr ? launch.args[i]
                                                  : static_cast<const std::byte*>(launch.packedArgs) + parameter.offset;
        std::memcpy(work.arguments.data() + parameter.offset, from, parameter.bytes);
    }
    work.launch.args = nullptr;
    work.launch.packedArgs = nullptr;
    work.launch.bufferLengths = nullptr;
    return work;
}

CopyWork linearCopy(HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    return {.box = {.structSize = sizeof(HyCopy3D),
                    .flags = 0,
                    .next = nullptr,
                    .dst = dst,
                    .src = src,
                    .dstRowPitch = bytes,
                    .dstSlicePitch = bytes,
                    .srcRowPitch = bytes,
                    .srcSlicePitch = bytes,
                    .widthBytes = bytes,
                    .height = 1,
                    .depth = 1},
            .linear = true};
}

FillWork packFill(const HyFill3D& box) {
    FillWork work{.box = box};
    std::memcpy(work.pattern, box.pattern, box.patternBytes);
    work.box.pattern = nullptr;
    return work;
}

FillWork linearFill(HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count) {
    const uint64_t bytes = count * patternBytes;
    return packFill({.structSize = sizeof(HyFill3D),
                     .flags = 0,
                     .next = nullptr,
                     .dst = dst,
                     .rowPitch = bytes,
                     .slicePitch = bytes,
                     .width = count,
                     .height = 1,
                     .depth = 1,
                     .pattern = pattern,
                     .patternBytes = patternBytes,
                     .reserved = 0});
}

HyResult checkCopyWork(const Device& device, const CopyWork& work, uint32_t& outHostMask) {
    return work.linear ? checkCopy(device, work.box.dst, work.box.src, work.box.widthBytes, outHostMask)
                       : checkCopyBox(device, work.box, outHostMask);
}

HyResult checkFillWork(const Device& device, const FillWork& work) {
    HyFill3D box = work.box;
    box.pattern = work.pattern;
    return checkFillBox(device, box);
}

} // namespace halyard::graph
