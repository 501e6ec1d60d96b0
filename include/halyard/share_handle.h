/* Halyard: what names an object for other processes. Part of halyard.h, whose conventions hold. */
#ifndef HALYARD_SHARE_HANDLE_H
#define HALYARD_SHARE_HANDLE_H

#include <stdint.h>

typedef uint32_t HyShareType;
#define HY_SHARE_OPAQUE_FD 1u /* a file descriptor; needs HY_CAP_SHARE_OPAQUE_FD, or HY_CAP_SHARE_SEMAPHORES */
#define HY_SHARE_DMA_BUF 2u   /* a file descriptor of the kernel's dma-buf; needs HY_CAP_SHARE_DMA_BUF */

/* Names memory or an event for other processes of this machine and user. Plain bytes: send them as you like. */
typedef struct HyIpcHandle {
    uint64_t words[16];
} HyIpcHandle;

#endif /* HALYARD_SHARE_HANDLE_H */
