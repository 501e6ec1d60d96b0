#include "graph/definition.h"

#include "api/check.h"
#include "api/launch_check.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace halyard::graph {
namespace {

HyDevicePtr readAddress(const KernelWork& work, uint32_t parameter) {
    HyDevicePtr address = 0;
    std::memcpy(&address, work.arguments.data() + work.kernel->parameters[parameter].offset, sizeof address);
    return address;
}

HyResult validateKernel(const Device& device, const KernelWork& work) {
    const Kernel& kernel = *work.kernel;
    HyBackendLaunch launch = work.launch;
    launch.packedArgs = work.arguments.data();
    HY_TRY(checkLaunch(device, kernel, launch));
    for (uint32_t i = 0; i < kernel.parameterCount; ++i) {
        if (kernel.parameters[i].kind != HY_PARAMETER_GLOBAL_POINTER)
            continue;
        const HyDevicePtr address = readAddress(work, i);
        const AddressMap& addresses = device.instance->addresses;
        const Located::Kind kind = addresses.locate(address).kind;
        const bool lost = kind == Located::Kind::Unknown && address != 0 && addresses.isNobodys(address);
        if (kind == Located::Kind::Stale || lost) {
            return fail(HY_ERROR_INVALID_ADDRESS, "graph",
                        "add the node after the memory is allocated, and free it last",
                        "args[{}] ({}) is {:#x}, a device address that belongs to no live allocation", i,
                        kernel.info.parameters[i].name, address);
        }
    }
    return HY_SUCCESS;
}

template <typename Visit> void forAddresses(const Node& node, Visit&& visit) {
    if (const auto* work = std::get_if<KernelWork>(&node.work)) {
        for (uint32_t i = 0; i < work->kernel->parameterCount; ++i) {
            if (work->kernel->parameters[i].kind == HY_PARAMETER_GLOBAL_POINTER)
                visit(readAddress(*work, i));
        }
    } else if (const auto* copy = std::get_if<CopyWork>(&node.work)) {
        visit(copy->box.dst);
        visit(copy->box.src);
    } else if (const auto* fill = std::get_if<FillWork>(&node.work)) {
        visit(fill->box.dst);
    }
}

// The nodes of a flat graph that come after `from`, itself included.
std::vector<bool> reachable(const std::vector<Node>& nodes, const std::vector<uint32_t>& from) {
    std::vector<bool> reached(nodes.size());
    for (const uint32_t node : from)
        reached[node] = true;
    for (size_t i = 0; i < nodes.size(); ++i) {
        for (const uint32_t before : nodes[i].dependencies)
            reached[i] = reached[i] || reached[before];
    }
    return reached;
}

std::vector<bool> reaching(const std::vector<Node>& nodes, const std::vector<uint32_t>& to) {
    std::vector<bool> reached(nodes.size());
    for (const uint32_t node : to)
        reached[node] = true;
    for (size_t i = nodes.size(); i-- > 0;) {
        for (const uint32_t before : nodes[i].dependencies)
            reached[before] = reached[before] || reached[i];
    }
    return reached;
}

struct Life {
    const Memory* memory = nullptr;
    std::vector<uint32_t> begins, ends;
};

HyResult failLife(const FlatGraph& flat, uint32_t user, uint32_t edge, bool begin) {
    const std::vector<Node>& nodes = flat.definition.nodes;
    return blameNode(nodes[user], flat.origins[user],
                     fail(HY_ERROR_INVALID_STATE, "graph",
                          "add the dependency that orders them (hyGraphAddDependencies)",
                          "it uses the memory of {} and is not certain to run {} it",
                          describe(nodes[edge], flat.origins[edge]), begin ? "after" : "before"));
}

// A graph that allocates twice by the same child has several begins and ends for one memory; being between some begin
// and some end is then what can be asked for.
HyResult validateLife(const FlatGraph& flat, const Life& life, const std::vector<uint32_t>& users) {
    const std::vector<Node>& nodes = flat.definition.nodes;
    const std::vector<bool> begun = reachable(nodes, life.begins);
    const std::vector<bool> ending = reaching(nodes, life.ends);
    for (const uint32_t user : users) {
        if (!begun[user])
            return failLife(flat, user, life.begins.front(), true);
        if (life.ends.size() >= life.begins.size() && !ending[user])
            return failLife(flat, user, life.ends.front(), false);
    }
    return HY_SUCCESS;
}

HyResult validateLives(const FlatGraph& flat) {
    const std::vector<Node>& nodes = flat.definition.nodes;
    std::map<HyDevicePtr, Life> lives;
    for (uint32_t i = 0; i < nodes.size(); ++i) {
        if (const auto* alloc = std::get_if<AllocWork>(&nodes[i].work)) {
            Life& life = lives[alloc->memory->base()];
            life.memory = alloc->memory.get();
            life.begins.push_back(i);
        }
    }
    if (lives.empty())
        return HY_SUCCESS;
    const auto find = [&](HyDevicePtr address) -> Life* {
        auto next = lives.upper_bound(address);
        return next != lives.begin() && std::prev(next)->second.memory->contains(address) ? &std::prev(next)->second
                                                                                          : nullptr;
    };
    std::map<const Life*, std::vector<uint32_t>> users;
    for (uint32_t i = 0; i < nodes.size(); ++i) {
        if (const auto* end = std::get_if<FreeWork>(&nodes[i].work)) {
            if (Life* life = find(end->memory->base()); life != nullptr) {
                life->ends.push_back(i);
                users[life].push_back(i); // freeing comes after allocating
            }
        }
        forAddresses(nodes[i], [&](HyDevicePtr address) {
            if (const Life* life = find(address); life != nullptr)
                users[life].push_back(i);
        });
    }
    for (const auto& [life, nodesOfLife] : users)
        HY_TRY(validateLife(flat, *life, nodesOfLife));
    return HY_SUCCESS;
}

} // namespace

HyResult validateNode(const Device& device, const Node& node, size_t index) {
    HyResult result = HY_SUCCESS;
    uint32_t mask = 0;
    if (const auto* kernel = std::get_if<KernelWork>(&node.work))
        result = validateKernel(device, *kernel);
    else if (const auto* copy = std::get_if<CopyWork>(&node.work))
        result = checkCopyWork(device, *copy, mask);
    else if (const auto* fill = std::get_if<FillWork>(&node.work))
        result = checkFillWork(device, *fill);
    return blameNode(node, index, result);
}

HyResult validate(const Device& device, const FlatGraph& flat) {
    const std::vector<Node>& nodes = flat.definition.nodes;
    for (size_t i = 0; i < nodes.size(); ++i)
        HY_TRY(validateNode(device, nodes[i], flat.origins[i]));
    return validateLives(flat);
}

} // namespace halyard::graph
