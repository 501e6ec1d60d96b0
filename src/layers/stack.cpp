#include "layers/stack.h"

#include "api/activity.h"
#include "api/core.h"
#include "base/env.h"
#include "base/error.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/struct_size.h"
#include "layers/library.h"
#include "loader/guarded_call.h"

#include <algorithm>

namespace halyard {

struct LayerStack::Layer {
    OpenedLayer opened;
    HyLayerTable table{};
    HyLayerLink link{};
    HyLayerHost host{};
    const Owner* owner = nullptr;
    bool attached = false;

    const char* name() const { return opened.interface.name; }
};

namespace {

// What stands for an entry that a layer leaves out, or does not know yet.
constexpr HyLayerTable kPassOn = {
    .structSize = sizeof(HyLayerTable),
    .reserved = 0,
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments)                                                                  \
    .name = [](const HyLayerLink* link, HY_UNPAREN parameters) {                                                       \
        return link->next->table->name(link->next, HY_UNPAREN arguments);                                              \
    },
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
};

void completeTable(const HyLayerTable* theirs, HyLayerTable& out) {
    readTable(theirs, out);
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments)                                                                  \
    if (out.name == nullptr)                                                                                           \
        out.name = kPassOn.name;
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
}

std::string_view text(const char* string) {
    return string != nullptr ? string : "";
}

constexpr size_t kMostRetired = 1u << 20; // a bound for programs that run for days

// The stacks of all instances, for calls whose handle leads to none. Immortal.
struct Registry {
    std::mutex mutex;
    std::vector<std::weak_ptr<const LayerStack>> stacks;
};
Registry& registry() {
    static auto* const all = new Registry;
    return *all;
}

} // namespace

LayerStack::LayerStack(Owner owner) : owner_(std::move(owner)) {}

void LayerStack::retire(uint64_t handle) const {
    const std::lock_guard lock(retiredMutex_);
    if (retired_.size() >= kMostRetired)
        retired_.clear();
    retired_.insert(handle);
}

LayerStackRef LayerStack::ownerOf(uint64_t deadHandle) {
    std::vector<LayerStackRef> live; // released after the lock: the last reference detaches
    const std::lock_guard lock(registry().mutex);
    for (const std::weak_ptr<const LayerStack>& known : registry().stacks) {
        LayerStackRef stack = known.lock();
        if (stack == nullptr)
            continue;
        live.push_back(stack);
        const std::lock_guard retired(stack->retiredMutex_);
        if (stack->retired_.contains(deadHandle))
            return stack;
    }
    return nullptr;
}

LayerStack::~LayerStack() {
    const PreservedError untouched;
    for (const std::unique_ptr<Layer>& layer : layers_) {
        owner_.activities->setSink(layer.get(), nullptr, nullptr);
        if (!layer->attached || layer->opened.interface.detach == nullptr)
            continue;
        const CallOutcome outcome = guardedCall("detach", [&] {
            layer->opened.interface.detach(layer->link.context);
            return HY_SUCCESS;
        });
        if (outcome.code != HY_SUCCESS)
            owner_.log->warning("core", "layer {}: {}", layer->name(), outcome.words);
    }
}

const HyLayerLink* LayerStack::top() const {
    return layers_.empty() ? runtime() : &layers_.front()->link;
}

