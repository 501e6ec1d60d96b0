#include "hyperbolic.h"

#include "select_f32.h"

#include "hyperbolic.inc"

#include "select_f64.h"

#include "hyperbolic.inc"
