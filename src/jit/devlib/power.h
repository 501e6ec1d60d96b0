#ifndef HY_DEVLIB_POWER_H
#define HY_DEVLIB_POWER_H

#include "exp.h"
#include "log.h"

#endif
