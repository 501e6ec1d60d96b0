#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <time.h>
/* Works for some time and tells where each workgroup runs, after it has bound its thread to the processors whose bits
 * it is given, if any. */
struct Args {
    const uint64_t* processors;
    uint32_t* ran;
    uint32_t microseconds;
    uint32_t padding;
};

static uint64_t microsecondsNow(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)local, (void)scratch;
    if (args->processors != 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        for (int i = 0; i < 64; ++i) {
            if ((args->processors[group] >> i & 1) != 0) {
                CPU_SET(i, &set);
            }
        }
        sched_setaffinity(0, sizeof set, &set);
    }
    for (const uint64_t begin = microsecondsNow(); microsecondsNow() - begin < args->microseconds;) {
    }
    args->ran[group] = (uint32_t)sched_getcpu();
}
