// A node of a graph, with copies of all that its launches need.
#pragma once

#include "kernel.h"

namespace halyard::vulkan {

// A host function. Whoever has the last reference calls its release.
class HostCall {
public:
    HostCall(HyHostFunction function, void* user) : function(function), user(user) {}
    ~HostCall() {
        if (release != nullptr)
            release(user);
    }
    HostCall(const HostCall&) = delete;
    HostCall& operator=(const HostCall&) = delete;

    const HyHostFunction function;
    void* const user;
    void (*release)(void* user) = nullptr; // set once the graph owns what it frees
};

struct GraphNode {
    // Throws Failure.
    explicit GraphNode(const HyBackendGraphNode& node);

    // Whether it can be part of a command buffer that is used again; else the host has a part in it.
    bool isRecordable() const;
    // Whether only the block of arguments differs.
    bool differsInArguments(const GraphNode& other) const;
    // "'blur' of node 'second'", empty without a kernel.
    std::string describeKernel() const;
    // For nodes that are recordable, with the arguments at `address`. Throws Failure.
    void record(const Commands& commands, Device& device, uint64_t address) const;
    // For others. Throws Failure.
    void submit(Stream& stream) const;

    HyGraphNodeKind kind;
    std::string name;
    std::shared_ptr<Kernel> kernel;
    Kernel::Prepared launch;
    HyCopy3D copy{};
    uint32_t hostMask = 0;
    HyFill3D fill{}; // its pattern is not used
    std::vector<uint8_t> pattern;
    std::shared_ptr<HostCall> host;
};

} // namespace halyard::vulkan
