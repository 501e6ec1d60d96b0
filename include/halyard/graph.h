/* Halyard: graphs and capture. Part of halyard.h, whose conventions hold. */
#ifndef HALYARD_GRAPH_H
#define HALYARD_GRAPH_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_GRAPH_H */
