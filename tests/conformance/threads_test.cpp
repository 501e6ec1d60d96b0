// Every entry point from several threads at once: with handles that are none, and doing its work.
#include "every_call.h"
#include "fixture.h"

#include "grid_cl.spv.h"

#include <atomic>
#include <ostream>
#include <thread>

using namespace halyard::conformance;

namespace {

constexpr int kThreads = 4;

// Runs `body(thread)` in kThreads threads that begin at the same time.
void together(const std::function<void(int)>& body) {
    std::atomic<int> ready{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            ready.fetch_add(1);
            while (ready.load() < kThreads)
                std::this_thread::yield();
            body(i);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

class Threads : public DeviceTest {
public:
    void SetUp() override {
        DeviceTest::SetUp();
        if (HasFatalFailure())
            return;
        module = loadModule(grid_cl_spv, grid_cl_spv_size);
        kernel = makeKernel(module, "add_one");
        buffer = upload(std::vector<int>(kThreads * 16));
    }
    bool has(HyCapabilities capability) const { return (properties.capabilities & capability) == capability; }
    HyDevicePtr partOf(int thread) const { return buffer + static_cast<uint64_t>(thread) * 64; }
    HyResult launch(HyStream on, const HyDevicePtr& data) {
        const void* args[] = {&data};
        return hyLaunchKernel(on, kernel, {1, 1, 1}, {16, 1, 1}, 0, args, 1);
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    // That a failed call left everything as it was.
    void expectWorks() {
        EXPECT_OK(hyStreamQuery(stream));
        const int one = 1;
        EXPECT_OK(hyMemFillAsync(stream, buffer, &one, sizeof one, 16));
        EXPECT_OK(launch(stream, buffer));
        EXPECT_EQ(download<int>(buffer, 16), std::vector<int>(16, 2));
    }

    using DeviceTest::allocate;
    using DeviceTest::device;
    using DeviceTest::instance;
    using DeviceTest::kLimitNs;
    using DeviceTest::properties;
    using DeviceTest::stream;
    HyModule module = nullptr;
    HyKernel kernel = nullptr;
    HyDevicePtr buffer = 0;
};

// ---- Handles that are none, for every function ---------------------------------------------------------------------

class EveryFunction : public Threads, public testing::WithParamInterface<EveryCall> {
protected:
    // In all threads: the call fails, with a record of that thread that names it.
    void expectRefused(void* handle, const char* what) {
        const EveryCall& function = GetParam();
        together([&](int) {
            for (int round = 0; round < 20; ++round) {
                hyClearLastError();
                const HyResult result = function.call(handle);
                const HyErrorInfo info = lastError();
                ASSERT_LT(result, 0) << what;
                ASSERT_EQ(info.code, result) << what;
                ASSERT_STREQ(info.call, function.name) << what;
                ASSERT_STRNE(info.message, "") << what;
            }
        });
    }
};
INSTANTIATE_TEST_SUITE_P(Api, EveryFunction, testing::ValuesIn(everyCall()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(EveryFunction, RefusesNull) {
    expectRefused(nullptr, "null");
    expectWorks();
}

TEST_P(EveryFunction, RefusesInventedHandles) {
    for (const uint64_t word : {uint64_t{1}, uint64_t{0x12345678}, uint64_t{1} << 47, UINT64_MAX, UINT64_MAX - 7})
        expectRefused(reinterpret_cast<void*>(word), "invented");
    int local = 0;
    expectRefused(&local, "an address");
    expectWorks();
}

TEST_P(EveryFunction, RefusesWhatWasDestroyed) {
    HyInstance other = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &other));
    HyDevice theirs = nullptr;
    ASSERT_OK(hyDeviceFind(other, deviceUnderTest(), &theirs));
    HyStream oldStream = nullptr;
    ASSERT_OK(hyStreamCreate(theirs, nullptr, &oldStream));
    HyEvent oldEvent = nullptr;
    ASSERT_OK(hyEventCreate(theirs, 0, &oldEvent));
    HyGraph oldGraph = nullptr;
    ASSERT_OK(hyGraphCreate(theirs, 0, &oldGraph));
    HyGraphExec oldExec = nullptr;
    ASSERT_OK(hyGraphInstantiate(oldGraph, 0, &oldExec));
    HyMemoryPool oldPool = nullptr;
    ASSERT_OK(hyMemoryPoolCreate(theirs, nullptr, &oldPool));
    HyModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.data = grid_cl_spv;
    desc.dataBytes = grid_cl_spv_size;
    HyModule oldModule = nullptr;
    ASSERT_OK(hyModuleLoad(theirs, &desc, &oldModule));
    HyKernel oldKernel = nullptr;
    ASSERT_OK(hyKernelCreate(oldModule, "add_one", &oldKernel));
    ASSERT_OK(hyInstanceDestroy(other));
    const std::pair<void*, const char*> all[] = {
        {other, "instance"},     {theirs, "device"}, {oldStream, "stream"}, {oldEvent, "event"},   {oldGraph, "graph"},
        {oldExec, "executable"}, {oldPool, "pool"},  {oldModule, "module"}, {oldKernel, "kernel"},
    };
    for (const auto& [handle, what] : all)
        expectRefused(handle, what);
    expectWorks();
}

// ---- Work of every kind, by all threads at once ---------------------------------------------------------------------

struct Work {
    const char* name;
    HyCapabilities needs;
    std::function<void(Threads&, int thread)> body;
};
void PrintTo(const Work& work, std::ostream* out) {
    *out << work.name;
}

const std::vector<Work>& works() {
    static const std::vector<Work> all = {
        {"Instances", 0,
         [](Threads&, int) {
             for (int i = 0; i < 5; ++i) {
                 HyInstance made = nullptr;
                 ASSERT_OK(hyInstanceCreate(nullptr, &made));
                 HyDevice found = nullptr;
                 EXPECT_OK(hyDeviceFind(made, deviceUnderTest(), &found));
                 EXPECT_OK(hyInstanceDestroy(made));
             }
         }},
        {"InstanceQueries", 0,
         [](Threads& t, int) {
             for (int i = 0; i < 200; ++i) {
                 uint32_t count = 0;
                 EXPECT_OK(hyInstanceGetBackendCount(t.instance, &count));
                 HyBackendInfo info{};
                 info.structSize = sizeof info;
                 EXPECT_OK(hyInstanceGetBackend(t.instance, static_cast<uint32_t>(i) % count, &info));
                 HyCounters counters{};
                 counters.structSize = sizeof counters;
                 EXPECT_OK(hyInstanceGetCounters(t.instance, &counters));
                 EXPECT_OK(hyDeviceGetCount(t.instance, &count));
                 HyDevice found = nullptr;
                 EXPECT_OK(hyDeviceFind(t.instance, deviceUnderTest(), &found));
                 EXPECT_EQ(found, t.device);
             }
         }},
        {"Callbacks", 0,
         [](Threads& t, int thread) {
             for (int i = 0; i < 100; ++i) {
                 const bool set = (i + thread) % 2 == 0;
                 EXPECT_OK(hyInstanceSetLogCallback(
                     t.instance, set ? [](void*, HyLogLevel, const char*, const char*) {} : HyLogCallback(), nullptr,
                     HY_LOG_DEBUG));
                 EXPECT_OK(hyInstanceSetPrintCallback(
                     t.instance, set ? [](void*, const char*, uint64_t) {} : HyPrintCallback(), nullptr));
             }
         }},
        {"DeviceQueries", 0,
         [](Threads& t, int) {
             for (int i = 0; i < 200; ++i) {
                 HyDeviceProperties properties{};
                 properties.structSize = sizeof properties;
                 EXPECT_OK(hyDeviceGetProperties(t.device, &properties));
                 EXPECT_STREQ(properties.selector, t.properties.selector);
                 uint64_t free = 0, total = 0;
                 EXPECT_OK(hyDeviceGetMemoryInfo(t.device, &free, &total));
                 EXPECT_LE(free, total);
                 uint32_t count = 0;
                 EXPECT_OK(hyDeviceGetSubgroupSizes(t.device, 0, nullptr, &count));
                 EXPECT_OK(hyDeviceGetCooperativeMatrixCount(t.device, &count));
             }
         }},
        {"Memory", 0,
         [](Threads& t, int thread) {
             for (int i = 0; i < 100; ++i) {
                 HyDevicePtr ptr = 0;
                 ASSERT_OK(hyMemAlloc(t.device, 1000 + static_cast<uint64_t>(thread), &ptr));
                 HyPointerInfo info{};
                 info.structSize = sizeof info;
                 EXPECT_OK(hyPointerGetInfo(t.instance, ptr + 500, &info));
                 EXPECT_EQ(info.base, ptr);
                 EXPECT_EQ(info.bytes, 1000u + static_cast<uint64_t>(thread));
                 EXPECT_OK(hyMemFree(t.device, ptr));
             }
         }},
        {"HostMemory", HY_CAP_HOST_REGISTRATION,
         [](Threads& t, int) {
             for (int i = 0; i < 30; ++i) {
                 void* pointer = nullptr;
                 HyDevicePtr ptr = 0;
                 ASSERT_OK(hyHostAlloc(t.device, 8192, 0, &pointer, &ptr));
                 EXPECT_OK(hyHostFree(t.device, pointer));
                 std::vector<char> own(20000);
                 ASSERT_OK(hyHostRegister(t.device, own.data(), own.size(), &ptr));
                 EXPECT_OK(hyHostUnregister(t.device, own.data()));
             }
         }},
        {"Pools", 0,
         [](Threads& t, int) {
             HyStream own = t.makeStream();
             HyMemoryPool pool = nullptr;
             ASSERT_OK(hyMemoryPoolCreate(t.device, nullptr, &pool));
             for (int i = 0; i < 100; ++i) {
                 HyDevicePtr one = 0, other = 0;
                 ASSERT_OK(hyMemAllocAsync(own, 4000, &one));
                 ASSERT_OK(hyMemAllocFromPoolAsync(own, pool, 4000, &other));
                 EXPECT_NE(one, other);
                 EXPECT_OK(hyMemFreeAsync(own, one));
                 EXPECT_OK(hyMemFreeAsync(own, other));
                 HyMemoryPoolStatistics statistics{};
                 statistics.structSize = sizeof statistics;
                 EXPECT_OK(hyMemoryPoolGetStatistics(pool, &statistics));
                 EXPECT_OK(hyMemoryPoolTrim(pool, 0));
                 EXPECT_OK(hyMemoryPoolResetPeak(pool));
                 EXPECT_OK(hyMemoryPoolSetReleaseThreshold(pool, static_cast<uint64_t>(i) << 20));
             }
             EXPECT_OK(hyStreamSynchronize(own, Threads::kLimitNs));
             EXPECT_OK(hyMemoryPoolDestroy(pool));
         }},
        {"VirtualMemory", HY_CAP_VIRTUAL_MEMORY,
         [](Threads& t, int) {
             uint64_t bytes = 0;
             ASSERT_OK(hyVirtualGetGranularity(t.device, &bytes, nullptr));
             for (int i = 0; i < 20; ++i) {
                 HyDevicePtr base = 0;
                 ASSERT_OK(hyVirtualReserve(t.device, bytes, 0, &base));
                 HyPhysicalMemoryDesc desc{};
                 desc.structSize = sizeof desc;
                 desc.bytes = bytes;
                 HyPhysicalMemory memory = nullptr;
                 ASSERT_OK(hyPhysicalMemoryCreate(t.device, &desc, &memory));
                 EXPECT_OK(hyVirtualMap(t.device, base, bytes, memory, 0));
                 EXPECT_OK(hyVirtualSetAccess(t.device, base, bytes, HY_ACCESS_READ_WRITE));
                 EXPECT_OK(hyPhysicalMemoryDestroy(memory));
                 EXPECT_OK(hyVirtualUnmap(t.device, base, bytes));
                 EXPECT_OK(hyVirtualFree(t.device, base));
             }
         }},
        {"Streams", 0,
         [](Threads& t, int) {
             for (int i = 0; i < 50; ++i) {
                 HyStream own = t.makeStream();
                 EXPECT_OK(hyStreamQuery(own));
                 EXPECT_OK(hyStreamSynchronize(own, Threads::kLimitNs));
                 EXPECT_OK(hyStreamDestroy(own));
             }
         }},
        {"Events", 0,
         [](Threads& t, int) {
             for (int i = 0; i < 100; ++i) {
                 HyEvent event = nullptr;
                 ASSERT_OK(hyEventCreate(t.device, 0, &event));
                 EXPECT_OK(hyEventRecord(event, t.stream));
                 EXPECT_OK(hyStreamWaitEvent(t.stream, event));
                 EXPECT_OK(hyEventSynchronize(event, Threads::kLimitNs));
                 EXPECT_OK(hyEventQuery(event));
                 EXPECT_OK(hyEventDestroy(event));
             }
         }},
        {"CopiesOnOneStream", 0,
         [](Threads& t, int thread) {
             const std::vector<int> sent(16, thread + 1);
             for (int i = 0; i < 200; ++i)
                 ASSERT_OK(hyMemcpyAsync(t.stream, t.partOf(thread), hyHostAddress(sent.data()), 64));
             std::vector<int> got(16);
             ASSERT_OK(hyMemcpyAsync(t.stream, hyHostAddress(got.data()), t.partOf(thread), 64));
             ASSERT_OK(hyStreamSynchronize(t.stream, Threads::kLimitNs));
             EXPECT_EQ(got, sent);
         }},
        {"FillsOnOwnStreams", 0,
         [](Threads& t, int thread) {
             HyStream own = t.makeStream();
             for (int i = 0; i < 200; ++i)
                 ASSERT_OK(hyMemFillAsync(own, t.partOf(thread), &i, sizeof i, 16));
             std::vector<int> got(16);
             ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(got.data()), t.partOf(thread), 64));
             ASSERT_OK(hyStreamSynchronize(own, Threads::kLimitNs));
             EXPECT_EQ(got, std::vector<int>(16, 199));
         }},
        {"Modules", HY_CAP_KERNELS,
         [](Threads& t, int) {
             HyModuleDesc desc{};
             desc.structSize = sizeof desc;
             desc.data = grid_cl_spv;
             desc.dataBytes = grid_cl_spv_size;
             for (int i = 0; i < 20; ++i) {
                 HyModule made = nullptr;
                 ASSERT_OK(hyModuleLoad(t.device, &desc, &made));
                 uint32_t count = 0;
                 EXPECT_OK(hyModuleGetKernelCount(made, &count));
                 const char* name = nullptr;
                 EXPECT_OK(hyModuleGetKernelName(made, count - 1, &name));
                 HyKernel own = nullptr;
                 EXPECT_OK(hyKernelCreate(made, name, &own));
                 EXPECT_OK(hyModuleDestroy(made));
                 EXPECT_OK(hyKernelDestroy(own));
             }
         }},
        {"KernelQueries", HY_CAP_KERNELS,
         [](Threads& t, int) {
             for (int i = 0; i < 200; ++i) {
                 HyKernelInfo info{};
                 info.structSize = sizeof info;
                 EXPECT_OK(hyKernelGetInfo(t.kernel, &info));
                 HyParameterInfo parameter{};
                 parameter.structSize = sizeof parameter;
                 EXPECT_OK(hyKernelGetParameter(t.kernel, 0, &parameter));
                 HyDim3 size{};
                 EXPECT_OK(hyKernelSuggestWorkgroupSize(t.kernel, {1000, 1, 1}, &size));
                 EXPECT_GT(size.x, 0u);
             }
         }},
        {"LaunchesOnOneStream", HY_CAP_KERNELS,
         [](Threads& t, int thread) {
             const int zero = 0;
             ASSERT_OK(hyMemFillAsync(t.stream, t.partOf(thread), &zero, sizeof zero, 16));
             for (int i = 0; i < 100; ++i)
                 ASSERT_OK(t.launch(t.stream, t.partOf(thread)));
             std::vector<int> got(16);
             ASSERT_OK(hyMemcpyAsync(t.stream, hyHostAddress(got.data()), t.partOf(thread), 64));
             ASSERT_OK(hyStreamSynchronize(t.stream, Threads::kLimitNs));
             EXPECT_EQ(got, std::vector<int>(16, 100));
         }},
        {"LaunchesOnOwnStreams", HY_CAP_KERNELS,
         [](Threads& t, int thread) {
             HyStream own = t.makeStream();
             const int zero = 0;
             ASSERT_OK(hyMemFillAsync(own, t.partOf(thread), &zero, sizeof zero, 16));
             for (int i = 0; i < 100; ++i)
                 ASSERT_OK(t.launch(own, t.partOf(thread)));
             std::vector<int> got(16);
             ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(got.data()), t.partOf(thread), 64));
             ASSERT_OK(hyStreamSynchronize(own, Threads::kLimitNs));
             EXPECT_EQ(got, std::vector<int>(16, 100));
         }},
        {"HostFunctions", HY_CAP_HOST_FUNCTIONS,
         [](Threads& t, int) {
             std::atomic<int> calls{0};
             for (int i = 0; i < 50; ++i)
                 ASSERT_OK(hyStreamHostFunction(
                     t.stream, [](void* user, HyResult) { ++*static_cast<std::atomic<int>*>(user); }, &calls));
             ASSERT_OK(hyStreamSynchronize(t.stream, Threads::kLimitNs));
             EXPECT_EQ(calls, 50);
         }},
        {"Semaphores", HY_CAP_TIMELINE_SEMAPHORES,
         [](Threads& t, int) {
             HyStream own = t.makeStream();
             for (uint64_t i = 0; i < 30; ++i) {
                 HySemaphore semaphore = nullptr;
                 ASSERT_OK(hySemaphoreCreate(t.device, nullptr, &semaphore));
                 EXPECT_OK(hyStreamWaitSemaphore(own, semaphore, 1));
                 EXPECT_OK(hyStreamSignalSemaphore(own, semaphore, 2));
                 EXPECT_OK(hySemaphoreSignal(semaphore, 1));
                 EXPECT_OK(hySemaphoreWait(semaphore, 2, Threads::kLimitNs));
                 uint64_t value = 0;
                 EXPECT_OK(hySemaphoreGetValue(semaphore, &value));
                 EXPECT_EQ(value, 2u);
                 EXPECT_OK(hySemaphoreDestroy(semaphore));
             }
         }},
        {"Graphs", 0,
         [](Threads& t, int thread) {
             HyStream own = t.makeStream();
             for (int i = 0; i < 20; ++i) {
                 HyGraph graph = nullptr;
                 ASSERT_OK(hyGraphCreate(t.device, 0, &graph));
                 HyGraphNode node = 0;
                 ASSERT_OK(hyGraphAddFillNode(graph, nullptr, 0, "fill", t.partOf(thread), &i, sizeof i, 16, &node));
                 HyGraphExec exec = nullptr;
                 ASSERT_OK(hyGraphInstantiate(graph, 0, &exec));
                 EXPECT_OK(hyGraphLaunch(exec, own));
                 EXPECT_OK(hyGraphDestroy(graph));
                 EXPECT_OK(hyGraphExecDestroy(exec));
                 std::vector<int> got(16);
                 ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(got.data()), t.partOf(thread), 64));
                 ASSERT_OK(hyStreamSynchronize(own, Threads::kLimitNs));
                 EXPECT_EQ(got, std::vector<int>(16, i));
             }
         }},
        {"Captures", 0,
         [](Threads& t, int thread) {
             HyStream own = t.makeStream();
             for (int i = 0; i < 20; ++i) {
                 ASSERT_OK(hyStreamBeginCapture(own, 0));
                 EXPECT_OK(hyMemFillAsync(own, t.partOf(thread), &i, sizeof i, 16));
                 HyGraph graph = nullptr;
                 ASSERT_OK(hyStreamEndCapture(own, &graph));
                 uint32_t count = 0;
                 EXPECT_OK(hyGraphGetNodeCount(graph, &count));
                 EXPECT_EQ(count, 1u);
                 EXPECT_OK(hyGraphDestroy(graph));
             }
         }},
        {"Errors", 0,
         [](Threads& t, int thread) {
             for (int i = 0; i < 200; ++i) {
                 HyDevicePtr ptr = 0;
                 EXPECT_EQ(thread % 2 == 0 ? hyMemAlloc(t.device, 0, &ptr) : hyStreamDestroy(nullptr),
                           thread % 2 == 0 ? HY_ERROR_INVALID_ARGUMENT : HY_ERROR_INVALID_HANDLE);
                 EXPECT_STREQ(lastError().call, thread % 2 == 0 ? "hyMemAlloc" : "hyStreamDestroy");
             }
         }},
        {"DeviceWaits", 0,
         [](Threads& t, int thread) {
             for (int i = 0; i < 50; ++i) {
                 ASSERT_OK(hyMemFillAsync(t.stream, t.partOf(thread), &i, sizeof i, 16));
                 EXPECT_OK(hyDeviceSynchronize(t.device, Threads::kLimitNs));
             }
         }},
    };
    return all;
}

