// Several devices of several backends in one instance: two parts of the processor, which reach each other's memory, and
// two reference devices, which do not, so every path between two devices there is.
#include "fixture.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <numeric>
#include <thread>

using namespace halyard::conformance;

namespace {

const char* const kSelectors[] = {"cpu:0", "cpu:1", "reference:0", "reference:1"};
constexpr uint64_t kLimitNs = 60'000'000'000;

struct Part {
    HyDevice device = nullptr;
    HyStream stream = nullptr;
    HyDeviceProperties properties{};
};

class ManyDevices : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_OK(hyInstanceCreate(nullptr, &instance));
        for (const char* selector : kSelectors)
            ASSERT_NO_FATAL_FAILURE(add(selector));
        ASSERT_NO_FATAL_FAILURE(
            add(deviceUnderTest())); // every path between it and the others, unless it is one of them
        const std::string sibling = parts.back().properties.backend + std::string(":1");
        HyDevice second = nullptr;
        if (hyDeviceFind(instance, sibling.c_str(), &second) == HY_SUCCESS) { // and between two of its backend
            ASSERT_NO_FATAL_FAILURE(add(sibling.c_str()));
        }
    }
    void TearDown() override {
        if (instance != nullptr) {
            EXPECT_OK(hyInstanceDestroy(instance));
        }
    }

    void add(const char* selector) {
        Part part;
        part.properties.structSize = sizeof part.properties;
        ASSERT_OK(hyDeviceFind(instance, selector, &part.device));
        if (std::any_of(parts.begin(), parts.end(), [&](const Part& known) { return known.device == part.device; }))
            return;
        ASSERT_OK(hyDeviceGetProperties(part.device, &part.properties));
        ASSERT_OK(hyStreamCreate(part.device, nullptr, &part.stream));
        parts.push_back(part);
    }

    static HyDevicePtr allocate(const Part& part, uint64_t bytes) {
        HyDevicePtr ptr = 0;
        EXPECT_OK(hyMemAlloc(part.device, bytes, &ptr));
        return ptr;
    }
    static HyDevicePtr upload(const Part& part, const std::vector<uint32_t>& values) {
        const HyDevicePtr ptr = allocate(part, values.size() * 4);
        EXPECT_OK(hyMemcpyAsync(part.stream, ptr, hyHostAddress(values.data()), values.size() * 4));
        EXPECT_OK(hyStreamSynchronize(part.stream, kLimitNs));
        return ptr;
    }
    static std::vector<uint32_t> download(const Part& part, HyDevicePtr ptr, size_t count) {
        std::vector<uint32_t> values(count);
        EXPECT_OK(hyMemcpyAsync(part.stream, hyHostAddress(values.data()), ptr, count * 4));
        EXPECT_OK(hyStreamSynchronize(part.stream, kLimitNs));
        return values;
    }
    static std::vector<uint32_t> counting(size_t count, uint32_t first) {
        std::vector<uint32_t> values(count);
        std::iota(values.begin(), values.end(), first);
        return values;
    }
    static HyEvent makeEvent(const Part& part) {
        HyEvent event = nullptr;
        EXPECT_OK(hyEventCreate(part.device, 0, &event));
        return event;
    }
    // Calls body(from, to) for every ordered pair of different devices.
    template <typename Body> void forPairs(Body&& body) {
        for (const Part& from : parts) {
            for (const Part& to : parts) {
                if (&from == &to)
                    continue;
                SCOPED_TRACE(std::string(from.properties.selector) + " to " + to.properties.selector);
                body(from, to);
            }
        }
    }

    // Whether streams of this device wait for work of other backends' devices, and can be held up by a test.
    static bool waits(const Part& part) {
        constexpr HyCapabilities kNeeded = HY_CAP_TIMELINE_SEMAPHORES | HY_CAP_HOST_FUNCTIONS;
        return (part.properties.capabilities & kNeeded) == kNeeded;
    }
    // The same for the pairs in which both wait; StreamsWaitForEventsOfAnyDevice asserts the refusal of others.
    template <typename Body> void forWaitingPairs(Body&& body) {
        forPairs([&](const Part& from, const Part& to) {
            if (waits(from) && waits(to))
                body(from, to);
        });
    }

    HyInstance instance = nullptr;
    std::vector<Part> parts;
};

