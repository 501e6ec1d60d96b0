#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
/* What a kernel finds on its thread: four megabytes of stack, blocked signals, a name. */
struct Args {
    uint32_t* out;
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)group, (void)local, (void)scratch;
    volatile uint8_t deep[4 << 20];
    for (uint32_t i = 0; i < sizeof deep; i += 4096) {
        deep[i] = (uint8_t)i;
    }
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, 0, &mask);
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    args->out[0] = 1;
    args->out[1] = (uint32_t)(sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGALRM));
    args->out[2] = strncmp(name, "hy-cpu-", 7) == 0;
}
