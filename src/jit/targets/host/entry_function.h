// The two symbols that a host kernel exports (src/jit/host_kernel_abi.h).
#pragma once

#include "spv/reflect.h"

#include <array>

namespace llvm {
class Function;
class Module;
} // namespace llvm

namespace halyard::jit::host {

struct EntryPlan {
    llvm::Function* group = nullptr;     // for ids below 2^31
    llvm::Function* wideGroup = nullptr; // for all other workgroups; null when the kernel reads no global id
    uint32_t sideBySide = 1;             // workgroups that one call may run (side_by_side.h)
    std::array<uint32_t, 3> workgroupSize{};
    uint32_t subgroupSize = 1;
    uint64_t staticLocalBytes = 0;
    uint64_t scratchBytesPerItem = 0;
    bool wholeSubgroups = false; // HY_HOST_KERNEL_WHOLE_SUBGROUPS
};

// Emits hyHostKernelRun, which unpacks the arguments, walks the workgroups and calls `group` (inlined), and
// hyHostKernelInfo.
void emitEntry(llvm::Module& module, const llvm::Function& kernel, const spv::KernelInfo& info, const EntryPlan& plan);

} // namespace halyard::jit::host
