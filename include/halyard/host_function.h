/* Halyard: the type of functions that streams and graphs call on the host. Part of halyard.h, whose conventions hold.
 */
#ifndef HALYARD_HOST_FUNCTION_H
#define HALYARD_HOST_FUNCTION_H

#include "halyard/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called once, on a thread of the runtime, whatever becomes of the stream. `status` is HY_SUCCESS when all earlier work
 * of the stream is done; the stream's sticky error when it failed; HY_ERROR_CANCELLED when a reset or the end of the
 * instance dropped the work before it. Functions of one device run one after another, so a function that takes long
 * holds up those of other streams (not their kernels). Inside it every call of Halyard is refused with
 * HY_ERROR_INVALID_STATE, hyGetLastError and the other calls about no object apart: signal a thread of your own
 * instead. A C++ exception must not leave it. */
typedef void (*HyHostFunction)(void* user, HyResult status);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_HOST_FUNCTION_H */
