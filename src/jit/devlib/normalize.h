/* Splitting a number into significand and exponent, for both types. */
#ifndef HY_DEVLIB_NORMALIZE_H
#define HY_DEVLIB_NORMALIZE_H

#include "core.h"

#include "select_f32.h"

#include "normalize.inc"

#include "select_f64.h"

#include "normalize.inc"

#endif
