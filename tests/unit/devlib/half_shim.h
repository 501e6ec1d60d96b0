/* The f16 functions of the device maths library by their bits. */
#ifndef HALYARD_TESTS_HALF_SHIM_H
#define HALYARD_TESTS_HALF_SHIM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

float hyTestHalfToFloat(uint16_t x);
#define ONE(name, bound) uint16_t hyTestHalf_##name(uint16_t x);
#define TWO(name, bound) uint16_t hyTestHalf_##name(uint16_t x, uint16_t y);
#define POWER(name, bound) uint16_t hyTestHalf_##name(uint16_t x, int n);
#include "functions.def"
#undef ONE
#undef TWO
#undef POWER

#ifdef __cplusplus
}
#endif

#endif
