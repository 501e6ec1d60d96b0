struct Args {
    char none[0];
};
#include "kernel.h"

static void runGroup(const HyHostLaunch* launch, const struct Args* args, uint64_t group, void* local, void* scratch) {
    (void)launch, (void)args, (void)group, (void)local, (void)scratch;
}
