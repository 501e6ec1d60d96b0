// A call that fails changes nothing: whatever it was about is as it was and goes on working.
#include "struct_fixture.h"

#include <ostream>

using namespace halyard::conformance;

namespace {

// Everything a failing call could damage, in a known state.
class Everything : public StructTest {
public:
    static constexpr uint32_t kWords = kBytes / sizeof(uint32_t);

    void SetUp() override {
        StructTest::SetUp();
        if (HasFatalFailure())
            return;
        fillWith(buffer, 0x11);
        fillWith(other, 0x22);
        ASSERT_OK(hyEventCreate(device, 0, &event));
        ASSERT_OK(hyEventRecord(event, stream));
        if (has(HY_CAP_TIMELINE_SEMAPHORES)) {
            ASSERT_OK(hySemaphoreCreate(device, nullptr, &semaphore));
            ASSERT_OK(hySemaphoreSignal(semaphore, 5));
        }
        ASSERT_OK(hyMemoryPoolCreate(device, nullptr, &pool));
        ASSERT_OK(hyMemAllocFromPoolAsync(stream, pool, 1000, &pooled));
        const uint32_t value = 0x33333333;
        ASSERT_OK(hyGraphAddFillNode(graph, nullptr, 0, "fill", other, &value, sizeof value, 16, &node));
        ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
        synchronize();
        usedBytes = poolUse();
        ASSERT_GE(usedBytes, 1000u);
    }
    uint64_t poolUse() {
        HyMemoryPoolStatistics statistics{};
        statistics.structSize = sizeof statistics;
        EXPECT_OK(hyMemoryPoolGetStatistics(pool, &statistics));
        return statistics.usedBytes;
    }
    void fillWith(HyDevicePtr ptr, uint8_t value) { EXPECT_OK(hyMemFillAsync(stream, ptr, &value, 1, kBytes)); }

    // The same state, seen from everywhere; then it is used.
    void expectUntouched() {
        EXPECT_OK(hyStreamQuery(stream));
        EXPECT_OK(hyEventQuery(event));
        EXPECT_EQ(download<uint8_t>(buffer, kBytes), std::vector<uint8_t>(kBytes, 0x11));
        EXPECT_EQ(download<uint8_t>(other, kBytes), std::vector<uint8_t>(kBytes, 0x22));
        if (semaphore != nullptr) {
            uint64_t value = 0;
            EXPECT_OK(hySemaphoreGetValue(semaphore, &value));
            EXPECT_EQ(value, 5u);
            EXPECT_OK(hySemaphoreSignal(semaphore, 6));
        }
        EXPECT_EQ(poolUse(), usedBytes);
        EXPECT_OK(hyMemFreeAsync(stream, pooled));
        uint32_t count = 0;
        EXPECT_OK(hyGraphGetNodeCount(graph, &count));
        EXPECT_EQ(count, 1u);
        EXPECT_OK(hyGraphLaunch(exec, stream));
        EXPECT_EQ(download<uint32_t>(other, 17), [] {
            std::vector<uint32_t> words(17, 0x33333333);
            words[16] = 0x22222222;
            return words;
        }());
        launch.stream = stream;
        EXPECT_OK(hyLaunchKernelEx(&launch));
        EXPECT_EQ(download<uint32_t>(buffer, 17), [] {
            std::vector<uint32_t> words(17, 0x11111112);
            words[16] = 0x11111111;
            return words;
        }());
        EXPECT_OK(hyMemFree(device, buffer));
        EXPECT_OK(hyMemFree(device, other));
    }

