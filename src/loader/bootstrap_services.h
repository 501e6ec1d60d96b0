// The services for hyBackendGetInterface alone, which is called before the backend has said the name that its real
// services carry.
#pragma once

#include "base/log.h"
#include "halyard/backend.h"

namespace halyard {

// Error record, log and environment work; compiler and cache answer HY_ERROR_INVALID_STATE. Valid as long as `log`.
HyHostServices bootstrapServices(Log& log);

} // namespace halyard
