/* Halyard: host functions in streams, timeline semaphores, and what processes share of them. Part of halyard.h, whose
 * conventions hold. */
#ifndef HALYARD_SYNCHRONIZATION_H
#define HALYARD_SYNCHRONIZATION_H

#include "halyard/halyard.h"
#include "halyard/host_function.h"
#include "halyard/share_handle.h"

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

#define HY_SEMAPHORE_SHAREABLE (1u << 0) /* for hySemaphoreExport; needs HY_CAP_SHARE_SEMAPHORES */

typedef struct HySemaphoreDesc {
    uint32_t structSize;
    uint32_t flags; /* HY_SEMAPHORE_... */
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

/* ---- Semaphores of several processes ------------------------------------------------------------------------------
 * An exported semaphore is one counter for all processes that have it: each may signal it and wait for it, on the host
 * and in streams, in any order. A process that ends leaves the value as it is: nobody signals in its place, so wait
 * with a time limit where the other side may die. The same goes for a stream that failed or was reset. */

/* A handle that another process can import: send the descriptor through a Unix socket (SCM_RIGHTS), or let a child
 * inherit it (it is close-on-exec). *outHandle is a new descriptor each time; the caller closes it. Imported semaphores
 * may be exported again. Thread-safe. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, an unknown
 * type), HY_ERROR_INVALID_STATE (the semaphore was not made with HY_SEMAPHORE_SHAREABLE), HY_ERROR_UNSUPPORTED (this
 * type; the message says why), HY_ERROR_NATIVE (this process can have no more descriptors). */
HY_API HyResult hySemaphoreExport(HySemaphore semaphore, HyShareType type, int64_t* outHandle);
/* The other side: the exporter's counter, with the value that it has now. The handle stays the caller's, who may close
 * it at once. The exporter may end or destroy its side at any time. Destroy it like any other. Thread-safe. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, an unknown type, a handle that is none or is no semaphore
 * of this backend), HY_ERROR_UNSUPPORTED (no HY_CAP_SHARE_SEMAPHORES; this type), HY_ERROR_OUT_OF_HOST_MEMORY. */
HY_API HyResult hySemaphoreImport(HyDevice device, HyShareType type, int64_t handle, HySemaphore* outSemaphore);

/* ---- Events of several processes ----------------------------------------------------------------------------------
 * An event made with HY_EVENT_INTERPROCESS and opened by others is one event: each process may record it on its own
 * streams, and hyStreamWaitEvent, hyEventQuery and hyEventSynchronize look at the latest recording, whoever made it, at
 * the time of the call. Where that is another process's, failed or dropped work gives HY_ERROR_CANCELLED (a stream that
 * waits goes on, as it does for its own process's). A recording of a process that ended before its work did is never
 * reached: wait with a time limit where the other side may die. Streams of other devices can wait for such an event
 * only when both have HY_CAP_DEVICE_WAITS, and a capture cannot record it or wait for it. At most 32 recordings on
 * different streams may be unfinished at a time; one more is HY_ERROR_INVALID_STATE. */

/* Names the event for other processes of this machine and user. Plain bytes: send them as you like. Good as long as the
 * event and this process live. Thread-safe. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null),
 * HY_ERROR_INVALID_STATE (the event was not made with HY_EVENT_INTERPROCESS). */
HY_API HyResult hyEventGetIpcHandle(HyEvent event, HyIpcHandle* outHandle);
/* The same event in this process, also the one that made it. The owner may destroy its side afterwards. Destroy it with
 * hyEventDestroy. Thread-safe. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, not a handle of an
 * event, of another device), HY_ERROR_NOT_FOUND (its owner ended or destroyed it), HY_ERROR_UNSUPPORTED (no
 * HY_CAP_IPC_EVENTS; the system does not let this process reach the owner), HY_ERROR_OUT_OF_HOST_MEMORY. */
HY_API HyResult hyEventOpenIpcHandle(HyDevice device, const HyIpcHandle* handle, HyEvent* outEvent);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_SYNCHRONIZATION_H */
