#include <stdint.h>
/* The byte count behind a buffer's address arrives as a hidden argument. */
struct Args {
    uint64_t* buffer;
    uint64_t* out;
    uint64_t bufferLength;
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)group, (void)local, (void)scratch;
    args->out[0] = args->bufferLength;
    args->out[1] = (uint64_t)args->buffer;
    args->out[2] = (uint64_t)args % 16;
}
