// The layers of one instance, as a chain of links that ends at the runtime (halyard/layer.h).
#pragma once

#include "halyard/layer.h"

#include <memory>

namespace halyard {

class LayerStack {
public:
    // Where a call about the instance begins.
    const HyLayerLink* top() const { return top_; }

    // The link behind the last layer, which calls the runtime. For the life of the process.
    static const HyLayerLink* runtime();

private:
    const HyLayerLink* top_ = runtime();
};

// Shared, so that a call which destroys the instance can still return through its layers.
using LayerStackRef = std::shared_ptr<const LayerStack>;

} // namespace halyard
