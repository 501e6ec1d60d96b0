/* Halyard: memory beyond hyMemAlloc: host, managed and virtual memory, sharing between processes. Part of halyard.h,
 * whose conventions hold. */
#ifndef HALYARD_VIRTUAL_MEMORY_H
#define HALYARD_VIRTUAL_MEMORY_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_VIRTUAL_MEMORY_H */
