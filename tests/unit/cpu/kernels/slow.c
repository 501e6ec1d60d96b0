#include <stdint.h>
#include <time.h>
/* A millisecond a workgroup; counts the groups that ran. */
struct Args {
    uint32_t* count;
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)group, (void)local, (void)scratch;
    const struct timespec pause = {0, 1000000};
    nanosleep(&pause, 0);
    __atomic_fetch_add(args->count, 1, __ATOMIC_RELAXED);
}
