#include "roots.h"

#include "select_f32.h"

#include "roots.inc"

#include "select_f64.h"

#include "roots.inc"
