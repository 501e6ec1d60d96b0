// What the reference device finds: each mistake of a kernel arrives on its stream with words that name the kernel, the
// instruction and the invocation, and the device goes on.
#include "fixture.h"

#include "report_cl.spv.h"

using namespace halyard::conformance;

class Reports : public DeviceTest {
protected:
    void SetUp() override {
        ASSERT_NO_FATAL_FAILURE(DeviceTest::SetUp());
        if (std::string(properties.backend) != "reference")
            GTEST_SKIP() << "only the reference device looks for the mistakes of kernels";
        module = loadModule(report_cl_spv, report_cl_spv_size);
    }

    // Runs one workgroup of 16 and expects the failure; every word must be in the message, the kernel's name among
    // them.
    void expectReport(const char* name, std::initializer_list<const void*> args, HyResult code,
                      std::initializer_list<const char*> words) {
        const HyKernel kernel = makeKernel(module, name);
        ASSERT_OK(
            hyLaunchKernel(stream, kernel, {1, 1, 1}, {16, 1, 1}, 0, args.begin(), static_cast<uint32_t>(args.size())));
        expectFailure(name, code, words);
    }
    // The same for a cooperative launch of three workgroups.
    void expectGridReport(const char* name, std::initializer_list<const char*> words) {
        const HyDevicePtr data = upload(std::vector<int>(48));
        const void* args[] = {&data};
        HyLaunchDesc desc{};
        desc.structSize = sizeof desc;
        desc.flags = HY_LAUNCH_COOPERATIVE;
        desc.stream = stream;
        desc.kernel = makeKernel(module, name);
        desc.workgroups = {3, 1, 1};
        desc.workgroupSize = {16, 1, 1};
        desc.args = args;
        desc.argCount = 1;
        ASSERT_OK(hyLaunchKernelEx(&desc));
        expectFailure(name, HY_ERROR_LAUNCH_FAILED, words);
    }
    void expectFailure(const char* name, HyResult code, std::initializer_list<const char*> words) {
        ASSERT_EQ(hyStreamSynchronize(stream, kLimitNs), code) << lastError().message;
        const std::string message = lastError().message;
        EXPECT_NE(message.find(name), std::string::npos) << message;
        EXPECT_NE(message.find("invocation"), std::string::npos) << message;
        EXPECT_NE(message.find("Op"), std::string::npos) << message;
        EXPECT_EQ(message.find("stream "), 0u) << message;
        for (const char* word : words)
            EXPECT_NE(message.find(word), std::string::npos) << message << "\nlacks: " << word;
        expectDeviceGoesOn();
    }

    // The failed stream stays as it is; a new one works.
    void expectDeviceGoesOn() {
        EXPECT_LT(hyStreamQuery(stream), 0);
        ASSERT_OK(hyStreamDestroy(stream));
        ASSERT_OK(hyStreamCreate(device, nullptr, &stream));
        const HyDevicePtr data = upload(std::vector<int>(16, 41));
        const void* args[] = {&data};
        ASSERT_OK(hyLaunchKernel(stream, makeKernel(module, "right"), {1, 1, 1}, {16, 1, 1}, 0, args, 1));
        EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 42));
    }

    HyModule module = nullptr;
};

TEST_F(Reports, OutOfBoundsOfAnAllocation) {
    const HyDevicePtr data = upload(std::vector<int>(64));
    const int index = 64;
    expectReport("out_of_bounds_global", {&data, &index}, HY_ERROR_LAUNCH_FAILED, {"out of bounds", "OpStore"});
}

TEST_F(Reports, BeforeAnAllocation) {
    const HyDevicePtr data = upload(std::vector<int>(64));
    const int index = -1;
    expectReport("out_of_bounds_global", {&data, &index}, HY_ERROR_LAUNCH_FAILED, {"out of bounds"});
}

TEST_F(Reports, OutOfBoundsOfWorkgroupMemory) {
    const HyDevicePtr out = allocate(64);
    const int index = 16;
    expectReport("out_of_bounds_workgroup", {&out, &index}, HY_ERROR_LAUNCH_FAILED, {"out of bounds", "workgroup"});
}

TEST_F(Reports, OutOfBoundsOfAPrivateArray) {
    const HyDevicePtr out = allocate(64);
    const int index = 4;
    expectReport("out_of_bounds_private", {&out, &index}, HY_ERROR_LAUNCH_FAILED, {"out of bounds", "private"});
}

