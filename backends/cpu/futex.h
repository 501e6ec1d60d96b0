// What this backend uses of common/futex.h.
#pragma once

#include "common/futex.h"

namespace halyard::cpu {

using common::deadlineAfter;
using common::futexWait;
using common::futexWaitShared;
using common::futexWakeAll;
using common::futexWakeAllShared;
using common::kNever;
using common::nowNs;
using common::rawNowNs;
using common::relax;
using common::spinUntil;
using common::yieldProcessor;

} // namespace halyard::cpu
