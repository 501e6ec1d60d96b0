// The layers of one instance, as a chain of links that ends at the runtime (halyard/layer.h).
#pragma once

#include "api/gate.h"
#include "halyard/layer.h"

#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace halyard {

class ActivityHub;
class LayerStack;
class Log;

// Shared, so that a call which destroys the instance can still return through its layers.
using LayerStackRef = std::shared_ptr<const LayerStack>;

class LayerStack {
public:
    // What a stack needs of its instance, and keeps.
    struct Owner {
        HyInstance handle; // works already
        std::shared_ptr<Log> log;
        std::shared_ptr<ActivityHub> activities;
    };

    // Opens and attaches the layers of a list: names or absolute paths with commas between them, the first one nearest
    // to the application. Null for an empty list. `argument` is where the list comes from. On failure the record is
    // set and nothing is attached. Errors: HY_ERROR_NOT_FOUND, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INCOMPATIBLE_ABI,
    // and what an attach returns.
    static HyResult create(std::string_view list, const char* argument, const Owner& owner, LayerStackRef& out);

    // Detaches the layers, the first one first.
    ~LayerStack();
    LayerStack(const LayerStack&) = delete;
    LayerStack& operator=(const LayerStack&) = delete;

    // Where a call about the instance begins.
    const HyLayerLink* top() const;

    // An object of the instance was destroyed: later calls with its handle still belong to these layers.
    void retire(uint64_t handle) const;
    // The layers of the live instance that the object behind a dead handle belonged to, or null.
    static LayerStackRef ownerOf(uint64_t deadHandle);

    // The link behind the last layer, which calls the runtime. For the life of the process.
    static const HyLayerLink* runtime();

private:
    struct Layer;
    explicit LayerStack(Owner owner);
    HyResult open(std::string_view nameOrPath, const char* argument);
    HyResult attach(Layer& layer, const HyLayerLink* next, const char* argument);

    const Owner owner_;
    std::vector<std::unique_ptr<Layer>> layers_; // the first one sees a call first
    mutable std::mutex retiredMutex_;
    mutable std::unordered_set<uint64_t> retired_;
    const Gate::Reason reason_;
};

} // namespace halyard
