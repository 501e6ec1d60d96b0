// Values of the Input built-ins of one invocation.
#pragma once

#include "interp/declarations.h"

#include <array>

namespace halyard::interp {

struct InvocationPlace {
    std::array<uint32_t, 3> workgroups{};
    std::array<uint32_t, 3> workgroupSize{};
    std::array<uint32_t, 3> group{};
    std::array<uint32_t, 3> local{};
    uint32_t localIndex = 0;
    uint32_t subgroupSize = 0; // of the device
    bool kernelFlavour = false;
};

// Why the variable cannot be filled: no built-in, one that is not supported, or of another shape. Null when it can.
const char* builtInProblem(const ModuleVariable& variable);

// Writes the cells of the variable's type. REQUIRES: builtInProblem() is null.
void builtInValue(const ModuleVariable& variable, const InvocationPlace& place, Cell* out);

} // namespace halyard::interp