// Holds its stream up until opened.
struct Hold {
    std::promise<void> begun;
    std::promise<void> gate;
    std::future<void> opened = gate.get_future();
    static void run(void* user, HyResult) {
        static_cast<Hold*>(user)->begun.set_value();
        static_cast<Hold*>(user)->opened.wait();
    }
};

TEST_F(ManyDevices, AreDistinct) {
    EXPECT_NE(std::memcmp(parts[0].properties.uuid, parts[1].properties.uuid, 16), 0);
    EXPECT_NE(std::memcmp(parts[2].properties.uuid, parts[3].properties.uuid, 16), 0);
    EXPECT_EQ(parts[1].properties.ordinal, 1u);
    EXPECT_GE(parts[0].properties.computeUnits, 1u);
}

TEST_F(ManyDevices, AreDistinctInEveryBackend) {
    const uint8_t unknown[16] = {};
    forPairs([&](const Part& one, const Part& other) {
        EXPECT_STRNE(one.properties.selector, other.properties.selector);
        if (std::strcmp(one.properties.backend, other.properties.backend) == 0) {
            EXPECT_NE(one.properties.ordinal, other.properties.ordinal);
        }
        if (std::memcmp(one.properties.uuid, unknown, 16) != 0) {
            EXPECT_NE(std::memcmp(one.properties.uuid, other.properties.uuid, 16), 0);
        }
    });
}

TEST_F(ManyDevices, EnablePeerAccessWhereThereIsSome) {
    forPairs([&](const Part& one, const Part& other) {
        HyPeerAccess access = 77;
        ASSERT_OK(hyDeviceGetPeerAccess(one.device, other.device, &access));
        if (access != 0) {
            EXPECT_OK(hyDeviceEnablePeerAccess(one.device, other.device));
        } else {
            EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "peer", hyDeviceEnablePeerAccess, one.device, other.device);
        }
    });
}

TEST_F(ManyDevices, TellTheirPeerAccess) {
    HyPeerAccess access = 0;
    EXPECT_OK(hyDeviceGetPeerAccess(parts[0].device, parts[1].device, &access));
    EXPECT_EQ(access, HY_PEER_COPY | HY_PEER_KERNEL_ACCESS | HY_PEER_ATOMICS);
    EXPECT_OK(hyDeviceEnablePeerAccess(parts[0].device, parts[1].device));
    EXPECT_OK(hyDeviceEnablePeerAccess(parts[0].device, parts[1].device));
    for (const auto& [device, peer] : {std::pair(0, 0), std::pair(0, 2), std::pair(2, 0), std::pair(2, 3)}) {
        access = 77;
        EXPECT_OK(hyDeviceGetPeerAccess(parts[device].device, parts[peer].device, &access));
        EXPECT_EQ(access, 0u);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "peer", hyDeviceEnablePeerAccess, parts[device].device, parts[peer].device);
    }
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyDeviceGetPeerAccess, nullptr, parts[0].device, &access);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "peer", hyDeviceGetPeerAccess, parts[0].device, nullptr, &access);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "peer", hyDeviceEnablePeerAccess, parts[0].device, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outAccess", hyDeviceGetPeerAccess, parts[0].device, parts[1].device,
                 nullptr);
}

