// What the worker threads cost beside the work: nothing when there is none, and no more threads than the process may
// use.
#include "fixture.h"

#include <chrono>
#include <ctime>
#include <sched.h>
#include <thread>

namespace halyard::cpu_test {
namespace {

double processSeconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

uint32_t threadsByDefault() {
    const Services services; // of an empty environment
    HyBackendContext context = nullptr;
    EXPECT_EQ(cpuInterface().initialise(services.table(), &context), HY_SUCCESS);
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    EXPECT_EQ(cpuInterface().device->getProperties(context, 0, &properties), HY_SUCCESS);
    cpuInterface().shutdown(context);
    return properties.computeUnits;
}

// Polling ends 30 microseconds after the last work; a fifth of a second is far more than a busy machine makes of that.
TEST(CpuSchedule, IdleThreadsUseNoProcessorTime) {
    Device device("HALYARD_CPU_THREADS", "8");
    HyBackendKernel empty = device.kernel("empty", {});
    std::vector<HyBackendStream> streams;
    for (int i = 0; i < 4; ++i) {
        streams.push_back(device.stream());
    }
    const double before = processSeconds();
    for (int round = 0; round < 200; ++round) {
        for (HyBackendStream stream : streams) {
            device.run(stream, empty, 16, 1, {});
        }
    }
    ASSERT_EQ(cpuInterface().device->synchronize(device.handle(), kLong), HY_SUCCESS);
    EXPECT_GT(processSeconds() - before, 0.0);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const double idle = processSeconds();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    // One thread that polls for one turn of 30 microseconds in ten milliseconds would use 1.5 ms.
    EXPECT_LT(processSeconds() - idle, 1e-3);
}

TEST(CpuSchedule, NoMoreThreadsThanTheAffinityMaskAllows) {
    cpu_set_t before;
    ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
    EXPECT_LE(threadsByDefault(), static_cast<uint32_t>(CPU_COUNT(&before)));
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    const uint32_t threads = threadsByDefault();
    EXPECT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
    EXPECT_EQ(threads, 1u);
}

} // namespace
} // namespace halyard::cpu_test
