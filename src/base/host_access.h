// Whether an address that no backend knows is memory of the host.
#pragma once

#include <cstdint>

namespace halyard {

// Whether the first and the last of `bytes` bytes at `address` can be read by this process; one system call, no signal.
// True also where the system refuses to say. REQUIRES: bytes != 0, and that the range does not wrap.
bool hostCanRead(uint64_t address, uint64_t bytes);

} // namespace halyard
