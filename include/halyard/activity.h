/* Halyard: what a device did, and when. Backends report it (HyBackendProfilingTable in halyard/backend.h), layers
 * receive it (HyLayerHost::setActivitySink in halyard/layer.h). */
#ifndef HALYARD_ACTIVITY_H
#define HALYARD_ACTIVITY_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t HyActivityKind;
#define HY_ACTIVITY_OTHER 0u
#define HY_ACTIVITY_KERNEL 1u
#define HY_ACTIVITY_COPY 2u
#define HY_ACTIVITY_FILL 3u
#define HY_ACTIVITY_HOST_FUNCTION 4u
#define HY_ACTIVITY_GRAPH 5u /* a whole graph that the device runs as one command */

/* One command of a stream, from its start to its end on the device. Valid for the call that delivers it. */
typedef struct HyActivity {
    uint32_t structSize;
    HyActivityKind kind;
    HyDevice device;      /* filled by the runtime; a backend leaves it null */
    uint64_t timeline;    /* commands of one timeline never overlap: a number of the stream, never used again */
    uint64_t correlation; /* that of the thread that submitted the command (HyLayerHost::setCorrelation), or 0 */
    uint64_t startNs;     /* on the clock CLOCK_MONOTONIC */
    uint64_t endNs;
    uint64_t bytes;   /* moved by a copy or fill, else 0 */
    const char* name; /* of the kernel, or "" */
} HyActivity;

/* Receives activities. Called from any thread, several at a time, before the stream passes the command: who waits for
 * the stream has them all. Must not call Halyard, and must be quick: the device waits. */
typedef void (*HyActivitySink)(void* user, const HyActivity* activity);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_ACTIVITY_H */
