#ifndef HY_DEVLIB_ERF_H
#define HY_DEVLIB_ERF_H

#include "exp.h"

#endif
