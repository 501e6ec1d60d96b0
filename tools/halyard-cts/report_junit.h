// Reports for CI systems.
#pragma once

#include "results.h"

namespace halyard::cts {

// JUnit XML 1.0, UTF-8. A failed assertion and an unexpected pass are failures, a crash and a time limit are errors;
// skipped, unsupported and expected failures are "skipped" with their reason. Stale exclusions are failures of a suite
// "Exclusions", since they make the run fail.
std::string toJunit(const Run& run);

} // namespace halyard::cts
