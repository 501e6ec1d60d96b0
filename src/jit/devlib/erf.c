#include "erf.h"

#include "select_f32.h"

#include "erf.inc"

#include "select_f64.h"

#include "erf.inc"
