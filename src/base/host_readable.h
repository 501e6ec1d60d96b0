// Whether the host can read an address, asked of the kernel: nothing is touched that could fault.
#pragma once

#include <cstdint>

namespace halyard {

// False when the page at `address` is certainly not readable by this process: nothing is mapped there, or it is mapped
// without access, as device drivers reserve the addresses of their memory. True where the kernel does not say. The
// answer is of the moment: another thread may map or unmap. Costs one system call that only reads; thread-safe.
bool hostCanRead(uint64_t address);

} // namespace halyard
