#include "layers/stack.h"

#include "api/core.h"

namespace halyard {

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
