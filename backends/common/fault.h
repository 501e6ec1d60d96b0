// Why something that several backends do did not work, for each to report by its own means.
#pragma once

#include "halyard/result.h"

#include <string>

namespace halyard::common {

struct Fault {
    HyResult code = HY_SUCCESS;
    std::string message;
    const char* argument = "";
    const char* hint = "";
    int error = 0; // errno, when the system refused
};

} // namespace halyard::common
