// `halyardc --emit reflect`: a module's interface as JSON.
#pragma once

#include "spv/reflect.h"

#include <string>

namespace halyard::tools {

std::string describe(const spv::Reflection& reflection);

} // namespace halyard::tools
