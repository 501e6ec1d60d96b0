// kernels.h for nvcc.
#include "kernels.h"
