// One compilation by a worker process, with every way in which a process can fail turned into words.
#pragma once

#include "jit/client/outcome.h"
#include "jit/client/request.h"
#include "jit/client/worker_pool.h"

namespace halyard::jit {

// Blocks for a free worker without a limit (each busy one has a limit), then for at most HALYARD_JIT_TIMEOUT_MS, twice
// when an idle worker turns out to have ended. A loss or a failure that is worth reporting leaves a dump.
Outcome compileInWorker(WorkerPool& pool, const CompileRequest& request);

} // namespace halyard::jit
