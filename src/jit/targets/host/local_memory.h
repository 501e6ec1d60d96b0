// Workgroup variables on the host: offsets in the caller's `local` block.
#pragma once

#include <cstdint>

#include <llvm/ADT/MapVector.h>

namespace llvm {
class GlobalVariable;
class Module;
} // namespace llvm

namespace halyard::jit::host {

struct LocalLayout {
    llvm::MapVector<llvm::GlobalVariable*, uint64_t> offsets;
    uint64_t bytes = 0; // a multiple of 128: where the first Workgroup pointer parameter's memory begins
};

// Places every workgroup variable of the module and turns constant expressions over them into instructions, so that
// each use can be given an address of its own.
LocalLayout layOutLocalMemory(llvm::Module& module);

// Workgroup atomics need no lock, since a workgroup runs on one thread: they become plain accesses. Those on other
// memory become system-wide ones, and hy.fence a fence where it reaches beyond the workgroup. REQUIRES: work-item loops
// are built already; uniformity and independence of work-items are judged on atomics.
void relaxAtomics(llvm::Module& module);

} // namespace halyard::jit::host
