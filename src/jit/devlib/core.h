/* Helpers that every family shares, for both types. */
#ifndef HY_DEVLIB_CORE_H
#define HY_DEVLIB_CORE_H

#include "polynomials.h"
#include "types.h"

/* Exports one function of the instance's type: FN(T, exp, (T x)) { ... } */
#define FN(result, name, parameters) HY_FUNCTION(result, name, SUFFIX, parameters)

/* An unevaluated sum hi + lo with |lo| <= ulp(hi) / 2: twice the precision of the type. */
typedef struct {
    f32 hi, lo;
} pair_f32;
typedef struct {
    f64 hi, lo;
} pair_f64;

#include "select_f32.h"

#include "core.inc"

#include "select_f64.h"

#include "core.inc"

#endif
