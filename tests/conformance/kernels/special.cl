#define REAL float
#define BITS uint
#define BITS_OF as_uint
#define NAME(op) f32_##op
#include "special.h"
