#ifndef HY_DEVLIB_REMAINDER_H
#define HY_DEVLIB_REMAINDER_H

#include "normalize.h"

#endif
