// The forms of cooperative matrix products that targets/nvptx compiles to matrix instructions: what the cuda backend
// lists as its own. Other sizes and types that SPIR-V allows compile as well, to slower code or a refusal in words.
// No LLVM in this header.
#pragma once

#include "halyard/occupancy.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace halyard::jit {

// `sm`: the compute capability, such as 75; `ptx`: the version of PTX that is compiled to, such as 65.
constexpr bool hasMatrixInstructions(uint32_t sm, uint32_t ptx) {
    return sm >= 75 && ptx >= 65;
}
constexpr bool hasBfloatMatrixInstructions(uint32_t sm, uint32_t ptx) {
    return sm >= 80 && ptx >= 70;
}

struct PtxMatrixShape {
    uint32_t m, n, k;
};
struct PtxMatrixTypes {
    HyComponentType factors, sums;
    bool isBfloat;
    bool isInteger; // listed with and without saturation
};

inline constexpr std::array<PtxMatrixShape, 5> kPtxMatrixShapes16{
    {{16, 16, 16}, {16, 8, 16}, {16, 8, 8}, {32, 8, 16}, {8, 32, 16}}};
inline constexpr std::array<PtxMatrixShape, 5> kPtxMatrixShapes8{
    {{16, 16, 32}, {16, 8, 32}, {16, 16, 16}, {32, 8, 16}, {8, 32, 16}}};
inline constexpr std::array<PtxMatrixTypes, 6> kPtxMatrixTypes{{
    {HY_COMPONENT_FLOAT16, HY_COMPONENT_FLOAT32, false, false},
    {HY_COMPONENT_FLOAT16, HY_COMPONENT_FLOAT16, false, false},
    {HY_COMPONENT_INT8, HY_COMPONENT_INT32, false, true},
    {HY_COMPONENT_UINT8, HY_COMPONENT_UINT32, false, true},
    {HY_COMPONENT_BFLOAT16, HY_COMPONENT_FLOAT32, true, false},
    {HY_COMPONENT_BFLOAT16, HY_COMPONENT_BFLOAT16, true, false},
}};

// The form number `index`, every field but structSize; false when there are not as many.
constexpr bool ptxMatrixForm(uint32_t sm, uint32_t ptx, uint32_t index, HyCooperativeMatrixInfo& out) {
    for (const PtxMatrixTypes& types : kPtxMatrixTypes) {
        if (!hasMatrixInstructions(sm, ptx) || (types.isBfloat && !hasBfloatMatrixInstructions(sm, ptx))) {
            continue;
        }
        const uint32_t variants = types.isInteger ? 2 : 1;
        const auto& shapes = types.isInteger ? kPtxMatrixShapes8 : kPtxMatrixShapes16;
        const auto forms = static_cast<uint32_t>(shapes.size()) * variants;
        if (index < forms) {
            const PtxMatrixShape& shape = shapes[index / variants];
            out.saturating = index % variants;
            out.m = shape.m;
            out.n = shape.n;
            out.k = shape.k;
            out.scope = HY_SCOPE_SUBGROUP;
            out.a = out.b = types.factors;
            out.c = out.result = types.sums;
            return true;
        }
        index -= forms;
    }
    return false;
}

// How many there are.
constexpr uint32_t ptxMatrixFormCount(uint32_t sm, uint32_t ptx) {
    HyCooperativeMatrixInfo form{};
    uint32_t count = 0;
    while (ptxMatrixForm(sm, ptx, count, form)) {
        ++count;
    }
    return count;
}

} // namespace halyard::jit
