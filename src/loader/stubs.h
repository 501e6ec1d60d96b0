// Completes a backend's tables: every hole becomes a function that answers HY_ERROR_UNSUPPORTED and names itself, so
// that the hot path needs no null checks and no version checks.
#pragma once

#include "loader/loader.h"

namespace halyard {

// Copies the tables of an interface of any minor version. A table pointer may be null: then all of its slots are holes.
void completeTables(const HyBackendInterface& interface, BackendTables& out);

} // namespace halyard
