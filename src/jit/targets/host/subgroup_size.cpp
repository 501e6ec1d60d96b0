#include "jit/targets/host/subgroup_size.h"

#include <bit>

namespace halyard::jit::host {

namespace {

constexpr uint32_t kDefaultSize = 16; // floats in the widest register of any x86-64 or AArch64 processor today
constexpr uint32_t kMaxSize = 64;     // a ballot fits in one word

bool isPossible(uint32_t size) {
    return std::has_single_bit(size) && size <= kMaxSize;
}

spv::Result<uint32_t> sizeForCount(const spv::KernelInfo& kernel, const std::array<uint32_t, 3>& workgroupSize) {
    const uint64_t items = uint64_t{workgroupSize[0]} * workgroupSize[1] * workgroupSize[2];
    const std::string count = std::to_string(kernel.requiredSubgroups);
    if (items == 0) {
        return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                          "kernel '" + kernel.name + "' requires " + count +
                              " subgroups a workgroup, and no workgroup size, so their size is open",
                          "add a required workgroup size (LocalSize) to the kernel"};
    }
    for (uint32_t size = kMaxSize; size != 0; size /= 2) {
        if ((items + size - 1) / size == kernel.requiredSubgroups) {
            return size;
        }
    }
    return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                      "kernel '" + kernel.name + "' requires " + count + " subgroups a workgroup of " +
                          std::to_string(items) + ", which no power of two up to " + std::to_string(kMaxSize) +
                          " gives",
                      "choose another SubgroupsPerWorkgroup or LocalSize"};
}

} // namespace

spv::Result<uint32_t> chooseSubgroupSize(const spv::KernelInfo& kernel, uint32_t requested,
                                         const std::array<uint32_t, 3>& workgroupSize) {
    if (kernel.requiredSubgroupSize != 0) {
        if (!isPossible(kernel.requiredSubgroupSize)) {
            return spv::Error{HY_ERROR_UNSUPPORTED_SPIRV,
                              "kernel '" + kernel.name + "' requires a subgroup size of " +
                                  std::to_string(kernel.requiredSubgroupSize) +
                                  "; the host target has powers of two from 1 to " + std::to_string(kMaxSize),
                              "choose another SubgroupSize"};
        }
        return kernel.requiredSubgroupSize;
    }
    if (kernel.requiredSubgroups != 0) {
        return sizeForCount(kernel, workgroupSize);
    }
    if (requested != 0 && !isPossible(requested)) {
        return spv::Error{
            HY_ERROR_INVALID_ARGUMENT, "a subgroup size of " + std::to_string(requested) + " was asked for",
            "use a power of two from 1 to " + std::to_string(kMaxSize) + ", or 0 for the target's choice"};
    }
    return requested != 0 ? requested : kDefaultSize;
}

} // namespace halyard::jit::host
