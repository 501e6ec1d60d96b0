#include "power.h"

#include "select_f32.h"

#include "power.inc"

#include "select_f64.h"

#include "power.inc"
