#ifndef HY_DEVLIB_GAMMA_H
#define HY_DEVLIB_GAMMA_H

#include "exp.h"
#include "log.h"
#include "trig.h"

#endif
