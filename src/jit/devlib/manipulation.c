#include "manipulation.h"

#include "select_f32.h"

#include "manipulation.inc"

#include "select_f64.h"

#include "manipulation.inc"
