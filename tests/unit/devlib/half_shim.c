/* The f16 functions by their bits, since GCC 12 has no _Float16 in C++. */
#include "half_shim.h"

#include <string.h>

static _Float16 fromBits(uint16_t bits) {
    _Float16 value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t toBits(_Float16 value) {
    uint16_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float hyTestHalfToFloat(uint16_t x) {
    return (float)fromBits(x);
}

#define ONE(name, bound)                                                                                               \
    _Float16 hy_##name##_f16(_Float16 x);                                                                              \
    uint16_t hyTestHalf_##name(uint16_t x) {                                                                           \
        return toBits(hy_##name##_f16(fromBits(x)));                                                                   \
    }
#define TWO(name, bound)                                                                                               \
    _Float16 hy_##name##_f16(_Float16 x, _Float16 y);                                                                  \
    uint16_t hyTestHalf_##name(uint16_t x, uint16_t y) {                                                               \
        return toBits(hy_##name##_f16(fromBits(x), fromBits(y)));                                                      \
    }
#define POWER(name, bound)                                                                                             \
    _Float16 hy_##name##_f16(_Float16 x, int n);                                                                       \
    uint16_t hyTestHalf_##name(uint16_t x, int n) {                                                                    \
        return toBits(hy_##name##_f16(fromBits(x), n));                                                                \
    }
#include "functions.def"
