// Half and bfloat16 for atomics.
#pragma once

#include <cstdint>

namespace halyard::softcuda::ptx {

float fromHalf(uint16_t bits);
uint16_t toHalf(float value); // to the nearest, ties to even
float fromBFloat(uint16_t bits);
uint16_t toBFloat(float value); // likewise

} // namespace halyard::softcuda::ptx
