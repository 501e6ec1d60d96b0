// Copies and fills of boxes in stream order.
#pragma once

#include "stream.h"

namespace halyard::cuda {

// `hostMask` as for stream.copy. Host memory that is not registered is read and written when the stream gets there, not
// at the call. Throws std::bad_alloc.
HyResult copyBox(Stream& stream, const HyCopy3D& copy, uint32_t hostMask);

// Bytes of the pattern of which `pattern` is a repetition.
uint32_t shortestPattern(const uint8_t* pattern, uint32_t bytes);

HyResult fillBox(Stream& stream, const HyFill3D& fill);

} // namespace halyard::cuda