class AtOnce : public Threads, public testing::WithParamInterface<Work> {};
INSTANTIATE_TEST_SUITE_P(Api, AtOnce, testing::ValuesIn(works()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(AtOnce, ByAllThreads) {
    if (!has(GetParam().needs))
        GTEST_SKIP() << "the device does not claim the capability behind " << GetParam().name;
    together([this](int thread) { GetParam().body(*this, thread); });
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
}

// Beside threads that launch: what one group of calls does must not disturb another.
TEST_P(AtOnce, BesideLaunches) {
    if (!has(GetParam().needs | HY_CAP_KERNELS))
        GTEST_SKIP() << "the device does not claim the capability behind " << GetParam().name;
    const HyDevicePtr data = upload(std::vector<int>(16));
    HyStream own = makeStream();
    int launches = 0;
    std::atomic<bool> done{false};
    std::thread other([&] {
        while (!done.load() && launches < 20000) {
            EXPECT_OK(launch(own, data));
            if (++launches % 64 == 0) {
                EXPECT_OK(hyStreamSynchronize(own, kLimitNs));
            }
        }
    });
    GetParam().body(*this, 0);
    done = true;
    other.join();
    EXPECT_OK(hyStreamSynchronize(own, kLimitNs));
    EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, launches));
}

// ---- Of several threads that destroy one object, one does ----------------------------------------------------------

