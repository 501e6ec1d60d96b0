// What the layer "validate" finds in wrong programs, and does not find in right ones: lives of objects and memory,
// ranges, events.
#include "validate_fixture.h"

#include <thread>

namespace halyard::layers {
namespace {

TEST_F(ValidateTest, RightProgramHasNoFindings) {
    const HyDevicePtr data = allocateBytes();
    const HyEvent event = makeEvent();
    std::vector<float> host(kCount, 1.0f);
    ASSERT_OK(hyMemcpyAsync(stream, data, hyHostAddress(host.data()), kBytes));
    ASSERT_OK(launchIncrement(stream, data));
    ASSERT_OK(hyMemcpyAsync(stream, hyHostAddress(host.data()), data, kBytes));
    ASSERT_OK(hyEventRecord(event, stream));
    ASSERT_OK(hyEventSynchronize(event, HY_TIMEOUT_INFINITE));
    EXPECT_EQ(host[0], 2.0f);
    ASSERT_OK(hyEventDestroy(event));
    ASSERT_OK(hyMemFree(device, data));
    destroyAll();
    expectNothing();
    EXPECT_TRUE(lines.from("validate").empty());
}

TEST_F(ValidateTest, LeakedObject) {
    (void)makeEvent();
    destroyAll();
    expectFinding("leak", {"event that was made at"});
    EXPECT_EQ(lines.from("validate").back(), "findings, repetitions included: 1 leak");
}

TEST_F(ValidateTest, LeakedMemory) {
    (void)allocateBytes(4096);
    destroyAll();
    expectFinding("leak", {"allocation of 4096 bytes", "(made at"});
}

TEST_F(ValidateTest, DestroyedTwice) {
    const HyEvent event = makeEvent();
    ASSERT_OK(hyEventDestroy(event));
    EXPECT_EQ(hyEventDestroy(event), HY_ERROR_INVALID_HANDLE);
    EXPECT_STREQ(lastError().call, "hyEventDestroy");
    expectFinding("destroyed-twice",
                  {"hyEventDestroy got a event", "made at", "destroyed at", "Destroy each object once"});
}

TEST_F(ValidateTest, UsedAfterItWasDestroyed) {
    const HyStream dead = makeStream();
    ASSERT_OK(hyStreamDestroy(dead));
    const HyDevicePtr data = allocateBytes();
    EXPECT_EQ(launchIncrement(dead, data), HY_ERROR_INVALID_HANDLE);
    ASSERT_OK(hyMemFree(device, data));
    expectFinding("destroyed-handle", {"hyLaunchKernel got a stream", "Destroy it after its last use"});
}

TEST_F(ValidateTest, HandleInALaunchDescriptor) {
    HyKernel dead = nullptr;
    ASSERT_OK(hyKernelCreate(module, "increment", &dead));
    ASSERT_OK(hyKernelDestroy(dead));
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.stream = stream;
    desc.kernel = dead;
    desc.workgroups = desc.workgroupSize = {1, 1, 1};
    EXPECT_EQ(hyLaunchKernelEx(&desc), HY_ERROR_INVALID_HANDLE);
    expectFinding("destroyed-handle", {"hyLaunchKernelEx got a kernel"});
}

TEST_F(ValidateTest, InventedHandleIsLeftToTheRuntime) {
    EXPECT_EQ(hyStreamSynchronize(conformance::invented<HyStream>(), 0), HY_ERROR_INVALID_HANDLE);
    expectNothing();
}

TEST_F(ValidateTest, FreedTwice) {
    const HyDevicePtr data = allocateBytes();
    ASSERT_OK(hyMemFree(device, data));
    EXPECT_EQ(hyMemFree(device, data), HY_ERROR_INVALID_ADDRESS);
    expectFinding("freed-twice", {"freed by hyMemFree at", "made at"});
}

TEST_F(ValidateTest, FreedTwiceInStreamOrder) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAllocAsync(stream, kBytes, &data));
    ASSERT_OK(hyMemFreeAsync(stream, data));
    EXPECT_EQ(hyMemFreeAsync(stream, data), HY_ERROR_INVALID_ADDRESS);
    expectFinding("freed-twice", {"freed by hyMemFreeAsync at", "made at"});
}

