// What a launch is checked for, whether a stream takes it or a graph keeps it. Each function sets the record of what it
// refuses.
#pragma once

#include "api/object.h"

namespace halyard {

// The launch that a description asks for, with its arguments and shape checked; `out` points to what `desc` points to.
// desc.stream and desc.kernel are not looked at.
HyResult describeLaunch(const Kernel& kernel, const HyLaunchDesc& desc, HyBackendLaunch& out);
// Everything else that is known before a launch on `device`: sizes, limits, alignment, workgroup memory.
HyResult checkLaunch(const Device& device, const Kernel& kernel, const HyBackendLaunch& launch);
// Bytes from each buffer that OpArrayLength measures to the end of its allocation, or of the mappings side by side; a
// null or host address has length 0. REQUIRES: room for kernel.lengthParameters.size() numbers.
void findLengths(const Kernel& kernel, const HyBackendLaunch& launch, uint64_t* lengths);

} // namespace halyard
