// The files that nvcc -fatbin writes.
#pragma once

#include <cstdint>
#include <string_view>

namespace halyard::softcuda {

// The PTX in a fat binary for the newest processor up to `processor` (90: sm_90); empty when there is none that is not
// compressed. Trusts the headers, as the driver has to: it is told no size.
std::string_view ptxOfFatBinary(const char* image, uint32_t processor);

} // namespace halyard::softcuda
