#include "graph_plan.h"

#include "address.h"
#include "device.h"
#include "handles.h"
#include "transfer.h"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace halyard::cpu {

namespace {

uint64_t unitsOf(const Command& command) {
    switch (command.kind) {
    case CommandKind::Launch:
        return static_cast<const LaunchCommand&>(command).groups;
    case CommandKind::Copy:
        return pieceCount(static_cast<const CopyCommand&>(command));
    case CommandKind::CopyBox:
        return pieceCount(static_cast<const CopyBoxCommand&>(command));
    case CommandKind::Fill:
        return pieceCount(static_cast<const FillCommand&>(command));
    default:
        return pieceCount(static_cast<const FillBoxCommand&>(command));
    }
}

} // namespace

HyDim3 Slot::workgroupSize() const {
    const uint32_t* size = static_cast<const LaunchCommand*>(command_)->launch.workgroupSize;
    return {size[0], size[1], size[2]};
}

Ref<Slot> Slot::withCode(CodeObject& code) const {
    auto slot = Ref<Slot>::adopt(new Slot);
    slot->kernel_ = kernel_;
    slot->name_ = name_;
    slot->units_ = units_;
    slot->code_ = Ref<CodeObject>::share(&code);
    slot->storage_ = std::make_unique<std::byte[]>(command_->bytes);
    std::memcpy(slot->storage_.get(), storage_.get(), command_->bytes);
    auto& launch = *reinterpret_cast<LaunchCommand*>(slot->storage_.get());
    if (!kernel_->changeCode(launch, code)) {
        return {};
    }
    launch.node = slot->name_.c_str();
    launch.launch.args = slot->storage_.get() + sizeof launch;
    slot->command_ = &launch;
    return slot;
}

template <class T> T& Slot::makeCommand(CommandKind kind, uint32_t extraBytes) {
    const auto bytes = static_cast<uint32_t>(sizeof(T) + extraBytes);
    storage_ = std::make_unique<std::byte[]>(bytes); // aligned as new aligns: to 16 bytes
    T* command = new (storage_.get()) T{};
    command->kind = kind;
    command->bytes = bytes;
    command_ = command;
    return *command;
}

HyResult Slot::setKernel(Device& device, const HyBackendGraphNode& node) {
    Kernel& kernel = fromHandle(node.kernel);
    Kernel::Prepared prepared;
    if (const HyResult result = kernel.prepareLaunch(*node.launch, prepared); result != HY_SUCCESS) {
        return result;
    }
    auto& command = makeCommand<LaunchCommand>(CommandKind::Launch, kernel.argumentBytes());
    kernel.fillCommand(*node.launch, prepared, device.cancelFlag(),
                       reinterpret_cast<uint8_t*>(storage_.get()) + sizeof command, command);
    kernel_ = Ref<Kernel>::share(&kernel);
    code_ = Ref<CodeObject>::share(prepared.code);
    name_ = node.name;
    command.node = name_.c_str();
    return HY_SUCCESS;
}

void Slot::setTransfer(const HyBackendGraphNode& node) {
    if (node.kind == HY_GRAPH_NODE_COPY) {
        const HyCopy3D& box = *node.copy;
        if (isContiguous(box)) {
            setCopy(makeCommand<CopyCommand>(CommandKind::Copy, 0), box.dst, box.src,
                    box.widthBytes * box.height * box.depth);
        } else {
            setCopyBox(makeCommand<CopyBoxCommand>(CommandKind::CopyBox, 0), box);
        }
        return;
    }
    const HyFill3D& box = *node.fill;
    if (isContiguous(box)) {
        setFill(makeCommand<FillCommand>(CommandKind::Fill, 0), box.dst, box.pattern, box.patternBytes,
                box.width * box.patternBytes * box.height * box.depth);
    } else {
        setFillBox(makeCommand<FillBoxCommand>(CommandKind::FillBox, 0), box);
    }
}

