/* Inverse trigonometric kernels for both types. */
#ifndef HY_DEVLIB_INVERSE_TRIG_H
#define HY_DEVLIB_INVERSE_TRIG_H

#include "core.h"

#include "select_f32.h"

#include "inverse_trig_kernel.inc"

#include "select_f64.h"

#include "inverse_trig_kernel.inc"

#endif
