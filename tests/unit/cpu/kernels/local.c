#include <stdint.h>
#include <string.h>
/* Writes all of its workgroup and scratch memory; out[group] is 0 when an address is misaligned, else what it read
 * back. */
struct Args {
    uint64_t localBytes;
    uint32_t* out;
};
#define STATIC_LOCAL 100
#define SCRATCH 16
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    const uint64_t scratchBytes = (itemsOf(launch) + 63) / 64 * 64 * SCRATCH;
    if ((uintptr_t)local % 128 != 0 || (uintptr_t)scratch % 64 != 0) {
        args->out[group] = 0;
        return;
    }
    uint8_t* bytes = local;
    memset(bytes, (int)(group + 1), 128 + args->localBytes);
    memset(scratch, 0xff, scratchBytes);
    args->out[group] = bytes[0] + 1000u * bytes[128 + args->localBytes - 1];
}
