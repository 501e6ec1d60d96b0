/* Halyard: memory beyond hyMemAlloc: host, managed and virtual memory, sharing between processes. Part of halyard.h,
 * whose conventions hold. */
#ifndef HALYARD_VIRTUAL_MEMORY_H
#define HALYARD_VIRTUAL_MEMORY_H

#include "halyard/halyard.h"
#include "halyard/share_handle.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Host memory ------------------------------------------------------------------------------------------------ */

/* Allocates host memory that the device reaches: whole pages, zeroed, pinned where the device needs it, of kind
 * HY_MEMORY_HOST_ALLOCATED. The host uses *outPointer, copies and kernels take *outPtr (copies take hyHostAddress of
 * the pointer as well). The same as allocating pages and registering them with hyHostRegister. `flags` is 0. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0, an unknown flag, an output null),
 * HY_ERROR_OUT_OF_HOST_MEMORY, HY_ERROR_UNSUPPORTED (no HY_CAP_HOST_REGISTRATION). */
HY_API HyResult hyHostAlloc(HyDevice device, uint64_t bytes, uint32_t flags, void** outPointer, HyDevicePtr* outPtr);
/* Frees it, after waiting for submitted work of the device. Null is allowed and does nothing. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ADDRESS (not from hyHostAlloc of this device, or freed already),
 * HY_ERROR_TIMEOUT (work did not end within HALYARD_SHUTDOWN_TIMEOUT_MS: the memory stays allocated). */
HY_API HyResult hyHostFree(HyDevice device, void* pointer);

/* ---- Managed memory --------------------------------------------------------------------------------------------- */

/* Allocates memory that has one address for the host and the device: *outPtr, cast to a pointer, is what the host uses.
 * Contents undefined. Host and device must not touch one byte at a time without the order that hyStreamSynchronize or
 * hyEventSynchronize makes. Free it with hyMemFree. Kind HY_MEMORY_MANAGED.
 * Errors: those of hyMemAlloc, HY_ERROR_UNSUPPORTED (no HY_CAP_MANAGED_MEMORY). */
HY_API HyResult hyMemAllocManaged(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr);

/* What a program is going to do with managed memory. Advice changes how fast, never what. */
typedef uint32_t HyMemoryAdvice;
#define HY_ADVICE_PREFER_DEVICE 1u /* the memory's place is the device */
#define HY_ADVICE_PREFER_HOST 2u   /* the memory's place is the host */
#define HY_ADVICE_NO_PREFERENCE 3u /* forgets either */
#define HY_ADVICE_READ_MOSTLY 4u   /* host and device may each keep a copy, until one of them writes */
#define HY_ADVICE_READ_WRITE 5u    /* forgets that */
#define HY_ADVICE_LARGE_PAGES 6u   /* back the range by large pages */
#define HY_ADVICE_SMALL_PAGES 7u   /* never do: the range is touched in few places */
#define HY_ADVICE_NOT_SOON 8u      /* not needed for a while: give its pages up first (contents stay) */

/* Advises on bytes of one managed allocation; pages that lie in the range only in part count as in it.
 * Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0, an unknown advice), HY_ERROR_INVALID_ADDRESS
 * (not inside one live managed allocation of this device), HY_ERROR_UNSUPPORTED (the device can make no use of this
 * advice; the message says why). */
HY_API HyResult hyMemAdvise(HyDevice device, HyDevicePtr ptr, uint64_t bytes, HyMemoryAdvice advice);

/* In stream order, brings bytes of one managed allocation to where they are needed next: to `destination`, which must
 * be the stream's device, or to the host when it is null. Contents stay. Afterwards touching them there waits for
 * nothing. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ADDRESS (not inside one live managed allocation of the
 * stream's device), HY_ERROR_UNSUPPORTED (no HY_CAP_PREFETCH, another device as destination), the sticky error. 0 bytes
 * do nothing. */
HY_API HyResult hyMemPrefetchAsync(HyStream stream, HyDevicePtr ptr, uint64_t bytes, HyDevice destination);

