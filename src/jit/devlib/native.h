/* Declarations of what the native_ and half_ forms call in other files. */
#ifndef HY_DEVLIB_NATIVE_H
#define HY_DEVLIB_NATIVE_H

#include "exp.h"
#include "log.h"
#include "trig.h"

#include "select_f32.h"

#include "native_kernel.inc"

#include "select_f64.h"

#include "native_kernel.inc"

#endif
