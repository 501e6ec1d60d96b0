// What a graph is made of: nodes with their work, and the order between them.
#pragma once

#include "api/object.h"
#include "graph/memory.h"

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace halyard::graph {

// A kernel that stays launchable after its handle is gone.
class KernelRef {
public:
    KernelRef() = default;
    explicit KernelRef(Kernel& kernel) : kernel_(&kernel) { kernel.share(); }
    KernelRef(const KernelRef& other) : kernel_(other.kernel_) {
        if (kernel_ != nullptr)
            kernel_->share();
    }
    KernelRef(KernelRef&& other) noexcept : kernel_(std::exchange(other.kernel_, nullptr)) {}
    KernelRef& operator=(KernelRef other) noexcept {
        std::swap(kernel_, other.kernel_);
        return *this;
    }
    ~KernelRef() {
        if (kernel_ != nullptr)
            kernel_->dispose();
    }

    Kernel* get() const { return kernel_; }
    Kernel* operator->() const { return kernel_; }
    Kernel& operator*() const { return *kernel_; }

private:
    Kernel* kernel_ = nullptr;
};

struct Definition;

struct EmptyWork {};
struct KernelWork {
    KernelRef kernel;
    HyBackendLaunch launch{};         // its pointers are null
    std::vector<std::byte> arguments; // the packed block
};
struct CopyWork {
    HyCopy3D box{};
    bool linear = false; // one run of box.widthBytes bytes
};
struct FillWork {
    HyFill3D box{}; // its pattern is null
    std::byte pattern[16]{};
};
struct HostWork {
    HyHostFunction function = nullptr;
    void* user = nullptr;
};
struct ChildWork {
    std::shared_ptr<const Definition> graph; // flat and in order
};
struct AllocWork {
    std::shared_ptr<const Memory> memory;
};
struct FreeWork {
    std::shared_ptr<const Memory> memory;
};
// In the order of HY_GRAPH_NODE_*.
using Work = std::variant<EmptyWork, KernelWork, CopyWork, FillWork, HostWork, ChildWork, AllocWork, FreeWork>;

struct Node {
    std::string name;
    std::vector<uint32_t> dependencies; // indices, each once
    Work work;

    HyGraphNodeKind kind() const { return static_cast<HyGraphNodeKind>(work.index()); }
};

struct Definition {
    std::vector<Node> nodes;
    uint32_t flatCount = 0; // of nodes with those of children
};

constexpr uint32_t kMaxNodes = 1u << 20; // of one graph, children included
constexpr size_t kMaxNameBytes = 127;

// A definition without children whose nodes depend on earlier nodes only.
struct FlatGraph {
    Definition definition;
    std::vector<uint32_t> sources; // the node that stands for node i of the definition that was flattened
    std::vector<uint32_t> origins; // the index of each node in the graph, or the child, that it was added to
};
// Children become their nodes, named "child/node", between an optional entry and an exit without work. Errors:
// HY_ERROR_INVALID_STATE (a cycle; the message names its nodes).
HyResult flatten(const Definition& definition, FlatGraph& out);

// "node 3 'name' (kernel 'saxpy')"
std::string describe(const Node& node, size_t index);
// Puts a node's description before the message that this failure left. Returns `result`.
HyResult blameNode(const Node& node, size_t index, HyResult result);

// Copies a launch that was checked.
KernelWork packLaunch(Kernel& kernel, const HyBackendLaunch& launch);
FillWork packFill(const HyFill3D& box);
CopyWork linearCopy(HyDevicePtr dst, HyDevicePtr src, uint64_t bytes);
FillWork linearFill(HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t count);

// Checks a copy or fill as the stream call of the same kind does.
HyResult checkCopyWork(const Device& device, const CopyWork& work, uint32_t& outHostMask);
HyResult checkFillWork(const Device& device, const FillWork& work);

// Checks everything that can have changed since the nodes were added, and the order of allocations and their use.
// Errors: those of hyGraphInstantiate, but for cycles; the message names the node.
HyResult validate(const Device& device, const FlatGraph& flat);
// The part of it that concerns one node.
HyResult validateNode(const Device& device, const Node& node, size_t index);

} // namespace halyard::graph

namespace halyard {

// Thread-safe by its lock, which is never held while another graph's is taken.
struct Graph : Object {
    static constexpr ObjectType kType = ObjectType::Graph;
    explicit Graph(Device* owner);

    HyGraphNode nodeId(uint32_t index) const { return serial << kIndexBits | (index + 1); }
    // False when the node is one of another graph or none at all.
    bool findNode(HyGraphNode node, uint32_t& outIndex) const {
        return node >> kIndexBits == serial && findIndex(node, definition.nodes.size(), outIndex);
    }
    static bool findIndex(HyGraphNode node, size_t count, uint32_t& outIndex) {
        outIndex = static_cast<uint32_t>(node & ((1u << kIndexBits) - 1)) - 1;
        return outIndex < count;
    }
    static uint64_t serialOf(HyGraphNode node) { return node >> kIndexBits; }

    const uint64_t serial; // no other graph of the process has it
    std::mutex mutex;
    graph::Definition definition;

private:
    static constexpr uint32_t kIndexBits = 24;
};

} // namespace halyard
