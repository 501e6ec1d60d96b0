#include "gamma.h"

#include "select_f32.h"

#include "gamma.inc"

#include "select_f64.h"

#include "gamma.inc"
