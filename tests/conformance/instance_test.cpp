#include "fixture.h"

#include <atomic>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace halyard::conformance;

TEST(Instance, CreatesAndDestroys) {
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    EXPECT_OK(hyInstanceDestroy(instance));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyInstanceDestroy, instance);
}

TEST(Instance, RefusesBadArguments) {
    HyInstance instance = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInstance", hyInstanceCreate, nullptr, nullptr);
    HyInstanceDesc desc{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyInstanceCreate, &desc, &instance);
    desc.structSize = sizeof desc;
    desc.flags = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyInstanceCreate, &desc, &instance);
    desc.flags = 0;
    desc.next = &desc;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "next", hyInstanceCreate, &desc, &instance);
    desc.next = nullptr;
    desc.logLevel = 99;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "logLevel", hyInstanceCreate, &desc, &instance);
    desc.logLevel = 0;
    desc.devices = "no-such-backend:7";
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "devices", hyInstanceCreate, &desc, &instance);
    EXPECT_EQ(instance, nullptr);
}

TEST(Instance, AcceptsALongerDescWithAZeroTail) {
    struct Newer {
        HyInstanceDesc known;
        uint64_t later;
    } desc{};
    desc.known.structSize = sizeof desc;
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(&desc.known, &instance));
    EXPECT_OK(hyInstanceDestroy(instance));
    desc.later = 1;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyInstanceCreate, &desc.known, &instance);
}

TEST(Instance, FilterNamesTheDevice) {
    HyInstanceDesc desc{};
    desc.structSize = sizeof desc;
    desc.devices = deviceUnderTest();
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(&desc, &instance));
    HyDevice device = nullptr;
    EXPECT_OK(hyDeviceGet(instance, 0, &device));
    HyDeviceProperties properties{};
    properties.structSize = sizeof properties;
    EXPECT_OK(hyDeviceGetProperties(device, &properties));
    EXPECT_EQ(std::string(properties.selector).rfind(deviceUnderTest(), 0), 0u);
    EXPECT_OK(hyInstanceDestroy(instance));
}

TEST(Instance, EveryObjectDiesWithIt) {
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    HyDevice device = nullptr;
    ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
    HyStream stream = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    HyDevicePtr ptr = 0;
    ASSERT_OK(hyMemAlloc(device, 100, &ptr));
    ASSERT_OK(hyInstanceDestroy(instance));
    uint32_t count = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyDeviceGetCount, instance, &count);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemAlloc, device, 100, &ptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamQuery, stream);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "event", hyEventQuery, event);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyStreamDestroy, stream);
}

TEST(Instance, SeveralLiveAtOnce) {
    constexpr int kCount = 4;
    std::vector<HyInstance> instances(kCount);
    for (HyInstance& instance : instances)
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    for (const HyInstance instance : instances) {
        HyDevice device = nullptr;
        ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
        HyDevicePtr ptr = 0;
        EXPECT_OK(hyMemAlloc(device, 4096, &ptr));
    }
    for (const HyInstance instance : instances)
        EXPECT_OK(hyInstanceDestroy(instance));
}

TEST(Instance, ListsEveryBackendThatWasConsidered) {
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    uint32_t count = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCount", hyInstanceGetBackendCount, instance, nullptr);
    ASSERT_OK(hyInstanceGetBackendCount(instance, &count));
    ASSERT_GT(count, 0u);
    bool found = false;
    for (uint32_t i = 0; i < count; ++i) {
        HyBackendInfo info{};
        info.structSize = sizeof info;
        ASSERT_OK(hyInstanceGetBackend(instance, i, &info));
        EXPECT_STRNE(info.name, "");
        if (info.status != HY_BACKEND_LOADED) {
            EXPECT_STRNE(info.reason, "") << info.name;
        }
        found = found || std::string(deviceUnderTest()).rfind(info.name, 0) == 0;
    }
    EXPECT_TRUE(found);
    HyBackendInfo info{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outInfo", hyInstanceGetBackend, instance, 0, &info);
    info.structSize = sizeof info;
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "index", hyInstanceGetBackend, instance, count, &info);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outInfo", hyInstanceGetBackend, instance, 0, nullptr);
    HyCounters counters{};
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "outCounters", hyInstanceGetCounters, instance, &counters);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outCounters", hyInstanceGetCounters, instance, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyInstanceGetCounters, nullptr, &counters);
    counters.structSize = sizeof counters;
    EXPECT_OK(hyInstanceGetCounters(instance, &counters));
    EXPECT_EQ(counters.workersLost, 0u);
    EXPECT_OK(hyInstanceDestroy(instance));
}

