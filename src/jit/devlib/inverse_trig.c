#include "inverse_trig.h"

#include "select_f32.h"

#include "inverse_trig.inc"

#include "select_f64.h"

#include "inverse_trig.inc"
