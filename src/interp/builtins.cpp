#include "interp/builtins.h"

#include <algorithm>

namespace halyard::interp {
namespace {

using BuiltIn = ::spv::BuiltIn;

constexpr uint32_t kDeviceIndex = 4438;

// Components that a built-in has; 0 for one that is not supported.
uint32_t componentsOf(uint32_t builtIn) {
    switch (static_cast<BuiltIn>(builtIn)) {
    case BuiltIn::NumWorkgroups:
    case BuiltIn::WorkgroupSize:
    case BuiltIn::WorkgroupId:
    case BuiltIn::LocalInvocationId:
    case BuiltIn::GlobalInvocationId:
    case BuiltIn::GlobalSize:
    case BuiltIn::EnqueuedWorkgroupSize:
    case BuiltIn::GlobalOffset:
        return 3;
    case BuiltIn::SubgroupEqMask:
    case BuiltIn::SubgroupGeMask:
    case BuiltIn::SubgroupGtMask:
    case BuiltIn::SubgroupLeMask:
    case BuiltIn::SubgroupLtMask:
        return 4;
    case BuiltIn::LocalInvocationIndex:
    case BuiltIn::WorkDim:
    case BuiltIn::GlobalLinearId:
    case BuiltIn::SubgroupSize:
    case BuiltIn::SubgroupMaxSize:
    case BuiltIn::NumSubgroups:
    case BuiltIn::NumEnqueuedSubgroups:
    case BuiltIn::SubgroupId:
    case BuiltIn::SubgroupLocalInvocationId:
        return 1;
    default:
        return builtIn == kDeviceIndex ? 1 : 0;
    }
}

uint64_t sizeOf(const InvocationPlace& place) {
    return uint64_t{place.workgroupSize[0]} * place.workgroupSize[1] * place.workgroupSize[2];
}

uint64_t globalSize(const InvocationPlace& place, uint32_t dimension) {
    return uint64_t{place.workgroups[dimension]} * place.workgroupSize[dimension];
}

uint64_t globalId(const InvocationPlace& place, uint32_t dimension) {
    return uint64_t{place.group[dimension]} * place.workgroupSize[dimension] + place.local[dimension];
}

uint64_t vectorValue(BuiltIn builtIn, const InvocationPlace& place, uint32_t i) {
    switch (builtIn) {
    case BuiltIn::NumWorkgroups:
        return place.workgroups[i];
    case BuiltIn::WorkgroupSize:
    case BuiltIn::EnqueuedWorkgroupSize:
        return place.workgroupSize[i];
    case BuiltIn::WorkgroupId:
        return place.group[i];
    case BuiltIn::LocalInvocationId:
        return place.local[i];
    case BuiltIn::GlobalInvocationId:
        return globalId(place, i);
    case BuiltIn::GlobalSize:
        return globalSize(place, i);
    default:
        return 0; // GlobalOffset: no launch has one
    }
}

// Invocations of the subgroup: the last of a workgroup may be short.
uint64_t ownSubgroupSize(const InvocationPlace& place) {
    const uint64_t first = place.localIndex - place.localIndex % place.subgroupSize;
    return std::min<uint64_t>(place.subgroupSize, sizeOf(place) - first);
}

uint64_t scalarValue(BuiltIn builtIn, const InvocationPlace& place) {
    const uint64_t subgroups = (sizeOf(place) + place.subgroupSize - 1) / place.subgroupSize;
    switch (builtIn) {
    case BuiltIn::LocalInvocationIndex:
        return place.localIndex;
    case BuiltIn::WorkDim:
        // A launch always has three dimensions; the highest one above 1 counts.
        return globalSize(place, 2) > 1 ? 3 : globalSize(place, 1) > 1 ? 2 : 1;
    case BuiltIn::GlobalLinearId:
        return (globalId(place, 2) * globalSize(place, 1) + globalId(place, 1)) * globalSize(place, 0) +
               globalId(place, 0);
    case BuiltIn::SubgroupSize:
        return place.kernelFlavour ? ownSubgroupSize(place) : place.subgroupSize;
    case BuiltIn::SubgroupMaxSize:
        return place.subgroupSize;
    case BuiltIn::NumSubgroups:
    case BuiltIn::NumEnqueuedSubgroups:
        return subgroups;
    case BuiltIn::SubgroupId:
        return place.localIndex / place.subgroupSize;
    case BuiltIn::SubgroupLocalInvocationId:
        return place.localIndex % place.subgroupSize;
    default:
        return 0; // DeviceIndex
    }
}

bool maskBit(BuiltIn builtIn, uint32_t bit, uint32_t lane) {
    switch (builtIn) {
    case BuiltIn::SubgroupEqMask:
        return bit == lane;
    case BuiltIn::SubgroupGeMask:
        return bit >= lane;
    case BuiltIn::SubgroupGtMask:
        return bit > lane;
    case BuiltIn::SubgroupLeMask:
        return bit <= lane;
    default:
        return bit < lane;
    }
}

} // namespace

const char* builtInProblem(const ModuleVariable& variable) {
    if (variable.builtIn == ~0u)
        return "is an input that is no built-in";
    const uint32_t components = componentsOf(variable.builtIn);
    if (components == 0)
        return "is a built-in that is not supported";
    const Type& type = *variable.type;
    const bool fits = components == 1
                          ? type.kind == Kind::Int
                          : type.kind == Kind::Vector && type.count == components && type.element->kind == Kind::Int &&
                                (components != 4 || type.element->bits == 32);
    return fits ? nullptr : "is a built-in of another type";
}

void builtInValue(const ModuleVariable& variable, const InvocationPlace& place, Cell* out) {
    const auto builtIn = static_cast<BuiltIn>(variable.builtIn);
    const uint32_t components = componentsOf(variable.builtIn);
    const uint32_t bits = variable.type->scalar().bits;
    const uint32_t lane = place.localIndex % place.subgroupSize;
    for (uint32_t i = 0; i < components; ++i) {
        uint64_t value = 0;
        if (components == 4) {
            for (uint32_t bit = 0; bit < 32; ++bit) {
                const uint32_t number = i * 32 + bit;
                if (number < scalarValue(BuiltIn::SubgroupSize, place) && maskBit(builtIn, number, lane))
                    value |= uint64_t{1} << bit;
            }
        } else {
            value = components == 3 ? vectorValue(builtIn, place, i) : scalarValue(builtIn, place);
        }
        if (bits < 64)
            value &= (uint64_t{1} << bits) - 1;
        out[i] = {value, false};
    }
}

} // namespace halyard::interp
