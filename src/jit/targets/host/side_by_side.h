// Workgroups that are neighbours in dimension 0, run as one.
#pragma once

#include <cstdint>

namespace llvm {
class Function;
}

namespace halyard::jit::host {

struct GroupShape;

// How many workgroups of the kernel may run as one that is as much longer in dimension 0, and gain by it; 1: none. They
// may where no item asks which workgroup it is in or waits for others. They gain where a workgroup is many short rows:
// one long row after the other is what memory is fastest at.
// REQUIRES: no workgroup memory and nothing kept for each item.
uint32_t groupsSideBySide(const llvm::Function& kernel, const GroupShape& shape);

} // namespace halyard::jit::host
