// Included by a kernel, so that the build of kernels is seen to follow includes.
#ifndef FACTOR
#define FACTOR 2
#endif
