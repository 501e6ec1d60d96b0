#ifndef HY_DEVLIB_ROOTS_H
#define HY_DEVLIB_ROOTS_H

#include "core.h"

#endif
