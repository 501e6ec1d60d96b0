/* Exponential kernels for both types. */
#ifndef HY_DEVLIB_EXP_H
#define HY_DEVLIB_EXP_H

#include "core.h"

#include "select_f32.h"

#include "exp_kernel.inc"

#include "select_f64.h"

#include "exp_kernel.inc"

#endif
