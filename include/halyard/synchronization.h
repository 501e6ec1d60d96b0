/* Halyard: host functions and timeline semaphores. Part of halyard.h, whose conventions hold. */
#ifndef HALYARD_SYNCHRONIZATION_H
#define HALYARD_SYNCHRONIZATION_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_SYNCHRONIZATION_H */
