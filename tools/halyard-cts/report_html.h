// Reports as a page that people read.
#pragma once

#include "results.h"

namespace halyard::cts {

// One file with everything in it: no script, nothing from elsewhere, light or dark as the reader's system is. Text of
// tests and drivers is escaped, so it cannot become markup.
std::string toHtml(const Run& run);

} // namespace halyard::cts