/* ---- Virtual memory ----------------------------------------------------------------------------------------------
 *
 * Addresses and memory apart (HY_CAP_VIRTUAL_MEMORY): reserve addresses once, then map memory into them piece by piece,
 * so that a buffer grows where it is:
 *
 *     hyVirtualReserve(device, 64 GiB, 0, &base);
 *     HyPhysicalMemoryDesc desc = { .structSize = sizeof desc, .bytes = piece };
 *     hyPhysicalMemoryCreate(device, &desc, &memory);
 *     hyVirtualMap(device, base + used, piece, memory, 0);
 *     hyVirtualSetAccess(device, base + used, piece, HY_ACCESS_READ_WRITE);
 *     hyPhysicalMemoryDestroy(memory);                                    // the mapping keeps it
 *
 * Mapped addresses are used like any other: copies, fills and kernels take them, of kind HY_MEMORY_VIRTUAL. Mappings
 * that lie side by side in one reservation are one range for copies, fills and the hidden lengths of kernels
 * (OpArrayLength), as far as their access allows; hyPointerGetInfo describes the one mapping that contains an address.
 * A piece of memory may be mapped several times. Sizes, addresses and offsets are multiples of the granularity. */

/* What mappings are multiples of: at least *outMinimum; *outRecommended where the device works best. Either output may
 * be null. Both stay the same as long as the instance. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_UNSUPPORTED (no
 * HY_CAP_VIRTUAL_MEMORY), and what opening the device can give. */
HY_API HyResult hyVirtualGetGranularity(HyDevice device, uint64_t* outMinimum, uint64_t* outRecommended);

/* Reserves addresses: no memory behind them, no access. `alignment` is a power of two, or 0 for the recommended
 * granularity. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0, outBase null, no power of two),
 * HY_ERROR_MISALIGNED (bytes is not a multiple of the minimum granularity), HY_ERROR_OUT_OF_DEVICE_MEMORY (not that
 * many addresses in a row are left), HY_ERROR_UNSUPPORTED. */
HY_API HyResult hyVirtualReserve(HyDevice device, uint64_t bytes, uint64_t alignment, HyDevicePtr* outBase);
/* Gives a reservation back by its first address. 0 is allowed and does nothing. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ADDRESS (no reservation of this device starts there), HY_ERROR_INVALID_STATE (something is still
 * mapped in it). */
HY_API HyResult hyVirtualFree(HyDevice device, HyDevicePtr base);

#define HY_PHYSICAL_MEMORY_SHAREABLE (1u << 0) /* hyPhysicalMemoryExport will be called */

typedef struct HyPhysicalMemoryDesc {
    uint32_t structSize;
    uint32_t flags; /* HY_PHYSICAL_MEMORY_SHAREABLE or 0 */
    const void* next;
    uint64_t bytes; /* a multiple of the minimum granularity */
} HyPhysicalMemoryDesc;

/* Memory without an address; zeroed. Counts as allocated until it is destroyed and mapped nowhere. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0, a null), HY_ERROR_INVALID_STRUCT, HY_ERROR_MISALIGNED,
 * HY_ERROR_OUT_OF_DEVICE_MEMORY, HY_ERROR_UNSUPPORTED (no HY_CAP_VIRTUAL_MEMORY; shareable without a HY_CAP_SHARE_...).
 */
HY_API HyResult hyPhysicalMemoryCreate(HyDevice device, const HyPhysicalMemoryDesc* desc, HyPhysicalMemory* outMemory);
/* Ends the handle; the memory itself lives until the last unmap. Errors: HY_ERROR_INVALID_HANDLE. */
HY_API HyResult hyPhysicalMemoryDestroy(HyPhysicalMemory memory);

/* Maps `bytes` of memory, from `offset` on, at `base`, without access: call hyVirtualSetAccess next. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes 0; offset and bytes beyond the memory),
 * HY_ERROR_INVALID_ADDRESS (not inside one reservation of this device), HY_ERROR_INVALID_STATE (something is mapped
 * there), HY_ERROR_MISALIGNED, HY_ERROR_UNSUPPORTED (memory of another device). */
HY_API HyResult hyVirtualMap(HyDevice device, HyDevicePtr base, uint64_t bytes, HyPhysicalMemory memory,
                             uint64_t offset);
