// What to do about a failure when whoever found it gave no better advice.
#pragma once

#include "halyard/result.h"

namespace halyard {

// Never null; static storage.
const char* defaultHint(HyResult result);

} // namespace halyard
