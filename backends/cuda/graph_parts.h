// What one node of a graph becomes: one or several nodes of the driver, described without the driver.
#pragma once

#include "kernel.h"

#include <variant>

namespace halyard::cuda {

struct EmptyPart {};

struct KernelPart {
    CUfunction function = nullptr;
    HyDim3 workgroups{};
    HyDim3 workgroupSize{};
    HyDim3 clusterSize{};
    uint32_t sharedBytes = 0;
    bool cooperative = false;
    std::vector<uint64_t> values;  // of all parameters, each from its own word on
    std::vector<uint32_t> offsets; // of each in `values`
};

struct HostPart {
    HostCalls::Function call; // copied for each launch
    uint64_t turns = 0;
};

struct Part {
    std::variant<EmptyPart, KernelPart, CUDA_MEMCPY3D, CUDA_MEMSET_NODE_PARAMS, HostPart> what;
    std::vector<uint32_t> after; // parts of the same node before it; none: what the node comes after
};

// Memory of one kernel node. Freed once no stream can use it any more.
class NodeMemory {
public:
    explicit NodeMemory(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    ~NodeMemory();
    NodeMemory(const NodeMemory&) = delete;
    NodeMemory& operator=(const NodeMemory&) = delete;

    HyResult allocatePrint();
    HyResult allocateGrid();
    CUdeviceptr print() const { return print_; }
    CUdeviceptr grid() const { return grid_; }
    uint8_t* printHost() const { return printHost_; }

private:
    const std::shared_ptr<Device> device_;
    CUdeviceptr print_ = 0;
    CUdeviceptr grid_ = 0;
    uint8_t* printHost_ = nullptr;
};

// A node's work. Never changes; what is launched keeps what it needs beyond it.
class NodeWork {
public:
    // Throws std::bad_alloc. A failure has the record set.
    static HyResult make(const std::shared_ptr<Device>& device, const HyBackendGraphNode& node,
                         std::shared_ptr<NodeWork>& out);
    NodeWork() = default;
    ~NodeWork();
    NodeWork(const NodeWork&) = delete;
    NodeWork& operator=(const NodeWork&) = delete;

    // The last one comes after all the others.
    const std::vector<Part>& parts() const { return parts_; }
    const std::string& name() const { return name_; }
    const Kernel* kernel() const { return kernel_.get(); }
    // "kernel 'k' of node 'n'", "node 'n'"
    std::string describe() const;
    // The runtime hands the host function over, which it does when all of a build or update went well.
    void own(void (*release)(void*)) const;
    // Whether a node of the driver that does this can be made to do what `other` says.
    bool sameShape(const NodeWork& other) const;

private:
    struct HostCall;

    using Indices = std::vector<uint32_t>;
    uint32_t add(Part part);
    void join();
    HyResult addKernel(const std::shared_ptr<Device>& device, const HyBackendGraphNode& node);
    void addKernelItself(const HyBackendLaunch& launch, const Indices& after);
    void addCopy(const Device& device, HyCopy3D box, uint32_t hostMask);
    void addFill(const Device& device, HyFill3D fill);
    Indices copyFlat(const HyCopy3D& box, uint32_t hostMask, const Indices& after);
    Indices copyRows(const Device& device, const HyCopy3D& box, uint32_t hostMask, const Indices& after);
    Indices fillWords(CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t pitch, uint64_t width,
                      uint64_t height);
    Indices fillLong(CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t count);
    Indices fillRows(const Device& device, const HyFill3D& fill, const uint8_t* pattern, uint32_t bytes);

    std::vector<Part> parts_;
    std::string name_;
    std::shared_ptr<Kernel> kernel_;
    std::unique_ptr<NodeMemory> memory_;
    std::shared_ptr<HostCall> host_;
};

} // namespace halyard::cuda
