/* Logarithm kernels for both types. */
#ifndef HY_DEVLIB_LOG_H
#define HY_DEVLIB_LOG_H

#include "core.h"

#include "select_f32.h"

#include "log_kernel.inc"

#include "select_f64.h"

#include "log_kernel.inc"

#endif
