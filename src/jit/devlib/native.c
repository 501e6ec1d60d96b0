#include "native.h"

#include "select_f32.h"

#include "native.inc"

#include "select_f64.h"

#include "native.inc"
