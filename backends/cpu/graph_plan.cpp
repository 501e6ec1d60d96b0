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

constexpr uint32_t kNoSlot = UINT32_MAX;

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

Plan::Slot::Slot(const Slot& other)
    : units(other.units), cost(other.cost.load(std::memory_order_relaxed)), code(other.code), kernel(other.kernel),
      host(other.host), name(other.name) {
    if (other.command == nullptr) {
        return;
    }
    storage = std::make_unique<std::byte[]>(other.command->bytes);
    std::memcpy(storage.get(), other.storage.get(), other.command->bytes);
    command = reinterpret_cast<const Command*>(storage.get());
    if (command->kind == CommandKind::Launch) {
        auto& launch = *reinterpret_cast<LaunchCommand*>(storage.get());
        launch.launch.args = storage.get() + sizeof launch;
        launch.node = name.c_str();
    }
}

HyDim3 Plan::Slot::workgroupSize() const {
    const uint32_t* size = static_cast<const LaunchCommand*>(command)->launch.workgroupSize;
    return {size[0], size[1], size[2]};
}

void Plan::Slot::setCode(CodeObject& newCode) {
    code = Ref<CodeObject>::share(&newCode);
    reinterpret_cast<LaunchCommand*>(storage.get())->code = code.get();
    cost.store(0, std::memory_order_relaxed);
}

Plan::Plan(const Plan& other) : RefCounted<Plan>(), slotOf_(other.slotOf_), steps_(other.steps_) {
    slots_.reserve(other.slots_.size());
    for (const auto& slot : other.slots_) {
        slots_.push_back(std::make_unique<Slot>(*slot));
    }
}

template <class T> T& Plan::makeCommand(Slot& slot, CommandKind kind, uint32_t extraBytes) {
    const auto bytes = static_cast<uint32_t>(sizeof(T) + extraBytes);
    slot.storage = std::make_unique<std::byte[]>(bytes); // aligned as new aligns: to 16 bytes
    T* command = new (slot.storage.get()) T{};
    command->kind = kind;
    command->bytes = bytes;
    slot.command = command;
    return *command;
}

HyResult Plan::fillKernel(Device& device, const HyBackendGraphNode& node, Slot& slot) {
    Kernel& kernel = fromHandle(node.kernel);
    LaunchCommand prepared{};
    if (const HyResult result = kernel.prepareLaunch(*node.launch, prepared); result != HY_SUCCESS) {
        return result;
    }
    auto& command = makeCommand<LaunchCommand>(slot, CommandKind::Launch, kernel.argumentBytes());
    const Command head = command;
    command = prepared;
    static_cast<Command&>(command) = head;
    slot.kernel = Ref<Kernel>::share(&kernel);
    slot.code = Ref<CodeObject>::share(prepared.code);
    slot.name = node.name;
    command.node = slot.name.c_str();
    kernel.packArguments(*node.launch, reinterpret_cast<uint8_t*>(slot.storage.get()) + sizeof command);
    command.launch.args = slot.storage.get() + sizeof command;
    command.launch.cancel = device.cancelFlag();
    return HY_SUCCESS;
}

HyResult Plan::fillSlot(Device& device, const HyBackendGraphNode& node, Slot& slot) {
    if (node.kind == HY_GRAPH_NODE_KERNEL) {
        if (const HyResult result = fillKernel(device, node, slot); result != HY_SUCCESS) {
            return result;
        }
    } else if (node.kind == HY_GRAPH_NODE_COPY) {
        const HyCopy3D& box = *node.copy;
        if (isContiguous(box)) {
            setCopy(makeCommand<CopyCommand>(slot, CommandKind::Copy, 0), box.dst, box.src,
                    box.widthBytes * box.height * box.depth);
        } else {
            setCopyBox(makeCommand<CopyBoxCommand>(slot, CommandKind::CopyBox, 0), box);
        }
    } else if (node.kind == HY_GRAPH_NODE_FILL) {
        const HyFill3D& box = *node.fill;
        if (isContiguous(box)) {
            setFill(makeCommand<FillCommand>(slot, CommandKind::Fill, 0), box.dst, box.pattern, box.patternBytes,
                    box.width * box.patternBytes * box.height * box.depth);
        } else {
            setFillBox(makeCommand<FillBoxCommand>(slot, CommandKind::FillBox, 0), box);
        }
    } else {
        slot.host = Ref<HostCall>::adopt(new HostCall(node.hostFunction, node.hostUser, node.hostRelease));
        return device.dispatcher().start(device.host());
    }
    slot.units = unitsOf(*slot.command);
    return HY_SUCCESS;
}

// Nodes of one level, counted from the start along the longest way, have no order between them. Host functions get
// steps of their own, because another thread calls them.
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
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
        return std::pair(level[a], isHost(a)) < std::pair(level[b], isHost(b));
    });
    slotOf_.assign(count, kNoSlot);
    for (uint32_t slot = 0; slot < order.size(); ++slot) {
        const uint32_t node = order[slot];
        slotOf_[node] = slot;
        if (slot != 0 && !isHost(node) && level[order[slot - 1]] == level[node]) {
            ++steps_.back().count;
        } else {
            steps_.push_back({slot, 1, isHost(node)});
        }
    }
    slots_.resize(order.size());
}

HyResult Plan::build(Device& device, const HyBackendGraphNode* const* nodes, uint32_t count) {
    schedule(nodes, count);
    HyResult result = HY_SUCCESS;
    for (uint32_t i = 0; i < count && result == HY_SUCCESS; ++i) {
        if (slotOf_[i] != kNoSlot) {
            slots_[slotOf_[i]] = std::make_unique<Slot>();
            result = fillSlot(device, *nodes[i], *slots_[slotOf_[i]]);
        }
    }
    return result;
}

HyResult Plan::replace(Device& device, uint32_t index, const HyBackendGraphNode& node) {
    if (slotOf_[index] == kNoSlot) {
        return HY_SUCCESS;
    }
    auto slot = std::make_unique<Slot>();
    const HyResult result = fillSlot(device, node, *slot);
    // Also after a failure: the functions of this plan are the runtime's then, and it must find them to let go of them.
    slots_[slotOf_[index]] = std::move(slot);
    return result;
}

void Plan::disownHostCalls(const Plan* except) {
    for (size_t i = 0; i < slots_.size(); ++i) {
        const bool kept = except != nullptr && slots_[i] && slots_[i]->host.get() == except->slots_[i]->host.get();
        if (slots_[i] && slots_[i]->host && !kept) {
            slots_[i]->host->disown();
        }
    }
}

bool Plan::hasNewCode() const noexcept {
    bool found = false;
    const Kernel* last = nullptr;
    HyDim3 lastSize{};
    for (const auto& slot : slots_) {
        if (!slot->kernel || slot->kernel->isSpecialised(*slot->code)) {
            continue;
        }
        const HyDim3 size = slot->workgroupSize();
        // Chains of one kernel are common; asking once is enough.
        if (slot->kernel.get() == last && size.x == lastSize.x && size.y == lastSize.y && size.z == lastSize.z) {
            continue;
        }
        last = slot->kernel.get();
        lastSize = size;
        found = found || &slot->kernel->select(size) != slot->code.get();
    }
    return found;
}

void Plan::takeNewCode() noexcept {
    for (const auto& slot : slots_) {
        if (slot->kernel && !slot->kernel->isSpecialised(*slot->code)) {
            slot->setCode(slot->kernel->select(slot->workgroupSize()));
        }
    }
}

} // namespace halyard::cpu
