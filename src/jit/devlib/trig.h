/* Sine and cosine kernels for both types. */
#ifndef HY_DEVLIB_TRIG_H
#define HY_DEVLIB_TRIG_H

#include "payne_hanek.h"

#include "select_f32.h"

#include "trig_kernel.inc"

#include "select_f64.h"

#include "trig_kernel.inc"

#endif
