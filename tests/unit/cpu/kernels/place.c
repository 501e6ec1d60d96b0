#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
/* Tells where each workgroup runs, and binds its thread to the processor that it is given, if there is one. */
struct Args {
    const uint32_t* processors;
    uint32_t* ran;
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)local, (void)scratch;
    if (args->processors != 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(args->processors[group], &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    args->ran[group] = (uint32_t)sched_getcpu();
}