HyResult Slot::make(Device& device, const HyBackendGraphNode& node, Ref<Slot>& outSlot) {
    auto slot = Ref<Slot>::adopt(new Slot);
    if (node.kind == HY_GRAPH_NODE_HOST_FUNCTION) {
        if (const HyResult result = device.dispatcher().start(device.host()); result != HY_SUCCESS) {
            return result;
        }
        slot->host_ = Ref<HostCall>::adopt(new HostCall(node.hostFunction, node.hostUser));
    } else if (node.kind == HY_GRAPH_NODE_KERNEL) {
        if (const HyResult result = slot->setKernel(device, node); result != HY_SUCCESS) {
            return result;
        }
        slot->units_ = unitsOf(*slot->command_);
    } else {
        slot->setTransfer(node);
        slot->units_ = unitsOf(*slot->command_);
    }
    outSlot = std::move(slot);
    return HY_SUCCESS;
}

bool needsAllAtOnce(const HyBackendGraphNode& node) {
    return node.kind == HY_GRAPH_NODE_KERNEL && (node.launch->flags & HY_LAUNCH_COOPERATIVE) != 0;
}

bool Slot::cooperative() const {
    return kernel_ && static_cast<const LaunchCommand&>(*command_).cooperative;
}

// Nodes of one level, counted from the start along the longest way, have no order between them. Host functions get
// steps of their own, because another thread calls them; cooperative launches, because they need all workers.
void Plan::schedule(const HyBackendGraphNode* const* nodes, uint32_t count) {
    std::vector<uint32_t> level(count);
    std::vector<uint32_t> order;
    for (uint32_t i = 0; i < count; ++i) {
        const HyBackendGraphNode& node = *nodes[i];
        for (uint32_t d = 0; d < node.dependencyCount; ++d) {
            const uint32_t before = node.dependencies[d];
            const uint32_t work = nodes[before]->kind != HY_GRAPH_NODE_EMPTY ? 1 : 0;
            level[i] = std::max(level[i], level[before] + work);
        }
        if (node.kind != HY_GRAPH_NODE_EMPTY) {
            order.push_back(i);
        }
    }
    const auto isHost = [&](uint32_t node) { return nodes[node]->kind == HY_GRAPH_NODE_HOST_FUNCTION; };
    const auto isAlone = [&](uint32_t node) { return isHost(node) || needsAllAtOnce(*nodes[node]); };
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return std::pair(level[a], isAlone(a)) < std::pair(level[b], isAlone(b));
    });
    slotOf_.assign(count, kNoSlot);
    for (uint32_t slot = 0; slot < order.size(); ++slot) {
        const uint32_t node = order[slot];
        slotOf_[node] = slot;
        if (slot != 0 && !isAlone(node) && level[order[slot - 1]] == level[node]) {
            ++steps_.back().count;
        } else {
            steps_.push_back({slot, 1, isHost(node), needsAllAtOnce(*nodes[node])});
        }
        stepOf_.push_back(static_cast<uint32_t>(steps_.size() - 1));
        const bool first = slot == 0 || level[order[slot - 1]] != level[node];
        const bool last = slot + 1 == order.size() || level[order[slot + 1]] != level[node];
        steps_.back().alone = first && last;
    }
    slots_.resize(order.size());
}

// Through empty nodes, which have no slots.
void Plan::findOrder(const HyBackendGraphNode* const* nodes, uint32_t count) {
    constexpr size_t kMostEdgesPerNode = 8;
    constexpr size_t kMostEdges = 1024;
    std::vector<std::vector<uint32_t>> before(count); // the slots that a node comes after
    size_t most = kMostEdges + kMostEdgesPerNode * count;
    for (uint32_t i = 0; i < count; ++i) {
        most += nodes[i]->dependencyCount;
    }
    size_t edges = 0;
    for (uint32_t i = 0; i < count; ++i) {
        for (uint32_t d = 0; d < nodes[i]->dependencyCount; ++d) {
            const uint32_t node = nodes[i]->dependencies[d];
            if (slotOf_[node] != kNoSlot) {
                before[i].push_back(slotOf_[node]);
            } else {
                before[i].insert(before[i].end(), before[node].begin(), before[node].end());
            }
        }
        std::sort(before[i].begin(), before[i].end());
        before[i].erase(std::unique(before[i].begin(), before[i].end()), before[i].end());
        edges += before[i].size();
        if (edges > most) {
            return;
        }
    }
    order_.first.resize(slots_.size() + 1);
    for (uint32_t i = 0; i < count; ++i) {
        for (const uint32_t slot : before[i]) {
            order_.first[slot + 1] += slotOf_[i] != kNoSlot ? 1 : 0;
        }
    }
    std::partial_sum(order_.first.begin(), order_.first.end(), order_.first.begin());
    order_.successors.resize(order_.first.back());
    std::vector<uint32_t> next(order_.first.begin(), order_.first.end() - 1);
    for (uint32_t i = 0; i < count; ++i) {
        for (const uint32_t slot : before[i]) {
            if (slotOf_[i] != kNoSlot) {
                order_.successors[next[slot]++] = slotOf_[i];
            }
        }
    }
    flow_.reserve(static_cast<uint32_t>(slots_.size()));
    findJoins();
}

