#include <sched.h>
#include <stdint.h>
#include <time.h>
/* Says that it runs, then waits until the flag is set (result 1) or ten seconds have passed (result 2). */
struct Args {
    uint32_t* flag;
    uint32_t* started;
    uint32_t* result;
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)group, (void)local, (void)scratch;
    struct timespec begin;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    __atomic_store_n(args->started, 1, __ATOMIC_RELEASE);
    do {
        if (__atomic_load_n(args->flag, __ATOMIC_ACQUIRE) != 0) {
            *args->result = 1;
            return;
        }
        sched_yield();
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - begin.tv_sec < 10);
    *args->result = 2;
}
