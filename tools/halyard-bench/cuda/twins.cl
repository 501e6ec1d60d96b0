// kernels.h for clang.
#include "kernels.h"
