// Choosing a workgroup size for a grid.
#pragma once

#include "halyard/halyard.h"

namespace halyard {

// A size of at most maxInvocations within maxSize that wastes few invocations on `global`: starts from `preferred`
// invocations along x, then gives what a short x leaves to y and z.
HyDim3 chooseWorkgroupSize(HyDim3 global, uint32_t preferred, uint32_t maxInvocations, const uint32_t (&maxSize)[3]);

} // namespace halyard