TEST_F(ManyDevices, CopyBetweenAnyTwoOnEitherStream) {
    // Several pieces of staging memory, and a last one that is not full.
    constexpr size_t kCount = (9u << 20) / 4 + 17;
    uint32_t first = 1;
    forWaitingPairs([&](const Part& from, const Part& to) {
        for (const Part* stream : {&from, &to}) {
            first += 1000;
            const std::vector<uint32_t> values = counting(kCount, first);
            const HyDevicePtr src = upload(from, values);
            const HyDevicePtr dst = upload(to, std::vector<uint32_t>(kCount + 1, 9));
            ASSERT_OK(hyMemcpyPeerAsync(stream->stream, to.device, dst, from.device, src, kCount * 4));
            ASSERT_OK(hyStreamSynchronize(stream->stream, kLimitNs));
            std::vector<uint32_t> seen = download(to, dst, kCount + 1);
            EXPECT_EQ(seen.back(), 9u);
            seen.pop_back();
            EXPECT_TRUE(seen == values) << "on the stream of " << stream->properties.selector;
            EXPECT_OK(hyMemFree(from.device, src));
            EXPECT_OK(hyMemFree(to.device, dst));
        }
    });
}

TEST_F(ManyDevices, CopiesAreOrderedOnTheirStream) {
    constexpr size_t kCount = 1u << 12;
    forWaitingPairs([&](const Part& from, const Part& to) {
        const HyDevicePtr src = upload(from, std::vector<uint32_t>(kCount, 1));
        const HyDevicePtr dst = upload(to, std::vector<uint32_t>(kCount, 2));
        Hold hold;
        const uint32_t three = 3;
        const uint32_t four = 4;
        ASSERT_OK(hyStreamHostFunction(from.stream, Hold::run, &hold));
        ASSERT_OK(hyMemFillAsync(from.stream, src, &three, 4, kCount));
        ASSERT_OK(hyMemcpyAsync(from.stream, dst, src, kCount * 4)); // inferred from the addresses
        ASSERT_OK(hyMemFillAsync(from.stream, src, &four, 4, kCount));
        EXPECT_EQ(hyStreamQuery(from.stream), HY_NOT_READY);
        EXPECT_EQ(download(to, dst, 1)[0], 2u);
        hold.gate.set_value();
        ASSERT_OK(hyStreamSynchronize(from.stream, kLimitNs));
        EXPECT_EQ(download(to, dst, kCount), std::vector<uint32_t>(kCount, 3));
        EXPECT_EQ(download(from, src, kCount), std::vector<uint32_t>(kCount, 4));
    });
}

TEST_F(ManyDevices, CopyBoxes) {
    constexpr uint64_t kWidth = 12, kHeight = 5, kDepth = 3, kRow = 10, kSlice = 70; // words
    forWaitingPairs([&](const Part& from, const Part& to) {
        const std::vector<uint32_t> values = counting(kSlice * kDepth, 500);
        const HyDevicePtr src = upload(from, values);
        const HyDevicePtr dst = upload(to, std::vector<uint32_t>(kSlice * kDepth, 0));
        HyCopy3D box{};
        box.structSize = sizeof box;
        box.dst = dst;
        box.src = src;
        box.widthBytes = (kWidth - 4) * 4;
        box.height = kHeight;
        box.depth = kDepth;
        box.srcRowPitch = kRow * 4;
        box.srcSlicePitch = kSlice * 4;
        box.dstRowPitch = kWidth * 4;
        box.dstSlicePitch = kSlice * 4;
        ASSERT_OK(hyMemcpy3DAsync(to.stream, &box));
        const std::vector<uint32_t> seen = download(to, dst, kSlice * kDepth);
        std::vector<uint32_t> expected(kSlice * kDepth, 0);
        for (uint64_t z = 0; z < kDepth; ++z)
            for (uint64_t y = 0; y < kHeight; ++y)
                for (uint64_t x = 0; x < kWidth - 4; ++x)
                    expected[z * kSlice + y * kWidth + x] = values[z * kSlice + y * kRow + x];
        EXPECT_EQ(seen, expected);
    });
}

