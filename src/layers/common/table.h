// Tables of entries for layers that want to see every call: the entry of each function, also of one that is added
// later, calls one member template of the layer. What needs more than that is an overload in the layer.
#pragma once

#include "halyard/layer.h"

#include <type_traits>

namespace halyard::layers {

// One enumerator a function, of its name.
enum class Function : uint32_t {
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments) name,
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
    Count
};

constexpr uint32_t kFunctionCount = static_cast<uint32_t>(Function::Count);

struct FunctionText {
    const char* name;       // "hyMemAlloc"
    const char* parameters; // "(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr)"
};

inline constexpr FunctionText kFunctionTexts[] = {
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments) {#name, #parameters},
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
};

constexpr const FunctionText& textOf(Function function) {
    return kFunctionTexts[static_cast<uint32_t>(function)];
}

// For overloads: a type of each function.
template <Function F> using Tag = std::integral_constant<Function, F>;

// Where the function is in a table.
template <Function F> struct SlotOf;
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments)                                                                  \
    template <> struct SlotOf<Function::name> { static constexpr auto kSlot = &HyLayerTable::name; };
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION

// Passes a call on to the next layer, or the runtime.
template <Function F, typename... Args> HyResult passOn(const HyLayerLink* link, Args... args) {
    return (link->next->table->*SlotOf<F>::kSlot)(link->next, args...);
}

template <typename Layer, Function F, typename... Args> HyResult enterLayer(const HyLayerLink* link, Args... args) {
    return static_cast<Layer*>(link->context)->template call<F>(link, args...);
}

template <typename Layer, Function F, typename... Args>
constexpr void setEntry(HyResult (*&slot)(const HyLayerLink*, Args...)) {
    slot = enterLayer<Layer, F, Args...>;
}

// A table whose every entry calls `template <Function F, typename... Args> HyResult call(const HyLayerLink*, Args...)`
// of the Layer that is the link's context.
template <typename Layer> constexpr HyLayerTable makeTable() {
    HyLayerTable table{};
    table.structSize = sizeof table;
#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments) setEntry<Layer, Function::name>(table.name);
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION
    return table;
}

} // namespace halyard::layers
