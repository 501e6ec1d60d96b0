// Turns a kernel for one work-item into a function that runs one workgroup.
#pragma once

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
};

// The parameters of a group function that follow the kernel's own ones; the first kScalars are i32.
enum GroupParameter : unsigned {
    kGroupId = 0,
    kNumGroups = 3,
    kLocalSize = 6,
    kScalars = 9,
    kLocal = 9,
    kScratch = 10,
    kGroupParameters = 11
};

// Bytes of scratch for each work-item: the context arrays of values that live across cuts, and private variables that
// do. The layout is the same for every shape.
struct Context {
    explicit Context(llvm::Function& kernel, const CutList& cuts, const Slots& slots);
    std::vector<uint64_t> slotOffset; // by slot, in bytes per item; kNone when the slot has no array
    struct PrivateArray {
        uint64_t offset = 0; // bytes per item, as above
        uint64_t stride = 0; // bytes from one work-item's copy to the next
    };
    llvm::DenseMap<const llvm::AllocaInst*, PrivateArray> privateArrays; // private variables kept in scratch
    uint64_t bytesPerItem = 0;
    static constexpr uint64_t kNone = ~uint64_t{0};
};

// Builds `void(kernel's parameters..., group parameters...)`, internal, in the kernel's module. The kernel, already cut
// and demoted, is only read, so several shapes can be built from it.
llvm::Function* buildGroupFunction(llvm::Function& kernel, const CutList& cuts, const Slots& slots,
                                   const Context& context, const LocalLayout& local, const GroupShape& shape);

} // namespace halyard::jit::host
