#ifndef HY_DEVLIB_MANIPULATION_H
#define HY_DEVLIB_MANIPULATION_H

#include "normalize.h"

#endif
