// libhalyard_jit.so in this process, for sandboxes that forbid exec. Then a crash of LLVM is a crash of the
// application, and neither the time limit nor the memory limit holds.
#pragma once

#include "jit/client/outcome.h"
#include "jit/client/request.h"
#include "jit/jit.h"

#include <mutex>

namespace halyard::jit {

// Thread-safe. Loads the library at the first compilation and never unloads it.
class InProcessCompiler {
public:
    Outcome compile(const CompileRequest& request);

private:
    Outcome load();

    std::mutex mutex_; // the library serialises too; here it guards the members
    decltype(&hyJitHandle) handle_ = nullptr;
    uint64_t lastId_ = 0;
};

} // namespace halyard::jit
