#include "trig.h"

#include "select_f32.h"

#include "trig.inc"

#include "select_f64.h"

#include "trig.inc"
