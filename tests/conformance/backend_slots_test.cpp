// The slots of the backend under test, called as the runtime calls them, without the runtime.
#include "backend_work.h"

#include <atomic>
#include <numeric>
#include <thread>

using namespace halyard::conformance;

namespace {

using BackendDevices = BackendDeviceTest;

TEST_F(BackendDevices, OpenAndCloseAgain) {
    // Once per ordinal and context: another context has the same device open.
    HyBackendContext second = nullptr;
    ASSERT_DONE(interface_->initialise(services.table(), &second));
    HyBackendDevice twin = nullptr;
    ASSERT_DONE(interface_->device->open(second, properties_.ordinal, &twin));
    EXPECT_NE(twin, device);
    EXPECT_DONE(interface_->device->close(twin, 0)); // nothing runs, so there is nothing to wait for
    interface_->shutdown(second);
}

TEST_F(BackendDevices, CountsAndPropertiesStayTheSame) {
    uint32_t first = 0, again = 0;
    EXPECT_DONE(interface_->device->getCount(context, &first));
    EXPECT_DONE(interface_->device->getCount(context, &again));
    EXPECT_EQ(first, again);
    for (uint32_t ordinal = 0; ordinal < first; ++ordinal) {
        HyDeviceProperties one{}, other{};
        one.structSize = other.structSize = sizeof one;
        EXPECT_DONE(interface_->device->getProperties(context, ordinal, &one));
        EXPECT_DONE(interface_->device->getProperties(context, ordinal, &other));
        EXPECT_EQ(std::memcmp(&one, &other, sizeof one), 0) << "device " << ordinal;
    }
}

TEST_F(BackendDevices, PropertiesHoldTogether) {
    HyDeviceProperties found{};
    found.structSize = sizeof found;
    ASSERT_DONE(interface_->device->getProperties(context, properties_.ordinal, &found));
    EXPECT_NE(std::memchr(found.name, 0, sizeof found.name), nullptr);
    EXPECT_STRNE(found.name, "");
    EXPECT_LE(found.type, HY_DEVICE_TYPE_EMULATED);
    if (!claims(HY_CAP_KERNELS))
        GTEST_SKIP() << "the device claims no HY_CAP_KERNELS: the limits of launches mean nothing";
    EXPECT_TRUE((found.capabilities & (HY_CAP_SPIRV_KERNEL | HY_CAP_SPIRV_GLCOMPUTE)) != 0);
    EXPECT_GT(found.maxWorkgroupInvocations, 0u);
    for (int i = 0; i < 3; ++i) {
        EXPECT_GT(found.maxWorkgroupSize[i], 0u);
        EXPECT_LE(found.maxWorkgroupSize[i], found.maxWorkgroupInvocations);
        EXPECT_GT(found.maxWorkgroups[i], 0u);
    }
    EXPECT_LE(found.subgroupSizeMin, found.subgroupSizeMax);
    EXPECT_GE(found.memoryAlignment, 256u);
    EXPECT_EQ(found.memoryAlignment & (found.memoryAlignment - 1), 0u);
    EXPECT_LE(found.maxAllocation, found.totalMemory);
    EXPECT_TRUE((found.capabilities & HY_CAP_INT64_ATOMICS) == 0 || (found.capabilities & HY_CAP_INT64) != 0);
}

TEST_F(BackendWork, MemoryInfoIsPlausible) {
    uint64_t free = 0, total = 0;
    ASSERT_DONE(interface_->device->getMemoryInfo(device, &free, &total));
    EXPECT_LE(free, total);
    EXPECT_GT(total, 0u);
}

TEST_F(BackendWork, WaitsForNothingAtOnce) {
    EXPECT_DONE(interface_->device->synchronize(device, 0));
    EXPECT_DONE(interface_->stream->query(stream));
    EXPECT_DONE(interface_->stream->synchronize(stream, 0));
}

TEST_F(BackendWork, AllocatesAlignedAndApart) {
    std::vector<std::pair<HyDevicePtr, uint64_t>> all;
    for (const uint64_t bytes : {1ull, 2ull, 255ull, 256ull, 257ull, 4096ull, 65537ull, 1ull << 20})
        all.emplace_back(allocate(bytes), bytes);
    for (size_t i = 0; i < all.size(); ++i) {
        ASSERT_NE(all[i].first, 0u);
        EXPECT_EQ(all[i].first % properties_.memoryAlignment, 0u) << all[i].second;
        for (size_t j = 0; j < i; ++j)
            EXPECT_TRUE(all[i].first + all[i].second <= all[j].first || all[j].first + all[j].second <= all[i].first);
    }
}

TEST_F(BackendWork, RefusesMoreMemoryThanThereIs) {
    HyDevicePtr ptr = 77;
    void* host = nullptr;
    EXPECT_TRUE(backendRefuses(HY_ERROR_OUT_OF_DEVICE_MEMORY,
                               [&] { return interface_->memory->allocate(device, uint64_t(1) << 60, &ptr, &host); }));
    EXPECT_NE(allocate(4096), 0u) << "the device is as it was";
}

TEST_F(BackendWork, AllocationsLieInTheAddressRange) {
    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    const HyResult result = interface_->memory->getAddressRange != nullptr
                                ? interface_->memory->getAddressRange(device, &base, &bytes)
                                : HY_ERROR_UNSUPPORTED;
    if (result == HY_ERROR_UNSUPPORTED)
        GTEST_SKIP() << "the driver has no address range of its own";
    ASSERT_EQ(result, HY_SUCCESS);
    for (const uint64_t size : {64ull, 1ull << 20}) {
        const HyDevicePtr ptr = allocate(size);
        EXPECT_GE(ptr, base);
        EXPECT_LE(ptr + size, base + bytes);
    }
    int local = 0;
    const HyDevicePtr host = hyHostAddress(&local);
    EXPECT_TRUE(host < base || host >= base + bytes) << "host memory lies in the device's range";
}

TEST_F(BackendWork, CopiesThereAndBack) {
    const std::vector<uint8_t> sent = counting();
    const HyDevicePtr first = allocate(kBytes), second = allocate(kBytes);
    toDevice(first, sent.data(), kBytes);
    EXPECT_DONE(interface_->stream->copy(stream, second, first, kBytes, 0));
    std::vector<uint8_t> got(kBytes);
    toHost(got.data(), second, kBytes);
    EXPECT_EQ(got, sent);
}

TEST_F(BackendWork, CopiesAnyBytes) {
    const std::vector<uint8_t> sent = counting();
    const HyDevicePtr there = allocate(kBytes);
    for (const uint64_t bytes : {1u, 2u, 3u, 7u, 8u, 9u, 63u, 64u, 65u, 4095u, 4097u}) {
        for (const uint64_t offset : {0u, 1u, 3u, 8u}) {
            std::vector<uint8_t> got(bytes + 2, 0xee);
            toDevice(there + offset, sent.data() + 1, bytes);
            toHost(got.data() + 1, there + offset, bytes);
            EXPECT_EQ(std::memcmp(got.data() + 1, sent.data() + 1, bytes), 0) << bytes << " at " << offset;
            EXPECT_EQ(got.front(), 0xee);
            EXPECT_EQ(got.back(), 0xee) << bytes << " at " << offset;
        }
    }
}

TEST_F(BackendWork, FillsEveryPattern) {
    if (interface_->stream->fill == nullptr)
        GTEST_SKIP() << "the backend leaves fills out";
    const uint8_t pattern[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const HyDevicePtr there = allocate(kBytes);
    for (const uint32_t bytes : {1u, 2u, 4u, 8u, 16u}) {
        const std::vector<uint8_t> before(kBytes, 0xcc);
        toDevice(there, before.data(), kBytes);
        const uint64_t count = 101;
        EXPECT_DONE(interface_->stream->fill(stream, there + bytes, pattern, bytes, count));
        std::vector<uint8_t> got(kBytes);
        toHost(got.data(), there, kBytes);
        for (uint64_t i = 0; i < kBytes; ++i) {
            const bool inside = i >= bytes && i < bytes * (count + 1);
            ASSERT_EQ(got[i], inside ? pattern[i % bytes] : 0xcc) << bytes << "-byte pattern, byte " << i;
        }
    }
}

TEST_F(BackendWork, CopiesBoxes) {
    if (interface_->stream->copy3D == nullptr)
        GTEST_SKIP() << "the backend leaves copies of boxes out";
    const std::vector<uint8_t> sent = counting();
    const HyDevicePtr there = allocate(kBytes);
    const std::vector<uint8_t> blank(kBytes, 0);
    toDevice(there, blank.data(), kBytes);
    HyCopy3D copy{};
    copy.structSize = sizeof copy;
    copy.dst = there;
    copy.src = hyHostAddress(sent.data());
    copy.dstRowPitch = 32;
    copy.dstSlicePitch = 256;
    copy.srcRowPitch = 17;
    copy.srcSlicePitch = 100;
    copy.widthBytes = 13;
    copy.height = 5;
    copy.depth = 3;
    EXPECT_DONE(interface_->stream->copy3D(stream, &copy, HY_BACKEND_COPY_SRC_HOST));
    std::vector<uint8_t> got(kBytes), expected(kBytes, 0);
    for (uint64_t z = 0; z < copy.depth; ++z) {
        for (uint64_t y = 0; y < copy.height; ++y)
            std::memcpy(expected.data() + z * 256 + y * 32, sent.data() + z * 100 + y * 17, 13);
    }
    toHost(got.data(), there, kBytes);
    EXPECT_EQ(got, expected);
}

TEST_F(BackendWork, EventsFollowTheStream) {
    if (!claims(HY_CAP_TIMING))
        GTEST_SKIP() << "the device claims no HY_CAP_TIMING";
    HyBackendEvent start = nullptr, end = nullptr;
    ASSERT_DONE(interface_->event->create(device, HY_EVENT_TIMING, &start));
    ASSERT_DONE(interface_->event->create(device, HY_EVENT_TIMING, &end));
    EXPECT_DONE(interface_->event->record(start, stream));
    const std::vector<uint8_t> sent = counting();
    const HyDevicePtr there = allocate(kBytes);
    toDevice(there, sent.data(), kBytes);
    EXPECT_DONE(interface_->event->record(end, stream));
    EXPECT_DONE(interface_->event->synchronize(end, kLimitNs));
    EXPECT_DONE(interface_->event->query(start));
    EXPECT_DONE(interface_->event->query(end));
    uint64_t nanoseconds = UINT64_MAX;
    EXPECT_DONE(interface_->event->elapsed(start, end, &nanoseconds));
    EXPECT_LT(nanoseconds, kLimitNs);
    HyBackendStream other = makeStream();
    EXPECT_DONE(interface_->stream->waitEvent(other, end));
    EXPECT_DONE(interface_->stream->synchronize(other, kLimitNs));
    EXPECT_DONE(interface_->stream->destroy(other));
    EXPECT_DONE(interface_->event->destroy(start));
    EXPECT_DONE(interface_->event->destroy(end));
}

TEST_F(BackendWork, HostFunctionIsCalledOnceAndInOrder) {
    if (!claims(HY_CAP_HOST_FUNCTIONS))
        GTEST_SKIP() << "the device claims no HY_CAP_HOST_FUNCTIONS";
    std::vector<int> calls;
    struct Call {
        std::vector<int>* calls;
        int number;
    };
    std::vector<Call> all;
    for (int i = 0; i < 50; ++i)
        all.push_back({&calls, i});
    for (Call& call : all) {
        EXPECT_DONE(interface_->stream->hostFunction(
            stream,
            [](void* user, HyResult status) {
                EXPECT_EQ(status, HY_SUCCESS);
                auto* mine = static_cast<Call*>(user);
                mine->calls->push_back(mine->number);
            },
            &call));
    }
    wait();
    std::vector<int> expected(all.size());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(calls, expected);
}

TEST_F(BackendWork, SemaphoresOnlyGrow) {
    if (!claims(HY_CAP_TIMELINE_SEMAPHORES))
        GTEST_SKIP() << "the device claims no HY_CAP_TIMELINE_SEMAPHORES";
    const HyBackendSemaphoreTable& table = *interface_->semaphore;
    HyBackendSemaphore semaphore = nullptr;
    ASSERT_DONE(table.create(device, 5, &semaphore));
    uint64_t value = 0;
    EXPECT_DONE(table.getValue(semaphore, &value));
    EXPECT_EQ(value, 5u);
    EXPECT_TRUE(backendRefuses(HY_ERROR_INVALID_ARGUMENT, [&] { return table.signal(semaphore, 5); }));
    EXPECT_TRUE(backendRefuses(HY_ERROR_INVALID_ARGUMENT, [&] { return table.signal(semaphore, 4); }));
    EXPECT_DONE(table.wait(semaphore, 5, 0));
    EXPECT_EQ(table.wait(semaphore, 6, 0), HY_ERROR_TIMEOUT);
    EXPECT_EQ(table.wait(semaphore, UINT64_MAX, 1'000'000), HY_ERROR_TIMEOUT);
    EXPECT_DONE(interface_->stream->waitSemaphore(stream, semaphore, 6));
    EXPECT_DONE(interface_->stream->signalSemaphore(stream, semaphore, 9));
    EXPECT_EQ(interface_->stream->query(stream), HY_NOT_READY) << "nobody has signalled 6";
    EXPECT_DONE(table.signal(semaphore, 6));
    EXPECT_DONE(table.wait(semaphore, 9, kLimitNs));
    wait();
    EXPECT_DONE(table.getValue(semaphore, &value));
    EXPECT_EQ(value, 9u);
    EXPECT_DONE(table.destroy(semaphore));
}

TEST_F(BackendWork, RegistersHostMemory) {
    if (!claims(HY_CAP_HOST_REGISTRATION))
        GTEST_SKIP() << "the device claims no HY_CAP_HOST_REGISTRATION";
    std::vector<uint8_t> memory = counting();
    HyDevicePtr ptr = 0;
    ASSERT_DONE(interface_->memory->registerHost(device, memory.data(), kBytes, &ptr));
    EXPECT_NE(ptr, 0u);
    const HyDevicePtr there = allocate(kBytes);
    EXPECT_DONE(interface_->stream->copy(stream, there, ptr, kBytes, 0));
    std::vector<uint8_t> got(kBytes);
    toHost(got.data(), there, kBytes);
    EXPECT_EQ(got, memory);
    EXPECT_DONE(interface_->memory->unregisterHost(device, memory.data()));
}

TEST_F(BackendWork, MapsVirtualMemory) {
    if (!claims(HY_CAP_VIRTUAL_MEMORY))
        GTEST_SKIP() << "the device claims no HY_CAP_VIRTUAL_MEMORY";
    const HyBackendVirtualMemoryTable& table = *interface_->virtualMemory;
    uint64_t least = 0, recommended = 0;
    ASSERT_DONE(table.getGranularity(device, &least, &recommended));
    EXPECT_GT(least, 0u);
    EXPECT_EQ(recommended % least, 0u);
    HyDevicePtr base = 0;
    ASSERT_DONE(table.reserve(device, 4 * least, least, &base));
    EXPECT_EQ(base % least, 0u);
    HyBackendPhysicalMemory memory = nullptr;
    ASSERT_DONE(table.createPhysical(device, least, 0, &memory));
    void* host = nullptr;
    // The same memory at two places.
    for (const uint64_t place : {0u, 2u}) {
        EXPECT_DONE(table.map(device, base + place * least, least, memory, 0, &host));
        EXPECT_DONE(table.setAccess(device, base + place * least, least, HY_ACCESS_READ_WRITE));
    }
    std::vector<uint8_t> got(64, 1);
    toHost(got.data(), base, got.size());
    EXPECT_EQ(got, std::vector<uint8_t>(64, 0)) << "new memory is zero";
    const std::vector<uint8_t> sent = counting();
    toDevice(base, sent.data(), 64);
    toHost(got.data(), base + 2 * least, 64);
    EXPECT_EQ(std::memcmp(got.data(), sent.data(), 64), 0);
    for (const uint64_t place : {0u, 2u})
        EXPECT_DONE(table.unmap(device, base + place * least, least));
    EXPECT_DONE(table.destroyPhysical(memory));
    EXPECT_DONE(table.release(device, base, 4 * least));
}

TEST_F(BackendWork, ListsCooperativeMatrices) {
    if (!claims(HY_CAP_COOPERATIVE_MATRIX))
        GTEST_SKIP() << "the device claims no HY_CAP_COOPERATIVE_MATRIX";
    uint32_t count = 0;
    ASSERT_DONE(interface_->device->getCooperativeMatrixCount(context, properties_.ordinal, &count));
    ASSERT_GT(count, 0u);
    for (uint32_t i = 0; i < count; ++i) {
        HyCooperativeMatrixInfo info{};
        info.structSize = sizeof info;
        ASSERT_DONE(interface_->device->getCooperativeMatrix(context, properties_.ordinal, i, &info));
        EXPECT_TRUE(info.m > 0 && info.n > 0 && info.k > 0) << i;
        EXPECT_LE(info.a, HY_COMPONENT_UINT64);
        EXPECT_LE(info.result, HY_COMPONENT_UINT64);
        EXPECT_TRUE(info.scope == HY_SCOPE_SUBGROUP || info.scope == HY_SCOPE_WORKGROUP) << i;
    }
}

TEST_F(BackendWork, StreamsLeaveWithWorkInFlight) {
    const HyDevicePtr there = allocate(kBytes);
    const std::vector<uint8_t> sent = counting();
    HyBackendStream other = makeStream();
    HyBackendEvent event = nullptr;
    ASSERT_DONE(interface_->event->create(device, 0, &event));
    EXPECT_DONE(interface_->stream->copy(other, there, hyHostAddress(sent.data()), kBytes, HY_BACKEND_COPY_SRC_HOST));
    EXPECT_DONE(interface_->event->record(event, other));
    EXPECT_DONE(interface_->stream->destroy(other));
    EXPECT_DONE(interface_->event->synchronize(event, kLimitNs));
    std::vector<uint8_t> got(kBytes);
    toHost(got.data(), there, kBytes);
    EXPECT_EQ(got, sent);
    EXPECT_DONE(interface_->event->destroy(event));
}

TEST_F(BackendWork, ManyThreadsOnOneStream) {
    constexpr int kThreads = 8, kRounds = 50;
    const HyDevicePtr there = allocate(kThreads * 64);
    std::vector<std::vector<uint8_t>> sent;
    for (int i = 0; i < kThreads; ++i)
        sent.emplace_back(64, uint8_t(i + 1));
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < kRounds; ++round)
                toDevice(there + uint64_t(i) * 64, sent[size_t(i)].data(), 64);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    std::vector<uint8_t> got(kThreads * 64);
    toHost(got.data(), there, got.size());
    for (size_t i = 0; i < got.size(); ++i)
        ASSERT_EQ(got[i], i / 64 + 1) << i;
}

TEST_F(BackendWork, RefusesAModuleOfAnotherVendor) {
    const char data[16] = "not for you";
    HyBackendModuleDesc desc{};
    desc.structSize = sizeof desc;
    desc.format = properties_.isa[0] == 's' ? HY_MODULE_FORMAT_AMD_CODE_OBJECT : HY_MODULE_FORMAT_CUBIN;
    desc.data = data;
    desc.dataBytes = sizeof data;
    HyBackendModule module = nullptr;
    EXPECT_TRUE(backendRefuses(HY_ERROR_UNSUPPORTED, [&] { return interface_->module->load(device, &desc, &module); }));
    EXPECT_EQ(module, nullptr);
}

TEST_F(BackendWork, ActivitySinkComesAndGoes) {
    const auto* table = interface_->structSize >= sizeof(HyBackendInterface) ? interface_->profiling : nullptr;
    if (table == nullptr || table->setSink == nullptr)
        GTEST_SKIP() << "the backend has no profiling table";
    std::atomic<int> seen{0};
    const HyDevicePtr there = allocate(kBytes);
    const std::vector<uint8_t> sent = counting();
    EXPECT_DONE(table->setSink(
        device, [](void* user, const HyActivity*) { ++*static_cast<std::atomic<int>*>(user); }, &seen));
    toDevice(there, sent.data(), kBytes);
    wait();
    EXPECT_EQ(seen, 1);
    EXPECT_DONE(table->setSink(device, nullptr, nullptr));
    toDevice(there, sent.data(), kBytes);
    wait();
    EXPECT_EQ(seen, 1);
}

} // namespace