HyResult LayerStack::open(std::string_view nameOrPath, const char* argument) {
    auto layer = std::make_unique<Layer>();
    layer->opened = openLayer(nameOrPath, LayerPlaces::ofProcess(libraryDirectory()));
    if (!layer->opened.fault.empty())
        return fail(layer->opened.code, argument, "halyard-info --why lists the layers that there are",
                    "layer '{}': {}", nameOrPath, layer->opened.fault);
    const bool twice = std::any_of(layers_.begin(), layers_.end(), [&](const std::unique_ptr<Layer>& other) {
        return text(other->name()) == layer->name();
    });
    if (twice)
        return fail(HY_ERROR_INVALID_ARGUMENT, argument, "name each layer once", "layer '{}' is there already",
                    layer->name());
    layer->owner = &owner_;
    layer->host = {
        .structSize = sizeof(HyLayerHost),
        .abi = HY_LAYER_ABI,
        .context = layer.get(),
        .log =
            [](void* context, HyLogLevel level, const char* message) {
                const auto& self = *static_cast<Layer*>(context);
                if (message != nullptr && level != HY_LOG_OFF)
                    self.owner->log->write(std::min(level, HY_LOG_DEBUG), self.name(), message);
            },
        .setError =
            [](void*, HyResult code, const char* where, const char* message, const char* hint) {
                setLastError({code, text(where), text(message), text(hint), {}, {}, 0});
            },
        .getEnv = [](void*, const char* name) { return name != nullptr ? getEnv(name) : nullptr; },
        .wantsLog =
            [](void* context, HyLogLevel level) {
                return static_cast<uint32_t>(static_cast<Layer*>(context)->owner->log->wants(level));
            },
        .setActivitySink =
            [](void* context, HyActivitySink sink, void* user) {
                static_cast<Layer*>(context)->owner->activities->setSink(context, sink, user);
            },
        .setCorrelation = [](void*, uint64_t id) { ActivityHub::setCorrelation(id); },
        .getLastError = [](void*, HyErrorInfo* outInfo) { return hyGetLastError(outInfo); },
        .findMemory =
            [](void* context, HyDevicePtr ptr, HyPointerInfo* outInfo) {
                const PreservedError untouched;
                return core::hyPointerGetInfo(static_cast<Layer*>(context)->owner->handle, ptr, outInfo);
            },
    };
    completeTable(layer->opened.interface.table, layer->table);
    layers_.push_back(std::move(layer));
    return HY_SUCCESS;
}

HyResult LayerStack::attach(Layer& layer, const HyLayerLink* next, const char* argument) {
    layer.link = {.table = &layer.table, .context = nullptr, .next = next};
    const auto call = layer.opened.interface.attach;
    if (call != nullptr) {
        const CallOutcome outcome =
            guardedCall("attach", [&] { return call(owner_.handle, next, &layer.host, &layer.link.context); });
        if (outcome.code != HY_SUCCESS)
            return fail(outcome.code, argument, "run without the layer, or repair what it says", "layer {}: {}",
                        layer.name(), outcome.words);
    }
    layer.attached = true;
    owner_.log->info("core", "layer {} from {}", layer.name(), layer.opened.library.string());
    return HY_SUCCESS;
}

HyResult LayerStack::create(std::string_view list, const char* argument, const Owner& owner, LayerStackRef& out) {
    std::shared_ptr<LayerStack> stack(new LayerStack(owner));
    while (!list.empty()) {
        const size_t comma = list.find(',');
        std::string_view entry = list.substr(0, comma);
        list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
        entry.remove_prefix(std::min(entry.find_first_not_of(' '), entry.size()));
        entry = entry.substr(0, entry.find_last_not_of(' ') + 1);
        if (entry.empty())
            continue;
        if (const HyResult result = stack->open(entry, argument); result < 0)
            return result;
    }
    const HyLayerLink* next = runtime();
    for (auto layer = stack->layers_.rbegin(); layer != stack->layers_.rend(); ++layer) {
        if (const HyResult result = stack->attach(**layer, next, argument); result < 0)
            return result;
        next = &(*layer)->link;
    }
    if (stack->layers_.empty())
        return HY_SUCCESS;
    out = std::move(stack);
    const std::lock_guard lock(registry().mutex);
    std::erase_if(registry().stacks, [](const auto& known) { return known.expired(); });
    registry().stacks.push_back(out);
    return HY_SUCCESS;
}

const HyLayerLink* LayerStack::runtime() {
    static constexpr HyLayerTable kTable = {
        .structSize = sizeof(HyLayerTable),
        .reserved = 0,
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments)                                                                  \
    .name = [](const HyLayerLink*, HY_UNPAREN parameters) { return core::name arguments; },
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
    };
    static constexpr HyLayerLink kLink = {.table = &kTable, .context = nullptr, .next = nullptr};
    return &kLink;
}

} // namespace halyard