TEST_F(Reports, MisalignedAccess) {
    const HyDevicePtr data = upload(std::vector<int>(4));
    const int offset = 2;
    expectReport("misaligned", {&data, &offset}, HY_ERROR_LAUNCH_FAILED, {"misaligned"});
}

TEST_F(Reports, UseAfterFree) {
    const HyDevicePtr data = upload(std::vector<int>(4));
    ASSERT_OK(hyMemFree(device, data));
    expectReport("write_to_address", {&data}, HY_ERROR_LAUNCH_FAILED, {"use after free"});
}

// Stream-ordered allocations are not pieces of something larger here, so nothing about them is lost.
TEST_F(Reports, UseAfterAStreamOrderedFree) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAllocAsync(stream, 64, &data));
    const std::vector<int> values(16, 41);
    ASSERT_OK(hyMemcpyAsync(stream, data, hyHostAddress(values.data()), 64));
    const void* args[] = {&data};
    ASSERT_OK(hyLaunchKernel(stream, makeKernel(module, "right"), {1, 1, 1}, {16, 1, 1}, 0, args, 1));
    ASSERT_OK(hyMemFreeAsync(stream, data)); // behind the kernel
    synchronize();
    expectReport("write_to_address", {&data}, HY_ERROR_LAUNCH_FAILED, {"use after free"});
}

TEST_F(Reports, PastTheEndOfAStreamOrderedAllocation) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAllocAsync(stream, 64, &data));
    const int index = 16;
    expectReport("out_of_bounds_global", {&data, &index}, HY_ERROR_LAUNCH_FAILED, {"out of bounds", "OpStore"});
}

TEST_F(Reports, StreamOrderedMemoryBeginsUndefined) {
    HyDevicePtr count = 0;
    for (int round = 0; round < 2; ++round) { // the second would have the first one's memory if it were reused
        ASSERT_OK(hyMemAllocAsync(stream, 64, &count));
        const std::vector<int> values(16, 1);
        if (round == 0) {
            ASSERT_OK(hyMemcpyAsync(stream, count, hyHostAddress(values.data()), 64));
            ASSERT_OK(hyMemFreeAsync(stream, count));
        }
        synchronize();
    }
    const HyDevicePtr out = allocate(64);
    expectReport("uninitialised", {&count, &out}, HY_ERROR_LAUNCH_FAILED, {"uninitialised"});
}

TEST_F(Reports, AFailedStreamAllocatesNothingAndFrees) {
    HyDevicePtr data = 0;
    HyDevicePtr none = 7;
    ASSERT_OK(hyMemAllocAsync(stream, 64, &data));
    const int index = 64;
    const void* args[] = {&data, &index};
    ASSERT_OK(hyLaunchKernel(stream, makeKernel(module, "out_of_bounds_global"), {1, 1, 1}, {16, 1, 1}, 0, args, 2));
    ASSERT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(hyMemAllocAsync(stream, 64, &none), HY_ERROR_LAUNCH_FAILED);
    EXPECT_NE(std::string(lastError().message).find("out_of_bounds_global"), std::string::npos);
    EXPECT_STREQ(lastError().call, "hyMemAllocAsync");
    EXPECT_EQ(none, 7u);
    EXPECT_OK(hyMemFreeAsync(stream, data));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFreeAsync, stream, data);
    uint64_t free = 0;
    uint64_t total = 0;
    EXPECT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &free, &total));
    EXPECT_EQ(free, total) << "the memory went although the stream had failed";
}

TEST_F(Reports, NullPointer) {
    const uint64_t null = 0;
    expectReport("write_to_address", {&null}, HY_ERROR_LAUNCH_FAILED, {"null pointer"});
}

TEST_F(Reports, Race) {
    const HyDevicePtr data = upload(std::vector<int>(1));
    expectReport("race", {&data}, HY_ERROR_LAUNCH_FAILED, {"race"});
}

TEST_F(Reports, UninitialisedMemoryDecides) {
    const HyDevicePtr count = allocate(4);
    const HyDevicePtr out = allocate(64);
    expectReport("uninitialised", {&count, &out}, HY_ERROR_LAUNCH_FAILED, {"uninitialised"});
}

TEST_F(Reports, DivergentBarrier) {
    const HyDevicePtr out = allocate(64);
    const int limit = 5;
    expectReport("divergent_barrier", {&out, &limit}, HY_ERROR_LAUNCH_FAILED, {"barrier"});
}

