#include "fixture.h"

#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> counting{false};
std::atomic<uint64_t> allocations{0};

} // namespace

// GCC takes inlined pairs of these for a mismatch of new and free.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

// Counts what the backend asks for too: its operator new is this one.
void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
    if (counting.load(std::memory_order_relaxed)) {
        allocations.fetch_add(1, std::memory_order_relaxed);
    }
    return std::malloc(bytes != 0 ? bytes : 1);
}
void* operator new(size_t bytes) {
    if (void* memory = operator new(bytes, std::nothrow)) {
        return memory;
    }
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
    std::free(memory);
}

namespace halyard::cpu_test {
namespace {

TEST(CpuSteady, SubmittingAllocatesNothing) {
    Device device;
    HyBackendStream stream = device.stream();
    HyBackendStream other = device.stream();
    HyBackendEvent plain = device.event();
    HyBackendEvent timing = device.event(HY_EVENT_TIMING);
    HyBackendKernel mix = device.kernel("mix", {pointer(0), value(4, 8)});
    HyBackendKernel empty = device.kernel("empty", {});
    HyBackendKernel await = device.kernel("await", {pointer(0), pointer(8), pointer(16)});
    auto* memory = device.memory(64);
    const uint32_t* flag = memory + 1;
    const uint32_t* started = memory + 2;
    const uint32_t* result = memory + 3;
    const uint32_t number = 1;
    const void* mixArgs[] = {&memory, &number};
    HyBackendLaunch launch{};
    launch.structSize = sizeof launch;
    launch.workgroups = launch.clusterSize = {1, 1, 1};
    launch.workgroupSize = {1, 1, 1};
    launch.args = mixArgs;
    launch.argCount = 2;
    HyBackendLaunch shared = launch; // by all workers
    shared.workgroups = {64, 1, 1};
    shared.args = nullptr;
    shared.argCount = 0;
    const auto submit = [&](int rounds) {
        bool good = true;
        for (int i = 0; i < rounds; ++i) {
            const auto at = reinterpret_cast<HyDevicePtr>(memory);
            good = good && cpuInterface().stream->launch(stream, mix, &launch) == HY_SUCCESS &&
                   cpuInterface().stream->launch(stream, empty, &shared) == HY_SUCCESS &&
                   cpuInterface().stream->copy(stream, at + 64, at + 128, 64, 0) == HY_SUCCESS &&
                   cpuInterface().event->record(plain, stream) == HY_SUCCESS &&
                   cpuInterface().event->record(timing, stream) == HY_SUCCESS &&
                   cpuInterface().stream->waitEvent(other, plain) == HY_SUCCESS;
        }
        return good;
    };
    // While its first kernel does not end, the queue gets longer than it will be later.
    device.run(stream, await, 1, 1, {&flag, &started, &result});
    ASSERT_TRUE(submit(3'000));
    // The code for this workgroup size is asked for in the background, which may allocate: it must have failed
    // first, for both kernels.
    ASSERT_TRUE(eventually([&] { return device.services().warnings().size() == 2; }));
    __atomic_store_n(memory + 1, 1, __ATOMIC_RELEASE);
    device.wait(stream);
    device.wait(other);

    allocations = 0;
    counting = true;
    const bool good = submit(2'000);
    const HyResult waited = cpuInterface().stream->synchronize(stream, kLong);
    const HyResult waitedToo = cpuInterface().stream->synchronize(other, kLong);
    counting = false;
    EXPECT_TRUE(good);
    EXPECT_EQ(waited, HY_SUCCESS);
    EXPECT_EQ(waitedToo, HY_SUCCESS);
    EXPECT_EQ(allocations.load(), 0u);
    // That allocations of the backend are seen at all.
    counting = true;
    device.event();
    counting = false;
    EXPECT_GE(allocations.load(), 1u);
}

} // namespace
} // namespace halyard::cpu_test