struct Mortal {
    const char* name;
    HyCapabilities needs;
    std::function<void*(Threads&)> make;
    HyResult (*destroy)(void*);
};
void PrintTo(const Mortal& mortal, std::ostream* out) {
    *out << mortal.name;
}
template <typename T, HyResult (*Destroy)(T)> HyResult destroyAs(void* handle) {
    return Destroy(static_cast<T>(handle));
}
template <typename T, typename Make> void* madeBy(Make make) {
    T object = nullptr;
    EXPECT_OK(make(&object));
    return object;
}

const std::vector<Mortal>& mortals() {
    static const std::vector<Mortal> all = {
        {"Instance", 0,
         [](Threads&) { return madeBy<HyInstance>([](HyInstance* o) { return hyInstanceCreate(nullptr, o); }); },
         destroyAs<HyInstance, hyInstanceDestroy>},
        {"Stream", 0, [](Threads& t) { return static_cast<void*>(t.makeStream()); },
         destroyAs<HyStream, hyStreamDestroy>},
        {"Event", 0,
         [](Threads& t) { return madeBy<HyEvent>([&](HyEvent* o) { return hyEventCreate(t.device, 0, o); }); },
         destroyAs<HyEvent, hyEventDestroy>},
        {"Semaphore", HY_CAP_TIMELINE_SEMAPHORES,
         [](Threads& t) {
             return madeBy<HySemaphore>([&](HySemaphore* o) { return hySemaphoreCreate(t.device, nullptr, o); });
         },
         destroyAs<HySemaphore, hySemaphoreDestroy>},
        {"Module", HY_CAP_KERNELS,
         [](Threads& t) {
             HyModuleDesc desc{};
             desc.structSize = sizeof desc;
             desc.data = grid_cl_spv;
             desc.dataBytes = grid_cl_spv_size;
             return madeBy<HyModule>([&](HyModule* o) { return hyModuleLoad(t.device, &desc, o); });
         },
         destroyAs<HyModule, hyModuleDestroy>},
        {"Kernel", HY_CAP_KERNELS,
         [](Threads& t) {
             return madeBy<HyKernel>([&](HyKernel* o) { return hyKernelCreate(t.module, "add_one", o); });
         },
         destroyAs<HyKernel, hyKernelDestroy>},
        {"MemoryPool", 0,
         [](Threads& t) {
             return madeBy<HyMemoryPool>([&](HyMemoryPool* o) { return hyMemoryPoolCreate(t.device, nullptr, o); });
         },
         destroyAs<HyMemoryPool, hyMemoryPoolDestroy>},
        {"Graph", 0,
         [](Threads& t) { return madeBy<HyGraph>([&](HyGraph* o) { return hyGraphCreate(t.device, 0, o); }); },
         destroyAs<HyGraph, hyGraphDestroy>},
        {"GraphExec", 0,
         [](Threads& t) {
             HyGraph graph = nullptr;
             EXPECT_OK(hyGraphCreate(t.device, 0, &graph));
             return madeBy<HyGraphExec>([&](HyGraphExec* o) { return hyGraphInstantiate(graph, 0, o); });
         },
         destroyAs<HyGraphExec, hyGraphExecDestroy>},
    };
    return all;
}

