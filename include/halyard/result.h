/* Halyard result codes. Part of halyard.h; split out so that code without the API can name a failure.
 * Values are ABI: they never change and are never reused. */
#ifndef HALYARD_RESULT_H
#define HALYARD_RESULT_H

#include <stdint.h>

/* Zero is success, positive values are answers that are not failures, negative values are errors. */
typedef int32_t HyResult;

#define HY_SUCCESS ((HyResult)0)
/* The work asked about has not finished yet. Returned by queries only. */
#define HY_NOT_READY ((HyResult)1)

/* A scalar argument is outside what the function documents: a null pointer, an unknown enum value, a zero size. */
#define HY_ERROR_INVALID_ARGUMENT ((HyResult)-1)
/* A handle is null, of another type, from another instance, or was destroyed. */
#define HY_ERROR_INVALID_HANDLE ((HyResult)-2)
/* A structure's structSize, flags or next chain is not understood. */
#define HY_ERROR_INVALID_STRUCT ((HyResult)-3)
/* A device address is freed, unknown, or the range leaves its allocation. */
#define HY_ERROR_INVALID_ADDRESS ((HyResult)-4)
/* An address or a size is not a multiple of what the operation requires. */
#define HY_ERROR_MISALIGNED ((HyResult)-5)
/* The host could not give memory for the runtime's own objects. */
#define HY_ERROR_OUT_OF_HOST_MEMORY ((HyResult)-6)
/* The device could not give the memory asked for. */
#define HY_ERROR_OUT_OF_DEVICE_MEMORY ((HyResult)-7)
/* The backend or the device lacks this feature; the message says which and how to query it. */
#define HY_ERROR_UNSUPPORTED ((HyResult)-8)
/* The module is valid SPIR-V but uses an instruction or capability that Halyard does not compile. */
#define HY_ERROR_UNSUPPORTED_SPIRV ((HyResult)-9)
/* The module's bytes are not a valid module of any format that the device reads. */
#define HY_ERROR_INVALID_MODULE ((HyResult)-10)
/* No kernel, device, symbol or backend of that name. */
#define HY_ERROR_NOT_FOUND ((HyResult)-11)
/* The number or the sizes of the kernel arguments do not match the kernel. */
#define HY_ERROR_INVALID_KERNEL_ARGS ((HyResult)-12)
/* The workgroup or grid size is zero, above a limit, or not the size that the kernel requires. */
#define HY_ERROR_INVALID_LAUNCH_SIZE ((HyResult)-13)
/* The wait ended at its time limit; the work goes on. */
#define HY_ERROR_TIMEOUT ((HyResult)-14)
/* The device stopped working; every later call on it gives this error until the instance is recreated. */
#define HY_ERROR_DEVICE_LOST ((HyResult)-15)
/* The compiler refused or failed: the message names the stage, the hint names the dump. */
#define HY_ERROR_COMPILE_FAILED ((HyResult)-16)
/* The compiler worker crashed, exceeded its memory or its time, or could not be started. */
#define HY_ERROR_COMPILER_LOST ((HyResult)-17)
/* Work that was submitted earlier failed on the device. Sticky on the stream. */
#define HY_ERROR_LAUNCH_FAILED ((HyResult)-18)
/* The native driver failed in a way that no other code describes; see nativeCode and nativeName. */
#define HY_ERROR_NATIVE ((HyResult)-19)
/* A library, a backend or a caller is built for another major version of the ABI. */
#define HY_ERROR_INCOMPATIBLE_ABI ((HyResult)-20)
/* A file could not be opened, read or written. */
#define HY_ERROR_IO ((HyResult)-21)
/* The object is in a state that forbids the call: an event without timing, a stream with a sticky error. */
#define HY_ERROR_INVALID_STATE ((HyResult)-22)
/* The call came from a process forked after the instance was created. */
#define HY_ERROR_FORKED ((HyResult)-23)
/* A defect of Halyard: please report it with the message. */
#define HY_ERROR_INTERNAL ((HyResult)-24)
/* The work was dropped before it ran: the device was reset, or the instance destroyed. */
#define HY_ERROR_CANCELLED ((HyResult)-25)
/* The system stopped a kernel that ran longer than it allows, as on GPUs that drive a display. Sticky on the stream. */
#define HY_ERROR_LAUNCH_TIMEOUT ((HyResult)-26)

#endif /* HALYARD_RESULT_H */
