// How many work-items a subgroup has on the host.
#pragma once

#include "spv/reflect.h"
#include "spv/status.h"

#include <array>
#include <cstdint>

namespace halyard::jit::host {

// What the kernel requires, else `requested`, else 16. `workgroupSize` is all zero when it is not known.
// Errors: HY_ERROR_UNSUPPORTED_SPIRV when the kernel requires a size that is no power of two from 1 to 64, or a number
// of subgroups that no such size gives; HY_ERROR_INVALID_ARGUMENT when the request is at fault.
spv::Result<uint32_t> chooseSubgroupSize(const spv::KernelInfo& kernel, uint32_t requested,
                                         const std::array<uint32_t, 3>& workgroupSize);

} // namespace halyard::jit::host
