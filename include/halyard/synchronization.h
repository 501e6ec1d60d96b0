/* Halyard: host functions in streams, and timeline semaphores. Part of halyard.h, whose conventions hold. */
#ifndef HALYARD_SYNCHRONIZATION_H
#define HALYARD_SYNCHRONIZATION_H

#include "halyard/halyard.h"
#include "halyard/host_function.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Host functions --------------------------------------------------------------------------------------------- */

/* Puts a call of `function(user, status)` at the end of the stream; later work of the stream waits until it returned,
 * and sees what it wrote. Ordered on `stream`. Thread-safe. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT
 * (function null), HY_ERROR_UNSUPPORTED (no HY_CAP_HOST_FUNCTIONS), HY_ERROR_OUT_OF_HOST_MEMORY, the sticky error; when
 * the call fails the function is not called. */
HY_API HyResult hyStreamHostFunction(HyStream stream, HyHostFunction function, void* user);

/* ---- Timeline semaphores ------------------------------------------------------------------------------------------
 * A 64-bit counter that only grows, set by the host or by streams, waited for by both. Unlike an event it may be
 * waited for before anything signals it, so a program can make streams wait for each other in a circle; those then
 * wait until somebody signals, hyDeviceReset, or the end of the instance. A device without
 * HY_CAP_TIMELINE_SEMAPHORES answers HY_ERROR_UNSUPPORTED to all of these. */

typedef struct HySemaphoreDesc {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    uint64_t initialValue;
} HySemaphoreDesc;

/* `desc` may be null (value 0). Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_STRUCT,
 * HY_ERROR_UNSUPPORTED, HY_ERROR_OUT_OF_HOST_MEMORY. */
HY_API HyResult hySemaphoreCreate(HyDevice device, const HySemaphoreDesc* desc, HySemaphore* outSemaphore);
/* Returns at once; streams that wait for or will signal it keep what they need, though nobody can signal it from the
 * host any more. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hySemaphoreDestroy(HySemaphore semaphore);
/* The value now. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT. */
HY_API HyResult hySemaphoreGetValue(HySemaphore semaphore, uint64_t* outValue);
/* Sets the value, from the host. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (not above the value now:
 * the message has both). */
HY_API HyResult hySemaphoreSignal(HySemaphore semaphore, uint64_t value);
/* Waits on the host until the value is at least `value`. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_TIMEOUT. */
HY_API HyResult hySemaphoreWait(HySemaphore semaphore, uint64_t value, uint64_t timeoutNs);

/* Sets the value once all earlier work of the stream is done. A value that is not above the semaphore's at that time
 * is a sticky error of the stream (HY_ERROR_INVALID_STATE). A stream that failed or was cancelled does not signal.
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_UNSUPPORTED (also: stream and semaphore of different backends), the sticky
 * error. */
HY_API HyResult hyStreamSignalSemaphore(HyStream stream, HySemaphore semaphore, uint64_t value);
/* Later work of the stream waits until the value is at least `value`; the host does not wait. Errors: as above. */
HY_API HyResult hyStreamWaitSemaphore(HyStream stream, HySemaphore semaphore, uint64_t value);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_SYNCHRONIZATION_H */