TEST_F(ValidateTest, KernelArgumentInMemoryFreedInStreamOrderIsRefused) {
    HyDevicePtr data = 0;
    ASSERT_OK(hyMemAllocAsync(stream, kBytes, &data));
    ASSERT_OK(hyMemFreeAsync(stream, data));
    EXPECT_EQ(launchIncrement(stream, data), HY_ERROR_INVALID_ADDRESS);
    expectFinding("use-after-free", {"kernel 'increment'", "freed by hyMemFreeAsync at"});
}

TEST_F(ValidateTest, KernelArgumentInFreedMemoryIsRefused) {
    const HyDevicePtr data = allocateBytes();
    ASSERT_OK(hyMemFree(device, data));
    EXPECT_EQ(launchIncrement(stream, data + 4), HY_ERROR_INVALID_ADDRESS);
    EXPECT_NE(std::string(lastError().message).find("kernel 'increment'"), std::string::npos);
    EXPECT_STREQ(lastError().argument, "args");
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    expectFinding("use-after-free", {"argument 0", "kernel 'increment'", "freed by hyMemFree at"});
}

TEST_F(ValidateTest, PackedKernelArgumentInFreedMemoryIsRefused) {
    const HyDevicePtr data = allocateBytes();
    ASSERT_OK(hyMemFree(device, data));
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.stream = stream;
    desc.kernel = increment;
    desc.workgroups = desc.workgroupSize = {1, 1, 1};
    desc.packedArgs = &data;
    desc.packedArgBytes = sizeof data;
    EXPECT_EQ(hyLaunchKernelEx(&desc), HY_ERROR_INVALID_ADDRESS);
    expectFinding("use-after-free", {"hyLaunchKernelEx"});
}

TEST_F(ValidateTest, KernelArgumentOutsideEveryAllocation) {
    std::vector<float> host(kCount, 1.0f); // the cpu could reach it, a GPU could not
    EXPECT_OK(launchIncrement(stream, hyHostAddress(host.data())));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    expectFinding("kernel-argument", {"in no live allocation", "hyHostRegister"});
}

TEST_F(ValidateTest, AddressesThatAreRight) {
    const HyDevicePtr data = allocateBytes();
    HyLaunchDesc desc{};
    desc.structSize = sizeof desc;
    desc.stream = stream;
    desc.kernel = increment;
    desc.workgroups = desc.workgroupSize = {1, 1, 1};
    const HyDevicePtr last = data + kBytes - sizeof(float); // inside
    const void* args[] = {&last};
    desc.args = args;
    desc.argCount = 1;
    EXPECT_OK(hyLaunchKernelEx(&desc));
    ASSERT_OK(hyStreamSynchronize(stream, HY_TIMEOUT_INFINITE));
    const HyDevicePtr again = allocateBytes();
    ASSERT_OK(hyMemFree(device, data));
    const HyDevicePtr reused = allocateBytes(); // perhaps where data was
    EXPECT_OK(launchIncrement(stream, reused));
    EXPECT_OK(launchIncrement(stream, again));
    ASSERT_OK(hyMemFree(device, reused));
    ASSERT_OK(hyMemFree(device, again));
    expectNothing();
}

TEST_F(ValidateTest, CopyOutOfRange) {
    const HyDevicePtr data = allocateBytes();
    std::vector<char> host(kBytes + 1);
    EXPECT_EQ(hyMemcpyAsync(stream, data, hyHostAddress(host.data()), kBytes + 1), HY_ERROR_INVALID_ADDRESS);
    ASSERT_OK(hyMemFree(device, data));
    expectFinding("out-of-range", {"hyMemcpyAsync", "over 65 bytes", "allocation of 64 bytes", "made at"});
}

TEST_F(ValidateTest, BoxOutOfRange) {
    const HyDevicePtr data = allocateBytes();
    const uint8_t zero = 0;
    HyFill3D fill{};
    fill.structSize = sizeof fill;
    fill.dst = data;
    fill.rowPitch = 32;
    fill.slicePitch = 64;
    fill.width = 8;
    fill.height = 2;
    fill.depth = 2;
    fill.pattern = &zero;
    fill.patternBytes = 1;
    EXPECT_EQ(hyMemFill3DAsync(stream, &fill), HY_ERROR_INVALID_ADDRESS);
    ASSERT_OK(hyMemFree(device, data));
    expectFinding("out-of-range", {"hyMemFill3DAsync", "over 104 bytes"});
}

