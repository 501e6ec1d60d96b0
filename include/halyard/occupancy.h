/* Halyard: how work fits a device: occupancy, subgroup sizes, cooperative matrices. Part of halyard.h, whose
 * conventions hold; everything here is thread-safe. */
#ifndef HALYARD_OCCUPANCY_H
#define HALYARD_OCCUPANCY_H

#include "halyard/halyard.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Kernels with a chosen subgroup size --------------------------------------------------------------------------
 */

typedef struct HyKernelDesc {
    uint32_t structSize;
    uint32_t flags; /* zero */
    const void* next;
    const char* name;
    uint32_t requiredSubgroupSize; /* one of hyDeviceGetSubgroupSizes; 0: the kernel's own, or the device's choice */
    uint32_t reserved;
} HyKernelDesc;

/* hyKernelCreate with everything. Errors: the same, HY_ERROR_INVALID_STRUCT, HY_ERROR_INVALID_ARGUMENT (a size that the
 * device does not have, or another than the kernel itself requires; no power of two), HY_ERROR_UNSUPPORTED (no
 * HY_CAP_SUBGROUP_SIZE_CONTROL). Thread-safe. */
HY_API HyResult hyKernelCreateEx(HyModule module, const HyKernelDesc* desc, HyKernel* outKernel);

/* The subgroup sizes that kernels have on the device, smallest first; with HY_CAP_SUBGROUP_SIZE_CONTROL any of them can
 * be required. Writes at most `capacity` of them to `sizes`, which may be null when capacity is 0; *outCount is how
 * many there are, whatever the capacity (0: the device does not tell). Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ARGUMENT (null). */
HY_API HyResult hyDeviceGetSubgroupSizes(HyDevice device, uint32_t capacity, uint32_t* sizes, uint32_t* outCount);

/* ---- Occupancy ----------------------------------------------------------------------------------------------------
 */

/* What keeps more workgroups from being active. */
typedef uint32_t HyOccupancyLimit;
#define HY_OCCUPANCY_LIMIT_UNKNOWN 0u
#define HY_OCCUPANCY_LIMIT_THREADS 1u      /* threads of a CPU, or places for invocations of a GPU */
#define HY_OCCUPANCY_LIMIT_WORKGROUPS 2u   /* places for workgroups */
#define HY_OCCUPANCY_LIMIT_LOCAL_MEMORY 3u /* workgroup memory */
#define HY_OCCUPANCY_LIMIT_REGISTERS 4u    /* registers, or the memory that an invocation's state takes */

typedef struct HyOccupancy {
    uint32_t structSize;
    HyOccupancyLimit limit;
    uint64_t activeWorkgroups;  /* on the whole device at once: the most that a cooperative launch may have */
    uint32_t workgroupsPerUnit; /* of these, on one compute unit (HyDeviceProperties::computeUnits) */
    uint32_t reserved;
} HyOccupancy;

/* How many workgroups of this size run at once when nothing else does. `workgroupSize` 0, 0, 0 is the required or the
 * suggested one; `dynamicLocalBytes` is the workgroup memory that arguments ask for, all together (each argument
 * rounded up to a multiple of 128). activeWorkgroups is never 0: where not even one fits, the call fails. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null), HY_ERROR_INVALID_STRUCT, HY_ERROR_INVALID_LAUNCH_SIZE (a
 * workgroup that could not be launched), HY_ERROR_UNSUPPORTED (no HY_CAP_OCCUPANCY). */
HY_API HyResult hyKernelGetOccupancy(HyKernel kernel, HyDim3 workgroupSize, uint64_t dynamicLocalBytes,
                                     HyOccupancy* outOccupancy);

/* ---- Cooperative matrices -----------------------------------------------------------------------------------------
 */

typedef uint32_t HyComponentType;
#define HY_COMPONENT_FLOAT16 0u
#define HY_COMPONENT_FLOAT32 1u
#define HY_COMPONENT_FLOAT64 2u
#define HY_COMPONENT_BFLOAT16 3u
#define HY_COMPONENT_INT8 4u
#define HY_COMPONENT_INT16 5u
#define HY_COMPONENT_INT32 6u
#define HY_COMPONENT_INT64 7u
#define HY_COMPONENT_UINT8 8u
#define HY_COMPONENT_UINT16 9u
#define HY_COMPONENT_UINT32 10u
#define HY_COMPONENT_UINT64 11u

typedef uint32_t HyScope; /* numbers of SPIR-V */
#define HY_SCOPE_WORKGROUP 2u
#define HY_SCOPE_SUBGROUP 3u

/* One form of result = A * B + C of SPV_KHR_cooperative_matrix: A has M rows and K columns, B has K and N. */
typedef struct HyCooperativeMatrixInfo {
    uint32_t structSize;
    uint32_t saturating; /* 1: with the operand SaturatingAccumulation */
    uint32_t m, n, k;
    HyScope scope;
    HyComponentType a, b, c, result;
} HyCooperativeMatrixInfo;

/* How many forms the device has: 0 without HY_CAP_COOPERATIVE_MATRIX. Devices that compute matrices in software take
 * other shapes too: the customary ones are listed, those that a program tuned for a GPU would look for. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT. */
HY_API HyResult hyDeviceGetCooperativeMatrixCount(HyDevice device, uint32_t* outCount);
/* One of them. Errors: as above, HY_ERROR_INVALID_STRUCT, HY_ERROR_NOT_FOUND (index), HY_ERROR_UNSUPPORTED (no
 * HY_CAP_COOPERATIVE_MATRIX). */
HY_API HyResult hyDeviceGetCooperativeMatrix(HyDevice device, uint32_t index, HyCooperativeMatrixInfo* outInfo);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_OCCUPANCY_H */
