// Misbehaving on request, for the tests of whoever talks to a worker.
#pragma once

#include <string>

namespace halyard::jit {

// Does nothing unless HALYARD_JIT_FAULT names `stage`: "crash:<stage>" ends the process by SIGABRT, "hang:<stage>"
// never returns, "memory:<stage>" allocates until the allocator refuses. Ignored in a process with elevated privileges.
void injectFault(const std::string& stage);

} // namespace halyard::jit
