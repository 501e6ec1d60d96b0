#include "exp.h"

#include "select_f32.h"

#include "exp.inc"

#include "select_f64.h"

#include "exp.inc"
