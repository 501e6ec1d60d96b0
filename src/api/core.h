// What the entry points (entry.cpp) call when no layer stands before it: the runtime itself, one function for each of
// halyard.h, with the same name and meaning.
#pragma once

#include "halyard/halyard.h"

namespace halyard::core {

#define HY_PLAIN_FUNCTION(name)
#define HY_FUNCTION(name, key, parameters, arguments) HyResult name parameters;
#include "halyard/functions.inc"
#undef HY_FUNCTION
#undef HY_PLAIN_FUNCTION

HyResult hyInstanceCreate(const HyInstanceDesc* desc, HyInstance* outInstance);

} // namespace halyard::core