TEST_F(Reports, EndlessLoop) {
    const HyDevicePtr flag = upload(std::vector<int>(1));
    expectReport("endless", {&flag}, HY_ERROR_TIMEOUT, {"instructions"});
}

TEST_F(Reports, NameTheStream) {
    const uint64_t null = 0;
    const void* args[] = {&null};
    const HyKernel kernel = makeKernel(module, "write_to_address");
    std::string name = "upload";
    HyStreamDesc desc{};
    desc.structSize = sizeof desc;
    desc.name = name.c_str();
    HyStream named = nullptr;
    ASSERT_OK(hyStreamCreate(device, &desc, &named));
    name = "gone";
    for (const HyStream each : {stream, named})
        ASSERT_OK(hyLaunchKernel(each, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 1));
    EXPECT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(std::string(lastError().message).find("stream 1: "), 0u) << lastError().message;
    EXPECT_EQ(hyStreamSynchronize(named, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(std::string(lastError().message).find("stream 'upload': "), 0u) << lastError().message;
    EXPECT_NE(std::string(lastError().message).find("write_to_address"), std::string::npos);
}

TEST_F(Reports, ResetForgetsThem) {
    const HyDevicePtr data = upload(std::vector<int>(16, 1));
    const int index = 64;
    const void* wrong[] = {&data, &index};
    const void* right[] = {&data};
    const HyKernel failing = makeKernel(module, "out_of_bounds_global");
    const HyKernel adding = makeKernel(module, "right");
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    ASSERT_OK(hyLaunchKernel(stream, failing, {1, 1, 1}, {16, 1, 1}, 0, wrong, 2));
    ASSERT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(hyEventRecord(event, stream), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(hyDeviceSynchronize(device, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    EXPECT_OK(hyDeviceSynchronize(device, kLimitNs));
    EXPECT_OK(hyStreamQuery(stream));
    ASSERT_OK(hyLaunchKernel(stream, adding, {1, 1, 1}, {16, 1, 1}, 0, right, 1));
    ASSERT_OK(hyEventRecord(event, stream));
    EXPECT_OK(hyEventSynchronize(event, kLimitNs));
    EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 2));
}

TEST_F(Reports, AlsoOnOtherStreamsTheOrderStays) {
    // Work behind the failure on its own stream is skipped; that of another stream is not.
    const HyDevicePtr data = upload(std::vector<int>(16, 1));
    const int index = 64;
    const void* wrong[] = {&data, &index};
    const void* right[] = {&data};
    HyStream other = nullptr;
    ASSERT_OK(hyStreamCreate(device, nullptr, &other));
    const HyKernel failing = makeKernel(module, "out_of_bounds_global");
    const HyKernel adding = makeKernel(module, "right");
    HyEvent event = nullptr;
    ASSERT_OK(hyEventCreate(device, 0, &event));
    ASSERT_OK(hyLaunchKernel(stream, adding, {1, 1, 1}, {16, 1, 1}, 0, right, 1));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyStreamWaitEvent(other, event));
    ASSERT_OK(hyLaunchKernel(other, adding, {1, 1, 1}, {16, 1, 1}, 0, right, 1));
    ASSERT_OK(hyStreamSynchronize(other, kLimitNs));
    ASSERT_OK(hyLaunchKernel(stream, failing, {1, 1, 1}, {16, 1, 1}, 0, wrong, 2));
    EXPECT_EQ(hyStreamSynchronize(stream, kLimitNs), HY_ERROR_LAUNCH_FAILED);
    EXPECT_EQ(hyLaunchKernel(stream, adding, {1, 1, 1}, {16, 1, 1}, 0, right, 1), HY_ERROR_LAUNCH_FAILED);
    std::swap(stream, other);
    EXPECT_EQ(download<int>(data, 16), std::vector<int>(16, 3));
}

// A barrier of the whole grid orders what is before it, and no more.
TEST_F(Reports, RaceBehindAGridBarrier) {
    expectGridReport("race_behind_grid_barrier", {"data race", "OpStore", "write"});
}

TEST_F(Reports, WorkgroupsAtDifferentGridBarriers) {
    expectGridReport("divergent_grid_barrier", {"divergent barrier of the whole grid", "waits at", "OpControlBarrier"});
}

TEST_F(Reports, AWorkgroupThatEndsWhileOthersWait) {
    expectGridReport("incomplete_grid_barrier",
                     {"divergent barrier of the whole grid", "1 of 3 have ended", "OpControlBarrier"});
}
