#include "remainder.h"

#include "select_f32.h"

#include "remainder.inc"

#include "select_f64.h"

#include "remainder.inc"