// A slot alone in its level comes after all that is before when each of those has a successor no later than it.
void Plan::findJoins() {
    uint32_t reach = 0; // the latest of the first successors so far
    uint32_t slot = 0;
    for (Step& step : steps_) {
        step.joins = step.alone && reach <= step.first;
        for (; slot < step.first + step.count; ++slot) {
            uint32_t next = kNoSlot;
            forEachSuccessor(slot, [&](uint32_t after) { next = std::min(next, after); });
            reach = std::max(reach, next);
        }
    }
}

HyResult Plan::build(Device& device, const HyBackendGraphNode* const* nodes, uint32_t count) {
    schedule(nodes, count);
    findOrder(nodes, count);
    for (uint32_t i = 0; i < count; ++i) {
        if (slotOf_[i] == kNoSlot) {
            continue;
        }
        if (const HyResult result = Slot::make(device, *nodes[i], slots_[slotOf_[i]]); result != HY_SUCCESS) {
            return result;
        }
    }
    for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
        prepare(slot);
    }
    for (uint32_t i = 0; i < count; ++i) {
        if (nodes[i]->kind == HY_GRAPH_NODE_HOST_FUNCTION) {
            slots_[slotOf_[i]]->host()->own(nodes[i]->hostRelease);
        }
    }
    return HY_SUCCESS;
}

void Plan::prepare(uint32_t index) {
    const Slot& slot = *slots_[index];
    Step& step = steps_[stepOf_[index]];
    step.run = nullptr;
    if (slot.kernel() == nullptr) {
        return;
    }
    const auto& command = static_cast<const LaunchCommand&>(slot.command());
    if (step.count == 1 && slot.units() == 1) {
        step.run = command.code->entry();
        step.launch = &command.launch;
        quickLocalBytes_ = std::max(quickLocalBytes_, command.localBytes);
        quickScratchBytes_ = std::max(quickScratchBytes_, command.scratchBytes);
    }
    if (slot.kernel()->isFinal(slot.code())) {
        return;
    }
    const HyDim3 size = slot.workgroupSize();
    const bool known = std::any_of(improvable_.begin(), improvable_.end(), [&](uint32_t other) {
        if (slots_[other]->kernel() != slot.kernel()) {
            return false;
        }
        const HyDim3 theirs = slots_[other]->workgroupSize();
        return theirs.x == size.x && theirs.y == size.y && theirs.z == size.z;
    });
    if (!known) {
        improvable_.push_back(index);
    }
}

void Plan::replace(uint32_t node, Ref<Slot> slot) noexcept {
    slots_[slotOf_[node]] = std::move(slot);
    prepare(slotOf_[node]);
}

bool Plan::hasNewCode() const noexcept {
    bool found = false;
    for (const uint32_t index : improvable_) {
        const Slot& slot = *slots_[index];
        if (slot.kernel() != nullptr && !slot.kernel()->isFinal(slot.code())) {
            found = &slot.kernel()->select(slot.workgroupSize()) != &slot.code() || found;
        }
    }
    return found;
}

void Plan::takeNewCode() {
    improvable_.clear();
    for (uint32_t i = 0; i < slots_.size(); ++i) {
        Ref<Slot>& slot = slots_[i];
        if (slot->kernel() == nullptr || slot->kernel()->isFinal(slot->code())) {
            continue;
        }
        CodeObject& code = slot->kernel()->select(slot->workgroupSize());
        if (&code != &slot->code()) {
            Ref<Slot> changed = slot->withCode(code);
            slot = changed ? std::move(changed) : slot;
        }
        prepare(i);
    }
}

} // namespace halyard::cpu
