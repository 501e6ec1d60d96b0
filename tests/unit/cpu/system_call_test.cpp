// Launches and waits ask the system for nothing while the threads spin: no wake, no sleep, no lock that another thread
// holds. This program takes the names of the calls that could, which its libraries then find instead of the C
// library's.
#include "fixture.h"

#include <chrono>
#include <cstdarg>
#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <thread>

namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> calls{0};

void count() {
    if (counting.load(std::memory_order_relaxed)) {
        calls.fetch_add(1, std::memory_order_relaxed);
    }
}

template <class Function> Function* original(const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

} // namespace

extern "C" {

long syscall(long number, ...) noexcept {
    static const auto real = original<long(long, ...)>("syscall");
    count();
    va_list list;
    va_start(list, number);
    long arguments[6];
    for (long& argument : arguments) {
        argument = va_arg(list, long); // as many as there are at most; the rest means nothing
    }
    va_end(list);
    return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

int sched_yield() noexcept {
    static const auto real = original<int()>("sched_yield");
    count();
    return real();
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    static const auto real = original<int(pthread_mutex_t*)>("pthread_mutex_lock");
    if (pthread_mutex_trylock(mutex) == 0) {
        return 0;
    }
    count();
    return real(mutex);
}

} // extern "C"

namespace halyard::cpu_test {
namespace {

TEST(CpuSystemCalls, NoneWhileTheThreadsSpin) {
    cpu_set_t cpus;
    ASSERT_EQ(sched_getaffinity(0, sizeof cpus, &cpus), 0);
    if (CPU_COUNT(&cpus) < 2) {
        GTEST_SKIP() << "with one processor nobody spins";
    }
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendKernel empty = device.kernel("empty", {});
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = launch.clusterSize = launch.workgroupSize = {1, 1, 1};
    bool good = true;
    const auto batch = [&] {
        for (int i = 0; i < 25; ++i) {
            for (int queued = 0; queued < 4; ++queued) {
                good = good && cpuInterface().stream->launch(stream, empty, &launch) == HY_SUCCESS;
            }
            good = good && cpuInterface().stream->synchronize(stream, kLong) == HY_SUCCESS;
        }
    };
    batch();
    // The code for this workgroup size is asked for in the background, in vain.
    ASSERT_TRUE(eventually([&] { return device.services().warnings().size() == 1; }));
    // On a busy machine one thread often waits for another to get a processor. If each launch made a call, no batch
    // would be without.
    int quiet = 0;
    for (int i = 0; i < 10'000 && quiet < 20; ++i) {
        batch(); // everybody spins
        calls = 0;
        counting = true;
        batch();
        counting = false;
        quiet += calls == 0 ? 1 : 0;
    }
    EXPECT_TRUE(good);
    EXPECT_GE(quiet, 20);
    // That calls of the backend are seen at all: workers that sleep are woken.
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    calls = 0;
    counting = true;
    batch();
    counting = false;
    EXPECT_GT(calls, 0u);
}

} // namespace
} // namespace halyard::cpu_test