    using DeviceTest::kLimitNs;
    HyEvent event = nullptr;
    HySemaphore semaphore = nullptr;
    HyMemoryPool pool = nullptr;
    HyDevicePtr pooled = 0;
    uint64_t usedBytes = 0;
    HyGraphNode node = 0;
    HyGraphExec exec = nullptr;
};

struct Failure {
    const char* name;
    HyCapabilities needs;
    HyResult expected;
    HyResult (*attempt)(Everything&);
};
void PrintTo(const Failure& failure, std::ostream* out) {
    *out << failure.name;
}

const uint32_t kPattern[4] = {};

constexpr Failure kFailures[] = {
    {"FreeInside", 0, HY_ERROR_INVALID_ADDRESS, [](Everything& t) { return hyMemFree(t.device, t.buffer + 16); }},
    {"FreeHostMemory", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) { return hyMemFree(t.device, hyHostAddress(kPattern)); }},
    {"FreeAsyncInside", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) { return hyMemFreeAsync(t.stream, t.pooled + 1); }},
    {"FreeAsyncOfPlainMemory", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) { return hyMemFreeAsync(t.stream, t.buffer); }},
    {"AllocNothing", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) {
         HyDevicePtr ptr = 0;
         return hyMemAlloc(t.device, 0, &ptr);
     }},
    {"AllocTooMuch", 0, HY_ERROR_OUT_OF_DEVICE_MEMORY,
     [](Everything& t) {
         HyDevicePtr ptr = 0;
         return hyMemAlloc(t.device, UINT64_MAX, &ptr);
     }},
    {"AllocAsyncTooMuch", 0, HY_ERROR_OUT_OF_DEVICE_MEMORY,
     [](Everything& t) {
         HyDevicePtr ptr = 0;
         return hyMemAllocFromPoolAsync(t.stream, t.pool, UINT64_MAX, &ptr);
     }},
    {"DestroyDefaultPool", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) {
         HyMemoryPool pool = nullptr;
         EXPECT_OK(hyDeviceGetDefaultMemoryPool(t.device, &pool));
         return hyMemoryPoolDestroy(pool);
     }},
    {"CopyToNowhere", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyMemcpyAsync(t.stream, 0, t.buffer, 16); }},
    {"CopyBeyond", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) { return hyMemcpyAsync(t.stream, t.buffer + 1, t.other, Everything::kBytes); }},
    {"CopyOverlapping", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyMemcpyAsync(t.stream, t.buffer + 1, t.buffer, 16); }},
    {"CopyPitch", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyMemcpy2DAsync(t.stream, t.buffer, 8, t.other, 16, 16, 2); }},
    {"FillOddPattern", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyMemFillAsync(t.stream, t.buffer, kPattern, 3, 1); }},
    {"FillMisaligned", 0, HY_ERROR_MISALIGNED,
     [](Everything& t) { return hyMemFillAsync(t.stream, t.buffer + 1, kPattern, 4, 1); }},
    {"FillBeyond", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) { return hyMemFillAsync(t.stream, t.buffer, kPattern, 4, Everything::kWords + 1); }},
    {"LaunchEmptyGrid", 0, HY_ERROR_INVALID_LAUNCH_SIZE,
     [](Everything& t) {
         return hyLaunchKernel(t.stream, t.kernel, {0, 1, 1}, {16, 1, 1}, 0, t.args, 1);
     }},
    {"LaunchHugeWorkgroup", 0, HY_ERROR_INVALID_LAUNCH_SIZE,
     [](Everything& t) {
         return hyLaunchKernel(t.stream, t.kernel, {1, 1, 1}, {UINT32_MAX, 1, 1}, 0, t.args, 1);
     }},
    {"LaunchWithoutArguments", 0, HY_ERROR_INVALID_KERNEL_ARGS,
     [](Everything& t) {
         return hyLaunchKernel(t.stream, t.kernel, {1, 1, 1}, {16, 1, 1}, 0, nullptr, 0);
     }},
    {"LaunchMisaligned", 0, HY_ERROR_MISALIGNED,
     [](Everything& t) {
         const HyDevicePtr odd = t.buffer + 1;
         const void* args[] = {&odd};
         return hyLaunchKernel(t.stream, t.kernel, {1, 1, 1}, {16, 1, 1}, 0, args, 1);
     }},
    {"KernelUnknown", 0, HY_ERROR_NOT_FOUND,
     [](Everything& t) {
         HyKernel kernel = nullptr;
         return hyKernelCreate(t.module, "nobody", &kernel);
     }},
    {"ModuleDamaged", 0, HY_ERROR_INVALID_MODULE,
     [](Everything& t) {
         HyModuleDesc desc{};
         desc.structSize = sizeof desc;
         desc.data = grid_cl_spv;
         desc.dataBytes = grid_cl_spv_size / 2;
         HyModule module = nullptr;
         return hyModuleLoad(t.device, &desc, &module);
     }},
    {"EventElapsedWithoutTiming", 0, HY_ERROR_INVALID_STATE,
     [](Everything& t) {
         uint64_t nanoseconds = 0;
         return hyEventElapsed(t.event, t.event, &nanoseconds);
     }},
    {"EventUnknownFlag", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) {
         HyEvent event = nullptr;
         return hyEventCreate(t.device, 1u << 20, &event);
     }},
    {"SemaphoreBackwards", HY_CAP_TIMELINE_SEMAPHORES, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hySemaphoreSignal(t.semaphore, 4); }},
    {"SemaphoreTheSame", HY_CAP_TIMELINE_SEMAPHORES, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hySemaphoreSignal(t.semaphore, 5); }},
    {"SemaphoreWaitTimesOut", HY_CAP_TIMELINE_SEMAPHORES, HY_ERROR_TIMEOUT,
     [](Everything& t) { return hySemaphoreWait(t.semaphore, 6, 1'000'000); }},
    {"HostFunctionNull", HY_CAP_HOST_FUNCTIONS, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyStreamHostFunction(t.stream, nullptr, nullptr); }},
    {"GraphEmptyCopy", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) {
         HyGraphNode node = 0;
         return hyGraphAddCopyNode(t.graph, nullptr, 0, "n", t.buffer, t.other, 0, &node);
     }},
    {"GraphForeignDependency", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) {
         const HyGraphNode foreign = UINT64_MAX;
         HyGraphNode node = 0;
         return hyGraphAddEmptyNode(t.graph, &foreign, 1, "n", &node);
     }},
    {"GraphKernelOfZeroWorkgroups", 0, HY_ERROR_INVALID_LAUNCH_SIZE,
     [](Everything& t) {
         HyLaunchDesc desc = t.launch;
         desc.workgroups = {0, 0, 0};
         HyGraphNode node = 0;
         return hyGraphAddKernelNode(t.graph, nullptr, 0, "n", &desc, &node);
     }},
    {"GraphFreeOfOthersMemory", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) {
         HyGraphNode node = 0;
         return hyGraphAddMemFreeNode(t.graph, nullptr, 0, "n", t.buffer, &node);
     }},
    {"GraphNodeAfterItself", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyGraphAddDependencies(t.graph, &t.node, &t.node, 1); }},
    {"GraphNodeBeyond", 0, HY_ERROR_NOT_FOUND,
     [](Everything& t) {
         HyGraphNode node = 0;
         return hyGraphGetNode(t.graph, 7, &node);
     }},
    {"ExecUpdateOfAnotherKind", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyGraphExecUpdateCopyNode(t.exec, t.node, t.buffer, t.other, 16); }},
    {"ExecUpdateBeyondMemory", 0, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) {
         return hyGraphExecUpdateFillNode(t.exec, t.node, t.buffer, kPattern, 4, Everything::kWords + 1);
     }},
    {"CaptureEndedThatNeverBegan", 0, HY_ERROR_INVALID_STATE,
     [](Everything& t) {
         HyGraph graph = nullptr;
         return hyStreamEndCapture(t.stream, &graph);
     }},
    {"CaptureUnknownFlag", 0, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) { return hyStreamBeginCapture(t.stream, 1u << 20); }},
    {"RegisterNothing", HY_CAP_HOST_REGISTRATION, HY_ERROR_INVALID_ARGUMENT,
     [](Everything& t) {
         HyDevicePtr ptr = 0;
         return hyHostRegister(t.device, &t.pattern, 0, &ptr);
     }},
    {"UnregisterUnknown", HY_CAP_HOST_REGISTRATION, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) { return hyHostUnregister(t.device, &t.pattern); }},
    {"MapOutsideOfReservations", HY_CAP_VIRTUAL_MEMORY, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) {
         HyPhysicalMemoryDesc desc{};
         desc.structSize = sizeof desc;
         EXPECT_OK(hyVirtualGetGranularity(t.device, &desc.bytes, nullptr));
         HyPhysicalMemory memory = nullptr;
         EXPECT_OK(hyPhysicalMemoryCreate(t.device, &desc, &memory));
         return hyVirtualMap(t.device, desc.bytes, desc.bytes, memory, 0);
     }},
    {"UnmapNothing", HY_CAP_VIRTUAL_MEMORY, HY_ERROR_INVALID_ADDRESS,
     [](Everything& t) {
         uint64_t bytes = 0;
         EXPECT_OK(hyVirtualGetGranularity(t.device, &bytes, nullptr));
         return hyVirtualUnmap(t.device, bytes, bytes);
     }},
};

