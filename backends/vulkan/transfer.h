// Moving and setting bytes of device, registered and host memory.
#pragma once

#include "stream.h"

namespace halyard::vulkan {

// `hostMask`: HY_BACKEND_COPY_*. Throw Failure.
void copyBox(Stream& stream, const HyCopy3D& box, uint32_t hostMask);
void fillBox(Stream& stream, const HyFill3D& box);
// Record the command itself; the copy is one between memory of the device. Throw Failure.
void recordCopy(const Commands& commands, Device& device, const HyCopy3D& box);
void recordFill(const Commands& commands, Device& device, const HyFill3D& box);
// Writes memory of the device that no work uses, before it returns. Throws Failure.
void writeNow(Device& device, uint64_t dst, const void* src, uint64_t bytes);

} // namespace halyard::vulkan
