#ifndef HY_DEVLIB_HYPERBOLIC_H
#define HY_DEVLIB_HYPERBOLIC_H

#include "exp.h"
#include "log.h"

#endif
