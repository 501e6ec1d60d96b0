// Turns a kernel for one work-item into a function that runs one workgroup.
#pragma once

#include "jit/targets/host/context.h"
#include "jit/targets/host/cuts.h"
#include "jit/targets/host/local_memory.h"
#include "jit/targets/host/slots.h"

#include <array>
#include <cstdint>

namespace llvm {
class Function;
}

namespace halyard::jit::host {

struct GroupShape {
    std::array<uint32_t, 3> workgroupSize{}; // all zero: any size
    bool wideIds = false;                    // global ids may need more than 31 bits
    uint32_t subgroupSize = 1;               // a power of two
    bool countsPartial = false;              // GroupValues::countsPartial
    uint32_t lanes = 1;                      // GroupValues::lanes; divides workgroupSize[0], which is known
    std::array<uint32_t, 3> tile{};          // all zero, or a part of the workgroup's size to run at a time (tiles.h)
    bool sideBySide = false;                 // runs kNeighbours workgroups as one (side_by_side.h)
};

// The parameters of a group function that follow the kernel's own ones; the first kScalars are i32, kLocalBytes is i64.
enum GroupParameter : unsigned {
    kGroupId = 0,
    kNumGroups = 3,
    kLocalSize = 6,
    kScalars = 9,
    kLocal = 9,
    kScratch = 10,
    kLocalBytes = 11, // of kLocal: variables and blocks of pointer parameters
    kLaunch = 12,     // HyHostLaunch
    kNeighbours = 13, // i32: how many workgroups from this one on, in dimension 0; 1 unless sideBySide
    kGroupParameters = 14
};

// Builds `void(kernel's parameters..., group parameters...)`, internal, in the kernel's module. The kernel, already cut
// and demoted, is only read, so several shapes can be built from it.
llvm::Function* buildGroupFunction(llvm::Function& kernel, const CutList& cuts, const Slots& slots,
                                   const Context& context, const LocalLayout& local, const GroupShape& shape);

} // namespace halyard::jit::host
