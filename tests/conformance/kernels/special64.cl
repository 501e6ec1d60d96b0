#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#define REAL double
#define BITS ulong
#define BITS_OF as_ulong
#define NAME(op) f64_##op
#include "special.h"