class AfterError : public Everything, public testing::WithParamInterface<Failure> {};
INSTANTIATE_TEST_SUITE_P(Calls, AfterError, testing::ValuesIn(kFailures),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(AfterError, EverythingIsAsItWas) {
    const Failure& failure = GetParam();
    if (!has(failure.needs))
        GTEST_SKIP() << "the device does not claim the capability behind it";
    for (int i = 0; i < 3; ++i) {
        hyClearLastError();
        ASSERT_EQ(failure.attempt(*this), failure.expected) << lastError().message;
        EXPECT_EQ(lastError().code, failure.expected);
        EXPECT_STRNE(lastError().message, "");
    }
    expectUntouched();
}

// While work is in flight: the failed call neither waits for it nor disturbs it.
TEST_P(AfterError, WorkInFlightGoesOn) {
    const Failure& failure = GetParam();
    if (!has(failure.needs | HY_CAP_TIMELINE_SEMAPHORES))
        GTEST_SKIP() << "the device does not claim the capability behind it, or cannot hold work back";
    HyStream held = nullptr;
    HySemaphore gate = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &held));
    ASSERT_OK(hySemaphoreCreate(device, nullptr, &gate));
    const HyDevicePtr target = upload(std::vector<uint32_t>(16));
    const uint32_t value = 0x44444444;
    ASSERT_OK(hyStreamWaitSemaphore(held, gate, 1));
    ASSERT_OK(hyMemFillAsync(held, target, &value, sizeof value, 16));
    EXPECT_EQ(failure.attempt(*this), failure.expected) << lastError().message;
    EXPECT_EQ(hyStreamQuery(held), HY_NOT_READY);
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    ASSERT_OK(hyStreamSynchronize(held, kLimitNs));
    EXPECT_EQ(download<uint32_t>(target, 16), std::vector<uint32_t>(16, value));
    expectUntouched();
}

} // namespace