class Destruction : public Threads, public testing::WithParamInterface<Mortal> {};
INSTANTIATE_TEST_SUITE_P(Api, Destruction, testing::ValuesIn(mortals()),
                         [](const auto& about) { return std::string(about.param.name); });

TEST_P(Destruction, SucceedsOnce) {
    if (!has(GetParam().needs))
        GTEST_SKIP() << "the device does not claim the capability behind it";
    for (int round = 0; round < 20; ++round) {
        void* object = GetParam().make(*this);
        ASSERT_NE(object, nullptr);
        std::atomic<int> successes{0};
        together([&](int) {
            const HyResult result = GetParam().destroy(object);
            if (result == HY_SUCCESS) {
                ++successes;
            } else {
                EXPECT_EQ(result, HY_ERROR_INVALID_HANDLE);
            }
        });
        ASSERT_EQ(successes, 1);
    }
    expectWorks();
}

TEST_P(Destruction, LeavesAHandleThatNoNewObjectGets) {
    if (!has(GetParam().needs))
        GTEST_SKIP() << "the device does not claim the capability behind it";
    void* first = GetParam().make(*this);
    ASSERT_EQ(GetParam().destroy(first), HY_SUCCESS);
    for (int round = 0; round < 200; ++round) {
        void* next = GetParam().make(*this);
        ASSERT_NE(next, first) << "a stale handle would reach another object";
        ASSERT_EQ(GetParam().destroy(next), HY_SUCCESS);
    }
    EXPECT_EQ(GetParam().destroy(first), HY_ERROR_INVALID_HANDLE);
}

} // namespace