TEST_F(ManyDevices, RegisteredMemoryServesEveryDevice) {
    std::vector<uint32_t> host = counting(1000, 1);
    HyDevicePtr registered = 0;
    ASSERT_OK(hyHostRegister(parts[0].device, host.data(), host.size() * 4, &registered));
    for (const Part& part : parts) {
        const HyDevicePtr ptr = allocate(part, host.size() * 4);
        ASSERT_OK(hyMemcpyAsync(part.stream, ptr, registered, host.size() * 4));
        EXPECT_EQ(download(part, ptr, host.size()), host) << part.properties.selector;
    }
    EXPECT_OK(hyHostUnregister(parts[0].device, host.data()));
}

TEST_F(ManyDevices, StreamsWaitForEventsOfAnyDevice) {
    forPairs([&](const Part& from, const Part& to) {
        const HyDevicePtr ptr = upload(to, std::vector<uint32_t>(1, 1));
        const HyEvent event = makeEvent(from);
        if (!waits(from))
            return;
        if ((to.properties.capabilities & HY_CAP_TIMELINE_SEMAPHORES) == 0) {
            Hold busy;
            ASSERT_OK(hyStreamHostFunction(from.stream, Hold::run, &busy));
            ASSERT_OK(hyEventRecord(event, from.stream));
            EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyStreamWaitEvent, to.stream, event);
            busy.gate.set_value();
            ASSERT_OK(hyStreamSynchronize(from.stream, kLimitNs));
        }
        if (!waits(to))
            return;
        ASSERT_OK(hyStreamWaitEvent(to.stream, event)); // never recorded: holds nothing up
        ASSERT_OK(hyStreamSynchronize(to.stream, kLimitNs));
        Hold hold;
        ASSERT_OK(hyStreamHostFunction(from.stream, Hold::run, &hold));
        ASSERT_OK(hyEventRecord(event, from.stream));
        ASSERT_OK(hyStreamWaitEvent(to.stream, event));
        const uint32_t two = 2;
        ASSERT_OK(hyMemFillAsync(to.stream, ptr, &two, 4, 1));
        EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, to.stream, 20'000'000);
        hold.gate.set_value();
        ASSERT_OK(hyStreamSynchronize(to.stream, kLimitNs));
        EXPECT_EQ(download(to, ptr, 1)[0], 2u);
        EXPECT_OK(hyEventDestroy(event));
    });
}

TEST_F(ManyDevices, AWaitKeepsTheRecordingItTook) {
    forWaitingPairs([&](const Part& from, const Part& to) {
        const HyEvent event = makeEvent(from);
        Hold first;
        Hold second;
        HyStream later = nullptr;
        ASSERT_OK(hyStreamCreate(from.device, nullptr, &later));
        ASSERT_OK(hyStreamHostFunction(from.stream, Hold::run, &first));
        ASSERT_OK(hyEventRecord(event, from.stream));
        ASSERT_OK(hyStreamWaitEvent(to.stream, event));
        first.begun.get_future().wait(); // a device may call one function at a time, in any order of its streams
        // Recorded again for work that does not end before the wait is over, and then destroyed.
        ASSERT_OK(hyStreamHostFunction(later, Hold::run, &second));
        ASSERT_OK(hyEventRecord(event, later));
        first.gate.set_value();
        EXPECT_OK(hyStreamSynchronize(to.stream, kLimitNs));
        EXPECT_EQ(hyEventQuery(event), HY_NOT_READY);
        ASSERT_OK(hyStreamWaitEvent(to.stream, event));
        EXPECT_OK(hyEventDestroy(event));
        EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hyStreamSynchronize, to.stream, 20'000'000);
        second.gate.set_value();
        EXPECT_OK(hyStreamSynchronize(to.stream, kLimitNs));
        EXPECT_OK(hyStreamDestroy(later));
    });
}

