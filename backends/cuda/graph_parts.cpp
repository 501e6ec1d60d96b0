#include "graph_parts.h"

#include "handles.h"
#include "print.h"
#include "transfer.h"

#include "jit/ptx_kernel_abi.h"

#include <algorithm>
#include <cstring>

namespace halyard::cuda {

// Released by whoever is last: the work, or a launch that is still to call it.
struct NodeWork::HostCall {
    HyHostFunction function = nullptr;
    void* user = nullptr;
    void (*release)(void*) = nullptr;
    ~HostCall() {
        if (release != nullptr)
            release(user);
    }
};

NodeMemory::~NodeMemory() {
    Device* const device = device_.get();
    device->leftovers().keep([device, print = print_, grid = grid_, host = printHost_] {
        const Symbols& cu = device->cu();
        if (print != 0)
            cu.cuMemFree_v2(print);
        if (grid != 0)
            cu.cuMemFree_v2(grid);
        if (host != nullptr)
            cu.cuMemFreeHost(host);
    });
}

HyResult NodeMemory::allocatePrint() {
    constexpr size_t kBytes = sizeof(HyPtxPrintBuffer) + Stream::kPrintBytes;
    const Current current = enterContext(*device_);
    if (const HyResult result =
            device_->check(device_->cu().cuMemAlloc_v2(&print_, kBytes), "allocate memory for printf");
        result != HY_SUCCESS)
        return result;
    void* host = nullptr;
    const HyResult result = device_->check(device_->cu().cuMemHostAlloc(&host, kBytes, kMemHostPortable),
                                           "allocate pinned memory for printf");
    printHost_ = static_cast<uint8_t*>(host);
    return result;
}

HyResult NodeMemory::allocateGrid() {
    const Current current = enterContext(*device_);
    return device_->check(device_->cu().cuMemAlloc_v2(&grid_, sizeof(HyPtxGridBarrier)),
                          "allocate memory for a grid's barrier");
}

NodeWork::~NodeWork() {
    for (const Part& part : parts_) {
        if (const auto* host = std::get_if<HostPart>(&part.what))
            HostCalls::dropTurns(host->turns);
    }
}

void NodeWork::own(void (*release)(void*)) const {
    if (host_ != nullptr)
        host_->release = release;
}

std::string NodeWork::describe() const {
    const std::string node = name_.empty() ? "a node of a graph" : "node '" + name_ + "'";
    return kernel_ == nullptr ? node : std::string("kernel '") + kernel_->name() + "' of " + node;
}

uint32_t NodeWork::add(Part part) {
    parts_.push_back(std::move(part));
    return static_cast<uint32_t>(parts_.size() - 1);
}

void NodeWork::join() {
    std::vector<bool> followed(parts_.size());
    for (const Part& part : parts_) {
        for (const uint32_t before : part.after)
            followed[before] = true;
    }
    Indices ends;
    for (uint32_t i = 0; i < parts_.size(); ++i) {
        if (!followed[i])
            ends.push_back(i);
    }
    if (ends.size() != 1 || ends[0] + 1 != parts_.size())
        add({EmptyPart{}, std::move(ends)});
}

HyResult NodeWork::make(const std::shared_ptr<Device>& device, const HyBackendGraphNode& node,
                        std::shared_ptr<NodeWork>& out) {
    auto work = std::make_shared<NodeWork>();
    work->name_ = node.name != nullptr ? node.name : "";
    switch (node.kind) {
    case HY_GRAPH_NODE_KERNEL:
        if (const HyResult result = work->addKernel(device, node); result != HY_SUCCESS)
            return result;
        break;
    case HY_GRAPH_NODE_COPY:
        work->addCopy(*device, *node.copy, node.hostMask);
        break;
    case HY_GRAPH_NODE_FILL:
        work->addFill(*device, *node.fill);
        break;
    case HY_GRAPH_NODE_HOST_FUNCTION: {
        work->host_ = std::make_shared<HostCall>(HostCall{node.hostFunction, node.hostUser});
        const auto call = [host = work->host_, &turn = device->userCalls().turn()](HyResult status) {
            // What is told that its work was dropped waits for nobody.
            const auto lock = status == HY_SUCCESS ? std::unique_lock(turn) : std::unique_lock<std::mutex>();
            host->function(host->user, status);
        };
        work->add({HostPart{call, HostCalls::makeTurns()}, {}});
        break;
    }
    case HY_GRAPH_NODE_EMPTY:
        work->add({EmptyPart{}, {}});
        break;
    default:
        return device->host().fail(
            {HY_ERROR_UNSUPPORTED, "the cuda backend does not know the kind of graph " + work->describe()});
    }
    work->join();
    out = std::move(work);
    return HY_SUCCESS;
}

void NodeWork::addKernelItself(const HyBackendLaunch& launch, const Indices& after) {
    KernelPart part;
    part.function = kernel_->function();
    part.workgroups = launch.workgroups;
    part.workgroupSize = launch.workgroupSize;
    part.clusterSize = launch.clusterSize;
    part.cooperative = (launch.flags & HY_LAUNCH_COOPERATIVE) != 0;
    std::vector<void*> pointers(kernel_->parameterCount());
    std::vector<uint64_t> hidden(kernel_->hiddenCount());
    part.sharedBytes =
        kernel_->fillArguments(launch, memory_->print(), memory_->grid(), hidden.data(), pointers.data());
    for (size_t i = 0; i < pointers.size(); ++i) {
        const bool own = i < kernel_->parameters().size();
        const uint32_t bytes = own ? kernel_->parameters()[i].bytes : sizeof(uint64_t);
        // PTX aligns parameters to 16 bytes at most, and so does the driver's own copy.
        part.offsets.push_back(static_cast<uint32_t>(part.values.size()));
        part.values.resize(part.values.size() + (bytes + sizeof(uint64_t) - 1) / sizeof(uint64_t));
        std::memcpy(part.values.data() + part.offsets.back(), pointers[i], bytes);
    }
    add({std::move(part), after});
}

HyResult NodeWork::addKernel(const std::shared_ptr<Device>& device, const HyBackendGraphNode& node) {
    kernel_ = fromHandle(node.kernel);
    if (const HyResult result = kernel_->checkMultiple(node.launch->workgroupSize); result != HY_SUCCESS)
        return result;
    memory_ = std::make_unique<NodeMemory>(device);
    Indices before;
    if (kernel_->needsGrid()) {
        if (const HyResult result = memory_->allocateGrid(); result != HY_SUCCESS)
            return result;
        // Before every launch: one that was stopped leaves anything behind.
        before.push_back(add({CUDA_MEMSET_NODE_PARAMS{memory_->grid(), 0, 0, sizeof(uint32_t),
                                                      sizeof(HyPtxGridBarrier) / sizeof(uint32_t), 1},
                              {}}));
    }
    if (!kernel_->needsPrint()) {
        addKernelItself(*node.launch, before);
        return HY_SUCCESS;
    }
    if (const HyResult result = memory_->allocatePrint(); result != HY_SUCCESS)
        return result;
    const std::pair<size_t, uint32_t> header[] = {{offsetof(HyPtxPrintBuffer, used), 0},
                                                  {offsetof(HyPtxPrintBuffer, capacity), Stream::kPrintBytes},
                                                  {offsetof(HyPtxPrintBuffer, lost), 0}};
    for (const auto& [offset, value] : header)
        before.push_back(
            add({CUDA_MEMSET_NODE_PARAMS{memory_->print() + offset, 0, value, sizeof(uint32_t), 1, 1}, {}}));
    addKernelItself(*node.launch, before);
    const auto kernel = static_cast<uint32_t>(parts_.size() - 1);
    constexpr uint64_t kBytes = sizeof(HyPtxPrintBuffer) + Stream::kPrintBytes;
    const auto host = reinterpret_cast<CUdeviceptr>(memory_->printHost());
    const HyCopy3D fetch{sizeof fetch, 0,      nullptr, host, memory_->print(), kBytes, kBytes, kBytes,
                         kBytes,       kBytes, 1,       1};
    const Indices fetched = copyFlat(fetch, HY_BACKEND_COPY_DST_HOST, {kernel});
    const auto deliver = [services = device->host(), formats = kernel_->image()->formats(), name = kernel_->name(),
                          records = memory_->printHost()](HyResult status) {
        if (status == HY_SUCCESS)
            deliverPrint(services, *formats, name, records);
    };
    add({HostPart{deliver, HostCalls::makeTurns()}, fetched});
    return HY_SUCCESS;
}

namespace {

constexpr uint64_t kPiece = uint64_t{1} << 30; // below every device's largest pitch

CUDA_MEMCPY3D describeCopy(const HyCopy3D& box, uint32_t hostMask) {
    CUDA_MEMCPY3D out{};
    out.srcMemoryType = out.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
    out.srcDevice = box.src;
    out.dstDevice = box.dst;
    // NOLINTBEGIN(performance-no-int-to-ptr): addresses of the interface are numbers
    if ((hostMask & HY_BACKEND_COPY_SRC_HOST) != 0) {
        out.srcMemoryType = CU_MEMORYTYPE_HOST;
        out.srcHost = reinterpret_cast<const void*>(box.src);
        out.srcDevice = 0;
    }
    if ((hostMask & HY_BACKEND_COPY_DST_HOST) != 0) {
        out.dstMemoryType = CU_MEMORYTYPE_HOST;
        out.dstHost = reinterpret_cast<void*>(box.dst);
        out.dstDevice = 0;
    }
    // NOLINTEND(performance-no-int-to-ptr)
    out.srcPitch = box.srcRowPitch;
    out.dstPitch = box.dstRowPitch;
    out.srcHeight = box.depth > 1 ? box.srcSlicePitch / box.srcRowPitch : box.height;
    out.dstHeight = box.depth > 1 ? box.dstSlicePitch / box.dstRowPitch : box.height;
    out.WidthInBytes = box.widthBytes;
    out.Height = box.height;
    out.Depth = box.depth;
    return out;
}

bool flat(const HyCopy3D& box) {
    const bool rows = box.height == 1 || (box.dstRowPitch == box.widthBytes && box.srcRowPitch == box.widthBytes);
    const uint64_t slice = box.widthBytes * box.height;
    return rows && (box.depth == 1 || (box.dstSlicePitch == slice && box.srcSlicePitch == slice));
}

} // namespace

// Bytes one after another, whatever the box says of rows.
NodeWork::Indices NodeWork::copyFlat(const HyCopy3D& box, uint32_t hostMask, const Indices& after) {
    const uint64_t bytes = box.widthBytes * box.height * box.depth;
    Indices made;
    for (uint64_t at = 0; at < bytes; at += kPiece) {
        HyCopy3D piece = box;
        piece.dst += at;
        piece.src += at;
        piece.widthBytes = std::min(kPiece, bytes - at);
        piece.height = piece.depth = 1;
        piece.dstRowPitch = piece.srcRowPitch = piece.widthBytes;
        made.push_back(add({describeCopy(piece, hostMask), after}));
    }
    return made;
}

// One slice.
NodeWork::Indices NodeWork::copyRows(const Device& device, const HyCopy3D& box, uint32_t hostMask,
                                     const Indices& after) {
    if (flat(box))
        return copyFlat(box, hostMask, after);
    const uint64_t limit = device.info().maxPitch;
    if (box.dstRowPitch <= limit && box.srcRowPitch <= limit)
        return {add({describeCopy(box, hostMask), after})};
    Indices made;
    for (uint64_t y = 0; y < box.height; ++y) {
        HyCopy3D row = box;
        row.dst += y * box.dstRowPitch;
        row.src += y * box.srcRowPitch;
        row.height = 1;
        const Indices pieces = copyFlat(row, hostMask, after);
        made.insert(made.end(), pieces.begin(), pieces.end());
    }
    return made;
}

void NodeWork::addCopy(const Device& device, HyCopy3D box, uint32_t hostMask) {
    if (box.height == 1 && box.depth > 1) {
        box.height = std::exchange(box.depth, 1);
        box.dstRowPitch = box.dstSlicePitch;
        box.srcRowPitch = box.srcSlicePitch;
    }
    const uint64_t limit = device.info().maxPitch;
    if (flat(box)) {
        copyFlat(box, hostMask, {});
        return;
    }
    if (box.depth > 1 && box.dstRowPitch <= limit && box.srcRowPitch <= limit &&
        box.dstSlicePitch % box.dstRowPitch == 0 && box.srcSlicePitch % box.srcRowPitch == 0) {
        add({describeCopy(box, hostMask), {}});
        return;
    }
    for (uint64_t z = 0; z < box.depth; ++z) {
        HyCopy3D slice = box;
        slice.dst += z * box.dstSlicePitch;
        slice.src += z * box.srcSlicePitch;
        slice.depth = 1;
        copyRows(device, slice, hostMask, {});
    }
}

NodeWork::Indices NodeWork::fillWords(CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t pitch,
                                      uint64_t width, uint64_t height) {
    uint32_t value = 0;
    std::memcpy(&value, pattern, bytes);
    return {add({CUDA_MEMSET_NODE_PARAMS{dst, height == 1 ? 0 : pitch, value, bytes, width, height}, {}})};
}

// As fillBox does it: the first few by columns of 4 bytes, then copies of what is there, twice as much each time.
NodeWork::Indices NodeWork::fillLong(CUdeviceptr dst, const uint8_t* pattern, uint32_t bytes, uint64_t count) {
    constexpr uint64_t kByColumns = 1024;
    const uint64_t first = std::min(count, kByColumns);
    Indices last;
    for (uint32_t at = 0; at < bytes; at += sizeof(uint32_t))
        last.push_back(fillWords(dst + at, pattern + at, sizeof(uint32_t), bytes, 1, first)[0]);
    for (uint64_t done = first; done < count;) {
        const uint64_t more = std::min(done, count - done);
        HyCopy3D copy{};
        copy.dst = dst + done * bytes;
        copy.src = dst;
        copy.widthBytes = more * bytes;
        copy.height = copy.depth = 1;
        last = copyFlat(copy, 0, last);
        done += more;
    }
    return last;
}

// One slice.
NodeWork::Indices NodeWork::fillRows(const Device& device, const HyFill3D& fill, const uint8_t* pattern,
                                     uint32_t bytes) {
    const bool words = bytes <= sizeof(uint32_t);
    if (fill.height == 1 || fill.rowPitch == fill.width * bytes) {
        const uint64_t count = fill.width * fill.height;
        return words ? fillWords(fill.dst, pattern, bytes, 0, count, 1) : fillLong(fill.dst, pattern, bytes, count);
    }
    if (words && fill.rowPitch <= device.info().maxPitch)
        return fillWords(fill.dst, pattern, bytes, fill.rowPitch, fill.width, fill.height);
    Indices last =
        words ? fillWords(fill.dst, pattern, bytes, 0, fill.width, 1) : fillLong(fill.dst, pattern, bytes, fill.width);
    for (uint64_t done = 1; done < fill.height;) {
        const uint64_t more = std::min(done, fill.height - done);
        HyCopy3D copy{};
        copy.dst = fill.dst + done * fill.rowPitch;
        copy.src = fill.dst;
        copy.dstRowPitch = copy.srcRowPitch = fill.rowPitch;
        copy.widthBytes = fill.width * bytes;
        copy.height = more;
        copy.depth = 1;
        last = copyRows(device, copy, 0, last);
        done += more;
    }
    return last;
}

void NodeWork::addFill(const Device& device, HyFill3D fill) {
    const auto* pattern = static_cast<const uint8_t*>(fill.pattern);
    const uint32_t bytes = shortestPattern(pattern, fill.patternBytes);
    fill.width *= fill.patternBytes / bytes;
    if (fill.height == 1 && fill.depth > 1) {
        fill.height = std::exchange(fill.depth, 1);
        fill.rowPitch = fill.slicePitch;
    }
    if (fill.depth > 1 && fill.slicePitch == fill.rowPitch * fill.height)
        fill.height *= std::exchange(fill.depth, 1);
    for (uint64_t z = 0; z < fill.depth; ++z) {
        HyFill3D slice = fill;
        slice.dst += z * fill.slicePitch;
        fillRows(device, slice, pattern, bytes);
    }
}

namespace {

bool same(HyDim3 a, HyDim3 b) {
    return a.x == b.x && a.y == b.y && a.z == b.z;
}

bool oneLine(const CUDA_MEMCPY3D& copy) {
    return copy.Height == 1 && copy.Depth == 1;
}

// The driver changes copies and fills of one dimension only, and neither the kinds of memory nor attributes.
bool sameShapeOf(const EmptyPart& /*a*/, const EmptyPart& /*b*/) {
    return true;
}
bool sameShapeOf(const KernelPart& a, const KernelPart& b) {
    return a.cooperative == b.cooperative && same(a.clusterSize, b.clusterSize);
}
bool sameShapeOf(const CUDA_MEMCPY3D& a, const CUDA_MEMCPY3D& b) {
    return oneLine(a) && oneLine(b) && a.srcMemoryType == b.srcMemoryType && a.dstMemoryType == b.dstMemoryType;
}
bool sameShapeOf(const CUDA_MEMSET_NODE_PARAMS& a, const CUDA_MEMSET_NODE_PARAMS& b) {
    return a.height == 1 && b.height == 1 && a.elementSize == b.elementSize;
}
bool sameShapeOf(const HostPart& /*a*/, const HostPart& /*b*/) {
    return true;
}

} // namespace

bool NodeWork::sameShape(const NodeWork& other) const {
    return std::equal(parts_.begin(), parts_.end(), other.parts_.begin(), other.parts_.end(),
                      [](const Part& a, const Part& b) {
                          return a.what.index() == b.what.index() && a.after == b.after &&
                                 std::visit(
                                     [&b](const auto& what) {
                                         return sameShapeOf(what, std::get<std::decay_t<decltype(what)>>(b.what));
                                     },
                                     a.what);
                      });
}

} // namespace halyard::cuda