TEST(Instance, LogCallbackStopsWhenReplaced) {
    std::atomic<int> lines{0};
    const HyLogCallback count = [](void* user, HyLogLevel, const char* source, const char* message) {
        EXPECT_STRNE(source, "");
        EXPECT_STRNE(message, "");
        ++*static_cast<std::atomic<int>*>(user);
    };
    HyInstanceDesc desc{};
    desc.structSize = sizeof desc;
    desc.logCallback = count;
    desc.logUser = &lines;
    desc.logLevel = HY_LOG_DEBUG;
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(&desc, &instance));
    EXPECT_GT(lines, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "level", hyInstanceSetLogCallback, instance, count, &lines, 99);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "instance", hyInstanceSetLogCallback, nullptr, count, &lines, HY_LOG_INFO);
    EXPECT_OK(hyInstanceSetLogCallback(instance, nullptr, nullptr, HY_LOG_OFF));
    const int before = lines;
    HyDevice device = nullptr;
    ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
    HyStream stream = nullptr;
    EXPECT_OK(hyStreamCreate(device, nullptr, &stream));
    EXPECT_OK(hyInstanceDestroy(instance));
    EXPECT_EQ(lines, before);
}

TEST(Instance, ForkedChildIsToldSo) {
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    HyDevice device = nullptr;
    ASSERT_OK(hyDeviceFind(instance, deviceUnderTest(), &device));
    HyStream stream = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        // The child reports by its exit status: gtest's own state belongs to the parent.
        if (hyStreamQuery(stream) != HY_ERROR_FORKED || hyInstanceDestroy(instance) != HY_ERROR_FORKED)
            _exit(1);
        HyInstance own = nullptr;
        HyDevice ownDevice = nullptr;
        HyDevicePtr ptr = 0;
        if (hyInstanceCreate(nullptr, &own) != HY_SUCCESS ||
            hyDeviceFind(own, deviceUnderTest(), &ownDevice) != HY_SUCCESS ||
            hyMemAlloc(ownDevice, 64, &ptr) != HY_SUCCESS)
            _exit(2);
        _exit(hyInstanceDestroy(own) == HY_SUCCESS ? 0 : 3);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_OK(hyStreamQuery(stream));
    EXPECT_OK(hyInstanceDestroy(instance));
}

TEST(Errors, RecordBelongsToTheThreadAndSuccessLeavesIt) {
    HyInstance instance = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &instance));
    EXPECT_EQ(hyInstanceDestroy(nullptr), HY_ERROR_INVALID_HANDLE);
    uint32_t count = 0;
    EXPECT_OK(hyDeviceGetCount(instance, &count));
    EXPECT_EQ(lastError().code, HY_ERROR_INVALID_HANDLE);
    std::thread([] { EXPECT_EQ(lastError().code, HY_SUCCESS); }).join();
    EXPECT_EQ(hyGetLastError(nullptr), HY_ERROR_INVALID_ARGUMENT);
    HyErrorInfo tooSmall{};
    EXPECT_EQ(hyGetLastError(&tooSmall), HY_ERROR_INVALID_STRUCT);
    EXPECT_EQ(lastError().code, HY_ERROR_INVALID_HANDLE);
    hyClearLastError();
    EXPECT_EQ(lastError().code, HY_SUCCESS);
    EXPECT_STREQ(lastError().message, "");
    EXPECT_OK(hyInstanceDestroy(instance));
}

TEST(Errors, EveryCodeHasAName) {
    for (HyResult code = HY_ERROR_INTERNAL; code <= HY_NOT_READY; ++code)
        EXPECT_STRNE(hyResultName(code), "HY_ERROR_UNKNOWN") << code;
    EXPECT_STREQ(hyResultName(-1000), "HY_ERROR_UNKNOWN");
    EXPECT_STREQ(hyResultName(HY_ERROR_TIMEOUT), "HY_ERROR_TIMEOUT");
}

TEST(ProcAddress, FindsEveryFunctionAndNothingElse) {
    EXPECT_EQ(hyGetProcAddress(nullptr), nullptr);
    EXPECT_EQ(hyGetProcAddress(""), nullptr);
    EXPECT_EQ(hyGetProcAddress("hyNoSuchFunction"), nullptr);
    EXPECT_EQ(hyGetProcAddress("hyLaunchKernel"), reinterpret_cast<HyProc>(&hyLaunchKernel));
    const auto version = reinterpret_cast<uint32_t (*)(void)>(hyGetProcAddress("hyGetVersion"));
    ASSERT_NE(version, nullptr);
    EXPECT_EQ(version(), hyGetVersion());
    EXPECT_EQ(HY_VERSION_MAJOR(hyGetVersion()), HY_VERSION_MAJOR(HY_VERSION));
}