TEST_F(ValidateTest, CopyFromFreedMemory) {
    const HyDevicePtr data = allocateBytes();
    ASSERT_OK(hyMemFree(device, data));
    std::vector<char> host(kBytes);
    EXPECT_EQ(hyMemcpyAsync(stream, hyHostAddress(host.data()), data, kBytes), HY_ERROR_INVALID_ADDRESS);
    expectFinding("use-after-free", {"hyMemcpyAsync", "freed by hyMemFree"});
}

TEST_F(ValidateTest, WaitForAnEventThatWasNeverRecorded) {
    const HyEvent event = makeEvent();
    EXPECT_OK(hyStreamWaitEvent(stream, event));
    expectFinding("never-recorded", {"hyStreamWaitEvent at", "hyEventRecord"});
    ASSERT_OK(hyEventDestroy(event));
}

TEST_F(ValidateTest, AnEventOfSeveralProcessesIsRecordedElsewhere) {
    HyEvent event = nullptr, opened = nullptr;
    HyIpcHandle handle{};
    ASSERT_OK(hyEventCreate(device, HY_EVENT_INTERPROCESS, &event));
    ASSERT_OK(hyEventGetIpcHandle(event, &handle));
    ASSERT_OK(hyEventOpenIpcHandle(device, &handle, &opened));
    EXPECT_OK(hyStreamWaitEvent(stream, event));
    EXPECT_OK(hyEventSynchronize(opened, 0));
    expectNothing();
    ASSERT_OK(hyEventDestroy(event));
    EXPECT_LT(hyEventQuery(event), 0);
    expectFinding("destroyed-handle", {"hyEventQuery"});
    ASSERT_OK(hyEventDestroy(opened));
}

TEST_F(ValidateTest, RepetitionsAreCountedNotLogged) {
    const HyEvent event = makeEvent();
    for (int i = 0; i < 5; ++i)
        EXPECT_OK(hyEventSynchronize(event, 0));
    ASSERT_OK(hyEventDestroy(event));
    expectFinding("never-recorded", {"hyEventSynchronize"});
    destroyAll();
    EXPECT_EQ(lines.from("validate").back(), "findings, repetitions included: 5 never-recorded");
}

TEST_F(ValidateTest, RegisteredMemory) {
    std::vector<float> host(kCount, 1.0f);
    HyDevicePtr seen = 0;
    ASSERT_OK(hyHostRegister(device, host.data(), kBytes, &seen));
    EXPECT_OK(launchIncrement(stream, seen));
    ASSERT_OK(hyHostUnregister(device, host.data()));
    EXPECT_EQ(host[0], 2.0f);
    const HyDevicePtr data = allocateBytes();
    ASSERT_OK(hyMemcpyAsync(stream, data, hyHostAddress(host.data()), kBytes)); // host memory again
    ASSERT_OK(hyMemFree(device, data));
    expectNothing();
}

TEST_F(ValidateTest, ThreadsCallAtOnce) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                const HyStream mine = makeStream();
                const HyDevicePtr data = allocateBytes();
                EXPECT_EQ(launchIncrement(mine, data), HY_SUCCESS);
                EXPECT_EQ(hyMemFree(device, data), HY_SUCCESS);
                EXPECT_EQ(hyStreamDestroy(mine), HY_SUCCESS);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    expectNothing();
}

TEST(ValidateMode, UnknownModeIsRefused) {
    const Variable mode("HALYARD_VALIDATE_RACES", "sometimes");
    Lines lines;
    const HyInstanceDesc desc = describe("validate", lines);
    HyInstance instance = nullptr;
    EXPECT_EQ(hyInstanceCreate(&desc, &instance), HY_ERROR_INVALID_ARGUMENT);
    EXPECT_NE(std::string(lastError().message).find("sometimes"), std::string::npos);
}

} // namespace
} // namespace halyard::layers
