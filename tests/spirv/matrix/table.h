// docs/spirv.md: what each device accepts, as a run of the matrix found it.
#pragma once

#include "matrix/engine.h"

namespace halyard::spirvtest {

// The whole page: the words of `introduction`, then the tables. families: name and reports, in order.
std::string page(const std::string& introduction, const std::vector<std::string>& devices,
                 const std::vector<std::pair<std::string, const std::vector<Report>*>>& families);

} // namespace halyard::spirvtest