/* Undoes whole mappings: [base, base + bytes) must begin and end where mappings do, with no gap inside. Waits for work
 * already submitted to the device, as hyMemFree does. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (bytes
 * 0), HY_ERROR_INVALID_ADDRESS (not exactly whole mappings), HY_ERROR_TIMEOUT (work did not end within
 * HALYARD_SHUTDOWN_TIMEOUT_MS: all stays mapped). */
HY_API HyResult hyVirtualUnmap(HyDevice device, HyDevicePtr base, uint64_t bytes);

typedef uint32_t HyMemoryAccess;
#define HY_ACCESS_NONE 0u
#define HY_ACCESS_READ 1u
#define HY_ACCESS_READ_WRITE 3u

/* Sets what the device, and the host where it reaches the memory, may do with whole mappings. Copies and fills that
 * break it are refused; a kernel that does so fails like one that uses a wrong address. Taking access away waits for
 * work already submitted to the device. Errors: as hyVirtualUnmap, HY_ERROR_INVALID_ARGUMENT (an unknown access). */
HY_API HyResult hyVirtualSetAccess(HyDevice device, HyDevicePtr base, uint64_t bytes, HyMemoryAccess access);

/* ---- Sharing between processes ---------------------------------------------------------------------------------- */

/* A handle to physical memory that another process can import: send a descriptor through a Unix socket (SCM_RIGHTS), or
 * let a child inherit it (it is close-on-exec). *outHandle is a new descriptor each time; the caller closes it. Holding
 * it keeps the memory. Errors: HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, an unknown type),
 * HY_ERROR_INVALID_STATE (the memory was not made with HY_PHYSICAL_MEMORY_SHAREABLE), HY_ERROR_UNSUPPORTED (this type;
 * the message says why). */
HY_API HyResult hyPhysicalMemoryExport(HyPhysicalMemory memory, HyShareType type, int64_t* outHandle);
/* The other side: memory for hyVirtualMap, the same bytes as the exporter's. The handle stays the caller's, who may
 * close it at once. `bytes` is a multiple of the minimum granularity and at most what the exporter created. The
 * exporter may end or destroy its side at any time. Imported memory may be exported again. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, an unknown type, a handle that is none or is not such
 * memory, bytes 0 or too many), HY_ERROR_MISALIGNED, HY_ERROR_UNSUPPORTED. */
HY_API HyResult hyPhysicalMemoryImport(HyDevice device, HyShareType type, int64_t handle, uint64_t bytes,
                                       HyPhysicalMemory* outMemory);

/* Allocates as hyMemAlloc, for hyMemGetIpcHandle. Free it with hyMemFree. Errors: those of hyMemAlloc,
 * HY_ERROR_UNSUPPORTED (no HY_CAP_IPC). */
HY_API HyResult hyMemAllocShareable(HyDevice device, uint64_t bytes, HyDevicePtr* outPtr);

/* The handle of the allocation that contains `ptr`. Good as long as the allocation and this process live. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT, HY_ERROR_INVALID_ADDRESS (not a live allocation of this device),
 * HY_ERROR_UNSUPPORTED (no HY_CAP_IPC; not from hyMemAllocShareable). */
HY_API HyResult hyMemGetIpcHandle(HyDevice device, HyDevicePtr ptr, HyIpcHandle* outHandle);
/* The first address at which this process sees that allocation; a new one each time. Memory that the owner frees
 * meanwhile stays readable here, with nobody else behind it. Close it with hyMemCloseIpcHandle. Errors:
 * HY_ERROR_INVALID_HANDLE, HY_ERROR_INVALID_ARGUMENT (null, not a handle, of another device), HY_ERROR_NOT_FOUND (its
 * owner ended or freed it), HY_ERROR_UNSUPPORTED (no HY_CAP_IPC; the system does not let this process reach the owner).
 */
HY_API HyResult hyMemOpenIpcHandle(HyDevice device, const HyIpcHandle* handle, HyDevicePtr* outPtr);
/* Ends what hyMemOpenIpcHandle opened, after waiting for submitted work of the device. Errors: HY_ERROR_INVALID_HANDLE,
 * HY_ERROR_INVALID_ADDRESS (not such an address), HY_ERROR_TIMEOUT. */
HY_API HyResult hyMemCloseIpcHandle(HyDevice device, HyDevicePtr ptr);

#ifdef __cplusplus
}
#endif

#endif /* HALYARD_VIRTUAL_MEMORY_H */
