#include "log.h"

#include "select_f32.h"

#include "log.inc"

#include "select_f64.h"

#include "log.inc"
