#include "graph.h"

#include "driver.h"
#include "launch.h"

#include <algorithm>
#include <map>

namespace halyard::softcuda {
namespace {

std::shared_ptr<Graph> graphOf(const void* handle) {
    return driver().graphs.find(handle);
}
uint64_t numberOf(const void* handle) {
    return reinterpret_cast<uint64_t>(handle);
}

// Indices instead of handles, and an order in which dependencies come first: the latest of the ready ones is next.
// False for a cycle.
bool flatten(const Graph& graph, std::vector<GraphExec::Item>& items, std::vector<size_t>& order) {
    std::map<uint64_t, size_t> index;
    for (size_t i = 0; i < graph.nodes.size(); ++i)
        index[graph.nodes[i]->handle] = i;
    std::vector<std::vector<size_t>> after(graph.nodes.size());
    std::vector<size_t> open;
    for (const std::shared_ptr<GraphNode>& node : graph.nodes) {
        GraphExec::Item item{node->handle, node->kind, {}, node->work};
        for (uint64_t dependency : node->dependencies) {
            item.dependencies.push_back(index.at(dependency));
            after[item.dependencies.back()].push_back(items.size());
        }
        std::sort(item.dependencies.begin(), item.dependencies.end());
        open.push_back(item.dependencies.size());
        items.push_back(std::move(item));
    }
    std::vector<size_t> ready;
    for (size_t i = 0; i < items.size(); ++i)
        if (open[i] == 0)
            ready.push_back(i);
    while (!ready.empty()) {
        size_t node = ready.back();
        ready.pop_back();
        order.push_back(node);
        for (size_t next : after[node])
            if (--open[next] == 0)
                ready.push_back(next);
    }
    return order.size() == items.size();
}

} // namespace

uint64_t createGraph() {
    auto graph = std::make_shared<Graph>();
    uint64_t handle = driver().graphs.add(graph);
    graph->handle = handle;
    return handle;
}

Status destroyGraph(const void* handle) {
    std::shared_ptr<Graph> graph = driver().graphs.remove(handle);
    if (!graph)
        return Status::InvalidHandle;
    driver().graphNodes.removeIf([&](const GraphNode& node) { return node.graph == numberOf(handle); });
    return Status::Success;
}

Status addNode(const void* graphHandle, NodeKind kind, const void* const* dependencies, size_t count,
               std::shared_ptr<const Work> work, uint64_t* handle) {
    std::shared_ptr<Graph> graph = graphOf(graphHandle);
    if (!graph)
        return Status::InvalidHandle;
    if (count && !dependencies)
        return Status::InvalidValue;
    auto node = std::make_shared<GraphNode>();
    node->kind = kind;
    node->graph = graph->handle;
    node->work = std::move(work);
    std::lock_guard lock(graph->mutex);
    for (size_t i = 0; i < count; ++i) {
        std::shared_ptr<GraphNode> before = driver().graphNodes.find(dependencies[i]);
        if (!before)
            return Status::InvalidHandle;
        uint64_t number = numberOf(dependencies[i]);
        if (before->graph != graph->handle || std::count(node->dependencies.begin(), node->dependencies.end(), number))
            return Status::InvalidValue;
        node->dependencies.push_back(number);
    }
    node->handle = driver().graphNodes.add(node);
    graph->nodes.push_back(node);
    *handle = node->handle;
    return Status::Success;
}

Status addDependency(const void* graphHandle, const void* from, const void* to) {
    std::shared_ptr<Graph> graph = graphOf(graphHandle);
    std::shared_ptr<GraphNode> before = driver().graphNodes.find(from), node = driver().graphNodes.find(to);
    if (!graph || !before || !node)
        return Status::InvalidHandle;
    std::lock_guard lock(graph->mutex);
    if (before->graph != graph->handle || node->graph != graph->handle ||
        std::count(node->dependencies.begin(), node->dependencies.end(), before->handle))
        return Status::InvalidValue;
    node->dependencies.push_back(before->handle);
    std::vector<GraphExec::Item> items;
    std::vector<size_t> order;
    if (flatten(*graph, items, order))
        return Status::Success;
    node->dependencies.pop_back();
    return Status::InvalidValue;
}

Status removeNode(const void* handle) {
    std::shared_ptr<GraphNode> node = driver().graphNodes.remove(handle);
    if (!node)
        return Status::InvalidHandle;
    std::shared_ptr<Graph> graph = driver().graphs.find(reinterpret_cast<void*>(node->graph));
    if (!graph)
        return Status::InvalidHandle;
    std::lock_guard lock(graph->mutex);
    std::erase(graph->nodes, node);
    for (const std::shared_ptr<GraphNode>& other : graph->nodes)
        std::erase(other->dependencies, node->handle);
    return Status::Success;
}

Status instantiate(const std::shared_ptr<Context>& context, const void* graphHandle, uint64_t* handle) {
    std::shared_ptr<Graph> graph = graphOf(graphHandle);
    if (!graph)
        return Status::InvalidHandle;
    auto exec = std::make_shared<GraphExec>();
    exec->context = context;
    std::lock_guard lock(graph->mutex);
    if (!flatten(*graph, exec->items, exec->order))
        return Status::InvalidValue;
    exec->kept = graph->kept;
    *handle = driver().graphExecs.add(std::move(exec));
    return Status::Success;
}

std::shared_ptr<const Work> workOf(std::shared_ptr<const KernelCall> call) {
    return std::make_shared<Work>(Work{[call] { return runKernel(*call); }, true, call});
}

Status setAttributes(const void* handle, const std::array<uint32_t, 3>* cluster, const bool* cooperative) {
    std::shared_ptr<GraphNode> node = driver().graphNodes.find(handle);
    std::shared_ptr<Graph> graph = node ? driver().graphs.find(reinterpret_cast<void*>(node->graph)) : nullptr;
    if (!graph)
        return Status::InvalidHandle;
    std::lock_guard lock(graph->mutex);
    if (node->kind != NodeKind::Kernel)
        return Status::InvalidValue;
    auto call = std::make_shared<KernelCall>(*node->work->call);
    Status status = reshapeLaunch(*call, cluster ? *cluster : call->launch.cluster,
                                  cooperative ? *cooperative : call->launch.cooperative);
    if (status == Status::Success)
        node->work = workOf(std::move(call));
    return status;
}

Status setWork(const void* execHandle, const void* node, NodeKind kind, std::shared_ptr<const Work> work) {
    std::shared_ptr<GraphExec> exec = driver().graphExecs.find(execHandle);
    if (!exec)
        return Status::InvalidHandle;
    std::lock_guard lock(exec->mutex);
    for (GraphExec::Item& item : exec->items)
        if (item.node == numberOf(node)) {
            if (item.kind != kind)
                return Status::InvalidValue;
            if (kind == NodeKind::Kernel) {
                const ptx::Launch& before = item.work->call->launch;
                auto call = std::make_shared<KernelCall>(*work->call);
                Status status = reshapeLaunch(*call, before.cluster, before.cooperative);
                if (status != Status::Success)
                    return status;
                work = workOf(std::move(call));
            }
            item.work = std::move(work);
            return Status::Success;
        }
    return Status::InvalidValue;
}

Status updateExec(const void* execHandle, const void* graphHandle, UpdateResult* result, uint64_t* node) {
    std::shared_ptr<GraphExec> exec = driver().graphExecs.find(execHandle);
    std::shared_ptr<Graph> graph = graphOf(graphHandle);
    *result = UpdateResult::Error;
    *node = 0;
    if (!exec || !graph)
        return Status::InvalidHandle;
    std::vector<GraphExec::Item> items;
    std::vector<size_t> order;
    std::scoped_lock lock(graph->mutex, exec->mutex);
    if (!flatten(*graph, items, order))
        return Status::InvalidValue;
    *result = UpdateResult::TopologyChanged;
    if (items.size() != exec->items.size())
        return Status::GraphExecUpdateFailure;
    for (size_t i = 0; i < items.size(); ++i) {
        *node = items[i].node;
        if (items[i].dependencies != exec->items[i].dependencies)
            return Status::GraphExecUpdateFailure;
        if (items[i].kind != exec->items[i].kind) {
            *result = UpdateResult::NodeTypeChanged;
            return Status::GraphExecUpdateFailure;
        }
    }
    // The handles stay those of the graph that was instantiated.
    for (size_t i = 0; i < items.size(); ++i)
        exec->items[i].work = items[i].work;
    for (const std::shared_ptr<void>& kept : graph->kept)
        exec->kept.push_back(kept);
    *result = UpdateResult::Success;
    *node = 0;
    return Status::Success;
}

Status launchGraph(const void* execHandle, const std::shared_ptr<Stream>& stream) {
    std::shared_ptr<GraphExec> exec = driver().graphExecs.find(execHandle);
    if (!exec)
        return Status::InvalidHandle;
    std::vector<std::shared_ptr<const Work>> works;
    std::vector<std::shared_ptr<void>> kept;
    {
        std::lock_guard lock(exec->mutex);
        for (size_t index : exec->order)
            works.push_back(exec->items[index].work);
        kept = exec->kept;
    }
    for (const std::shared_ptr<const Work>& work : works)
        if (work->kernel)
            countLaunch();
    stream->submit([works = std::move(works), kept = std::move(kept), context = stream->context] {
        for (const std::shared_ptr<const Work>& work : works) {
            if (context->stopping())
                break;
            Status status = work->run ? work->run() : Status::Success;
            if (status != Status::Success)
                return status;
        }
        return Status::Success;
    });
    return Status::Success;
}

} // namespace halyard::softcuda
