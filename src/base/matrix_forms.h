// The cooperative matrices that the software devices list (hyDeviceGetCooperativeMatrix): what programs tuned for GPUs
// look for. Other shapes within the limits of spv/cooperative_matrix.h run, too.
#pragma once

#include "halyard/occupancy.h"

#include <array>

namespace halyard {

namespace matrix_forms {

struct Shape {
    uint32_t m, n, k;
};
struct Types {
    HyComponentType ab, result;
    uint32_t saturating;
};

inline constexpr Shape kFloatShapes[] = {{16, 16, 16}, {16, 8, 16}, {8, 8, 16}};
inline constexpr Types kFloats[] = {{HY_COMPONENT_FLOAT16, HY_COMPONENT_FLOAT16, 0},
                                    {HY_COMPONENT_FLOAT16, HY_COMPONENT_FLOAT32, 0},
                                    {HY_COMPONENT_BFLOAT16, HY_COMPONENT_FLOAT32, 0},
                                    {HY_COMPONENT_FLOAT32, HY_COMPONENT_FLOAT32, 0}};
inline constexpr Shape kIntegerShapes[] = {{16, 16, 32}, {16, 8, 32}, {16, 16, 16}};
inline constexpr Types kIntegers[] = {{HY_COMPONENT_INT8, HY_COMPONENT_INT32, 0},
                                      {HY_COMPONENT_INT8, HY_COMPONENT_INT32, 1},
                                      {HY_COMPONENT_UINT8, HY_COMPONENT_UINT32, 0},
                                      {HY_COMPONENT_UINT8, HY_COMPONENT_UINT32, 1}};

inline constexpr size_t kCount =
    std::size(kFloatShapes) * std::size(kFloats) + std::size(kIntegerShapes) * std::size(kIntegers);

consteval std::array<HyCooperativeMatrixInfo, kCount> list() {
    std::array<HyCooperativeMatrixInfo, kCount> forms{};
    size_t next = 0;
    const auto add = [&](const Shape& shape, const Types& types) {
        forms[next++] = {sizeof(HyCooperativeMatrixInfo),
                         types.saturating,
                         shape.m,
                         shape.n,
                         shape.k,
                         HY_SCOPE_SUBGROUP,
                         types.ab,
                         types.ab,
                         types.result,
                         types.result};
    };
    for (const Shape& shape : kFloatShapes)
        for (const Types& types : kFloats)
            add(shape, types);
    for (const Shape& shape : kIntegerShapes)
        for (const Types& types : kIntegers)
            add(shape, types);
    return forms;
}

} // namespace matrix_forms

inline constexpr auto kMatrixForms = matrix_forms::list();

} // namespace halyard
