#include <stdint.h>
/* Does not commute, so that the result tells the order of launches. */
struct Args {
    uint32_t* state;
    uint32_t value;
    uint32_t padding;
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)group, (void)local, (void)scratch;
    *args->state = *args->state * 3 + args->value;
}
