/* Halyard: stream-ordered allocation. Part of halyard.h, whose conventions hold. */
#ifndef HALYARD_MEMORY_POOL_H
#define HALYARD_MEMORY_POOL_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_MEMORY_POOL_H */