TEST_F(ManyDevices, SemaphoresReachWhereTheBackendDoes) {
    HySemaphore semaphore = nullptr;
    ASSERT_OK(hySemaphoreCreate(parts[0].device, nullptr, &semaphore));
    ASSERT_OK(hyStreamWaitSemaphore(parts[0].stream, semaphore, 1));
    ASSERT_OK(hyStreamSignalSemaphore(parts[1].stream, semaphore, 1));
    EXPECT_OK(hyStreamSynchronize(parts[0].stream, kLimitNs));
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "semaphore", hyStreamWaitSemaphore, parts[2].stream, semaphore, 1);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "semaphore", hyStreamSignalSemaphore, parts[2].stream, semaphore, 2);
}

TEST_F(ManyDevices, PeerCopyRefusesBadArguments) {
    const HyDevicePtr src = upload(parts[0], std::vector<uint32_t>(8, 1));
    const HyDevicePtr dst = upload(parts[2], std::vector<uint32_t>(8, 1));
    const HyDevice from = parts[0].device;
    const HyDevice to = parts[2].device;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "stream", hyMemcpyPeerAsync, nullptr, to, dst, from, src, 32);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "dstDevice", hyMemcpyPeerAsync, parts[0].stream, nullptr, dst, from, src, 32);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "srcDevice", hyMemcpyPeerAsync, parts[0].stream, to, dst, nullptr, src, 32);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyPeerAsync, parts[0].stream, from, dst, from, src, 32);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyPeerAsync, parts[0].stream, to, dst, to, src, 32);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyPeerAsync, parts[0].stream, to, dst, from, src, 1 << 20);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "dst", hyMemcpyPeerAsync, parts[0].stream, to, 0, from, src, 32);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "stream", hyMemcpyPeerAsync, parts[1].stream, to, dst, from, src, 32);
    EXPECT_OK(hyMemcpyPeerAsync(parts[0].stream, to, dst, from, src, 0));
    const uint32_t one = 1;
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "dst", hyMemFillAsync, parts[0].stream, dst, &one, 4, 8);
    EXPECT_OK(hyMemFree(from, src));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyPeerAsync, parts[0].stream, to, dst, from, src, 32);
}

TEST_F(ManyDevices, CopyInBothDirectionsFromTwoThreads) {
    constexpr size_t kCount = 3u << 18;
    const auto run = [&](const Part& from, const Part& to, uint32_t first) {
        HyStream own = nullptr;
        ASSERT_OK(hyStreamCreate(from.device, nullptr, &own));
        const std::vector<uint32_t> values = counting(kCount, first);
        const HyDevicePtr src = allocate(from, kCount * 4);
        const HyDevicePtr dst = allocate(to, kCount * 4);
        std::vector<uint32_t> seen(kCount);
        ASSERT_OK(hyMemcpyAsync(own, src, hyHostAddress(values.data()), kCount * 4));
        for (int i = 0; i < 3; ++i)
            ASSERT_OK(hyMemcpyPeerAsync(own, to.device, dst, from.device, src, kCount * 4));
        // Its stream may go before its copies are done: what they need does not.
        const HyEvent done = makeEvent(from);
        ASSERT_OK(hyEventRecord(done, own));
        EXPECT_OK(hyStreamDestroy(own));
        EXPECT_OK(hyEventSynchronize(done, kLimitNs));
        HyStream reader = nullptr;
        ASSERT_OK(hyStreamCreate(to.device, nullptr, &reader));
        ASSERT_OK(hyMemcpyAsync(reader, hyHostAddress(seen.data()), dst, kCount * 4));
        EXPECT_OK(hyStreamSynchronize(reader, kLimitNs));
        EXPECT_TRUE(seen == values);
    };
    std::thread there([&] { run(parts[2], parts[3], 1); });
    run(parts[3], parts[2], 1'000'000);
    there.join();
}

} // namespace
