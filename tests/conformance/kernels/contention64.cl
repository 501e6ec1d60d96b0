#pragma OPENCL EXTENSION cl_khr_int64_base_atomics : enable
#pragma OPENCL EXTENSION cl_khr_int64_extended_atomics : enable
#define WORD ulong
#define ATOMIC atomic_ulong
#define NAME(op) u64_##op
#include "contention.h"
#undef WORD
#undef ATOMIC
#undef NAME
#undef VALUE
#undef FIGHT
#undef HOW
#define WORD long
#define ATOMIC atomic_long
#define NAME(op) s64_##op
#include "contention.h"
