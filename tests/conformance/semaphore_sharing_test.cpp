// Semaphores that several processes use. The other process is memory_peer.cpp.
#include "peer_process.h"
#include "virtual_memory_fixture.h"

#include "halyard/halyard.hpp"

#include <array>
#include <fcntl.h>
#include <sys/mman.h>
#include <thread>

using namespace halyard::conformance;

namespace {

class SemaphoreSharing : public VirtualMemoryTest {
protected:
    HySemaphore makeSemaphore(uint64_t value = 0, uint32_t flags = HY_SEMAPHORE_SHAREABLE) {
        HySemaphoreDesc desc{};
        desc.structSize = sizeof desc;
        desc.flags = flags;
        desc.initialValue = value;
        HySemaphore made = nullptr;
        EXPECT_OK(hySemaphoreCreate(device, &desc, &made));
        return made;
    }
    static int exported(HySemaphore semaphore) {
        int64_t descriptor = -1;
        EXPECT_OK(hySemaphoreExport(semaphore, HY_SHARE_OPAQUE_FD, &descriptor));
        return static_cast<int>(descriptor);
    }
    HySemaphore imported(int descriptor) {
        HySemaphore made = nullptr;
        EXPECT_OK(hySemaphoreImport(device, HY_SHARE_OPAQUE_FD, descriptor, &made));
        return made;
    }
    static uint64_t valueOf(HySemaphore semaphore) {
        uint64_t value = 0;
        EXPECT_OK(hySemaphoreGetValue(semaphore, &value));
        return value;
    }
    HyStream makeStream() {
        HyStream made = nullptr;
        EXPECT_OK(hyStreamCreate(device, nullptr, &made));
        return made;
    }
    static size_t threads() {
        const std::filesystem::directory_iterator tasks("/proc/self/task");
        return static_cast<size_t>(std::distance(begin(tasks), end(tasks)));
    }
};

TEST_F(SemaphoreSharing, IsRefusedWhereThereIsNone) {
    HySemaphoreDesc desc{};
    desc.structSize = sizeof desc;
    desc.flags = HY_SEMAPHORE_SHAREABLE;
    HySemaphore made = nullptr;
    if (!has(HY_CAP_SHARE_SEMAPHORES)) {
        const char* blamed = has(HY_CAP_TIMELINE_SEMAPHORES) ? "flags" : "device";
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, blamed, hySemaphoreCreate, device, &desc, &made);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "device", hySemaphoreImport, device, HY_SHARE_OPAQUE_FD, 0, &made);
    }
    desc.flags = 2;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hySemaphoreCreate, device, &desc, &made);
    EXPECT_EQ(made, nullptr);
}

TEST_F(SemaphoreSharing, StreamsOfTwoProcessesTakeTurns) {
    if (!has(HY_CAP_SHARE_SEMAPHORES) || !has(HY_CAP_IPC))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    constexpr uint32_t kRounds = 1000, kCount = 256;
    HyDevicePtr memory = 0;
    HyIpcHandle handle{};
    ASSERT_OK(hyMemAllocShareable(device, kCount * sizeof(uint32_t), &memory));
    ASSERT_OK(hyMemGetIpcHandle(device, memory, &handle));
    write(memory, counting(kCount, 0));
    const HySemaphore semaphore = makeSemaphore();
    const int descriptor = exported(semaphore);
    Peer peer({"relay", "100", toHex(handle), std::to_string(kRounds)}, descriptor);
    const HyKernel kernel = makeKernel(module, "increment");
    const void* args[] = {&memory, &kCount};
    for (uint64_t round = 0; round < kRounds; ++round) {
        if (round > 0) {
            ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 2 * round));
        }
        ASSERT_OK(hyLaunchKernel(stream, kernel, {kCount / 64, 1, 1}, {64, 1, 1}, 0, args, 2));
        ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 2 * round + 1));
    }
    ASSERT_OK(hySemaphoreWait(semaphore, 2 * kRounds, 2 * kLimitNs));
    EXPECT_EQ(peer.wait(), 0);
    EXPECT_EQ(valueOf(semaphore), 2 * kRounds);
    EXPECT_EQ(download<uint32_t>(memory, kCount), counting(kCount, 2 * kRounds)) << "no increment was lost";
    close(descriptor);
    EXPECT_OK(hyMemFree(device, memory));
}

TEST_F(SemaphoreSharing, WhoWaitedFirstSeesTheOtherProcessSignal) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore semaphore = makeSemaphore(3);
    const int descriptor = exported(semaphore);
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 7));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_FAILS(HY_ERROR_TIMEOUT, "", hySemaphoreWait, semaphore, 4, 1'000'000);
    HyResult waited = HY_NOT_READY;
    std::thread waiter([&] { waited = hySemaphoreWait(semaphore, 7, kLimitNs); });
    EXPECT_EQ(Peer({"signal", "100", "7"}, descriptor).wait(), 0);
    waiter.join();
    EXPECT_EQ(waited, HY_SUCCESS);
    synchronize();
    EXPECT_EQ(valueOf(semaphore), 7u) << "the process that signalled is gone, its value is not";
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "value", hySemaphoreSignal, semaphore, 7);
    EXPECT_NE(Peer({"signal", "100", "6"}, descriptor).wait(), 0) << "it can only grow, for everybody";
    close(descriptor);
}

TEST_F(SemaphoreSharing, OutlivesAProcessThatIsKilledWhileItWaits) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore semaphore = makeSemaphore();
    const int descriptor = exported(semaphore);
    Peer peer({"park", "100", "50"}, descriptor);
    ASSERT_OK(hySemaphoreWait(semaphore, 1, kLimitNs));
    peer.kill();
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 9));
    EXPECT_OK(hySemaphoreSignal(semaphore, 8));
    EXPECT_EQ(hyStreamQuery(stream), HY_NOT_READY);
    EXPECT_EQ(Peer({"signal", "100", "9"}, descriptor).wait(), 0);
    synchronize();
    close(descriptor);
}

TEST_F(SemaphoreSharing, DestroyedHereItStillServesTheOtherProcess) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore semaphore = makeSemaphore();
    const HySemaphore gate = makeSemaphore(0, 0);
    const int descriptor = exported(semaphore);
    Peer peer({"park", "100", "5"}, descriptor);
    close(descriptor);
    ASSERT_OK(hySemaphoreWait(semaphore, 1, kLimitNs));
    const HyStream waiting = makeStream();
    ASSERT_OK(hyStreamWaitSemaphore(waiting, semaphore, 5));
    ASSERT_OK(hyStreamWaitSemaphore(stream, gate, 1));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 5));
    ASSERT_OK(hySemaphoreDestroy(semaphore));
    ASSERT_OK(hySemaphoreSignal(gate, 1));
    EXPECT_EQ(peer.wait(), 0);
    EXPECT_OK(hyStreamSynchronize(waiting, kLimitNs));
}

TEST_F(SemaphoreSharing, HandlesOfOneProcessAreOneCounter) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore first = makeSemaphore(10);
    const int descriptor = exported(first);
    EXPECT_NE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
    const int another = exported(first);
    EXPECT_NE(another, descriptor) << "each is the caller's to close";
    close(another);
    const HySemaphore second = imported(descriptor);
    close(descriptor);
    EXPECT_EQ(valueOf(second), 10u);
    ASSERT_OK(hyStreamWaitSemaphore(stream, second, 12));
    ASSERT_OK(hySemaphoreSignal(first, 11));
    EXPECT_EQ(valueOf(second), 11u);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "value", hySemaphoreSignal, second, 11);
    const HyStream other = makeStream();
    ASSERT_OK(hyStreamSignalSemaphore(other, first, 12));
    synchronize();
    ASSERT_OK(hySemaphoreDestroy(first));
    const int again = exported(second); // imported ones go on
    const HySemaphore third = imported(again);
    EXPECT_NE(ftruncate(again, 0), 0) << "nobody can make the counter fault";
    close(again);
    ASSERT_OK(hySemaphoreSignal(third, 13));
    EXPECT_OK(hySemaphoreWait(second, 13, kLimitNs));
    // A value that is not above the one there is fails the stream, as ever.
    ASSERT_OK(hyStreamSignalSemaphore(other, second, 13));
    EXPECT_EQ(hyStreamSynchronize(other, kLimitNs), HY_ERROR_INVALID_STATE);
}

TEST_F(SemaphoreSharing, NoProcessPutsItBack) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    constexpr uint64_t kValue = 0x123456789abc;
    const HySemaphore semaphore = makeSemaphore();
    ASSERT_OK(hySemaphoreSignal(semaphore, kValue));
    const int descriptor = exported(semaphore);
    constexpr size_t kPage = 4096;
    auto* words = static_cast<uint64_t*>(mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0));
    ASSERT_NE(words, MAP_FAILED);
    size_t found = 0;
    for (size_t i = 0; i < kPage / sizeof *words; ++i) {
        if (words[i] == kValue) {
            words[i] = 5;
            ++found;
        }
    }
    ASSERT_EQ(found, 1u);
    EXPECT_EQ(valueOf(semaphore), kValue);
    EXPECT_OK(hySemaphoreWait(semaphore, kValue, 0));
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "value", hySemaphoreSignal, semaphore, 6);
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, kValue));
    synchronize();
    EXPECT_OK(hySemaphoreSignal(semaphore, kValue + 1));
    EXPECT_EQ(valueOf(semaphore), kValue + 1);
    munmap(words, kPage);
    close(descriptor);
}

TEST_F(SemaphoreSharing, RefusesBadDescriptors) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    HySemaphore out = nullptr;
    const auto refuses = [&](int64_t handle) {
        EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "handle", hySemaphoreImport, device, HY_SHARE_OPAQUE_FD, handle, &out);
    };
    refuses(-1);
    refuses(1'000'000);
    refuses(INT64_MAX);
    refuses(INT64_MIN);
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    refuses(ends[0]);
    close(ends[0]);
    close(ends[1]);
    // A copy of the bytes in a file that could be shrunk under its mapping; then of another size, read-only, damaged.
    const HySemaphore semaphore = makeSemaphore();
    const int genuine = exported(semaphore);
    std::vector<char> bytes(4096);
    const ssize_t size = pread(genuine, bytes.data(), bytes.size(), 0);
    ASSERT_GT(size, 0);
    const auto copyOf = [&](size_t length, int seals) {
        const int file = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        EXPECT_EQ(::write(file, bytes.data(), length), static_cast<ssize_t>(length));
        EXPECT_EQ(fcntl(file, F_ADD_SEALS, seals), 0);
        return file;
    };
    const auto refusesCopy = [&](size_t length, int seals) {
        const int file = copyOf(length, seals);
        refuses(file);
        close(file);
    };
    const auto whole = static_cast<size_t>(size);
    refusesCopy(whole, 0);
    refusesCopy(whole, F_SEAL_GROW);
    refusesCopy(whole, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    refusesCopy(whole - 8, F_SEAL_SHRINK | F_SEAL_GROW);
    refusesCopy(0, F_SEAL_SHRINK | F_SEAL_GROW);
    refusesCopy(8, F_SEAL_SHRINK | F_SEAL_GROW);
    refusesCopy(4096, F_SEAL_SHRINK | F_SEAL_GROW);
    const int readOnly = open(("/proc/self/fd/" + std::to_string(genuine)).c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(readOnly, 0);
    refuses(readOnly);
    close(readOnly);
    for (const size_t at : {size_t{0}, size_t{8}, size_t{12}}) { // magic, version, kind
        bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
        refusesCopy(whole, F_SEAL_SHRINK | F_SEAL_GROW);
        bytes[at] = static_cast<char>(bytes[at] ^ 0x40);
    }
    if (has(HY_CAP_SHARE_OPAQUE_FD)) { // one is not taken for the other
        int64_t memory = -1;
        ASSERT_OK(hyPhysicalMemoryExport(create(piece, HY_PHYSICAL_MEMORY_SHAREABLE), HY_SHARE_OPAQUE_FD, &memory));
        refuses(memory);
        HyPhysicalMemory asMemory = nullptr;
        EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, genuine,
                     granule, &asMemory);
        close(static_cast<int>(memory));
    }
    EXPECT_EQ(out, nullptr);
    close(genuine);
}

TEST_F(SemaphoreSharing, RefusesBadArguments) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore own = makeSemaphore(0, 0);
    const HySemaphore semaphore = makeSemaphore();
    int64_t handle = -7;
    HySemaphore out = nullptr;
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "semaphore", hySemaphoreExport, own, HY_SHARE_OPAQUE_FD, &handle);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreExport, nullptr, HY_SHARE_OPAQUE_FD, &handle);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreExport, reinterpret_cast<HySemaphore>(stream),
                 HY_SHARE_OPAQUE_FD, &handle);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "type", hySemaphoreExport, semaphore, 0, &handle);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outHandle", hySemaphoreExport, semaphore, HY_SHARE_OPAQUE_FD, nullptr);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "type", hySemaphoreExport, semaphore, HY_SHARE_DMA_BUF, &handle);
    EXPECT_EQ(handle, -7);
    const int descriptor = exported(semaphore);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hySemaphoreImport, nullptr, HY_SHARE_OPAQUE_FD, descriptor, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "type", hySemaphoreImport, device, 9, descriptor, &out);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "type", hySemaphoreImport, device, HY_SHARE_DMA_BUF, descriptor, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outSemaphore", hySemaphoreImport, device, HY_SHARE_OPAQUE_FD, descriptor,
                 nullptr);
    ASSERT_OK(hySemaphoreDestroy(semaphore));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "semaphore", hySemaphoreExport, semaphore, HY_SHARE_OPAQUE_FD, &handle);
    EXPECT_EQ(out, nullptr);
    close(descriptor);
}

TEST_F(SemaphoreSharing, ManyThreads) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore semaphore = makeSemaphore();
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            const HyStream own = makeStream();
            for (uint64_t turn = t; turn < 80; turn += 4) { // each waits for the one before
                const int descriptor = exported(semaphore);
                const HySemaphore mine = imported(descriptor);
                close(descriptor);
                ASSERT_OK(hyStreamWaitSemaphore(own, mine, turn));
                ASSERT_OK(hyStreamSignalSemaphore(own, mine, turn + 1));
                ASSERT_OK(hySemaphoreWait(mine, turn, kLimitNs));
                ASSERT_OK(hySemaphoreDestroy(mine));
            }
            ASSERT_OK(hyStreamSynchronize(own, kLimitNs));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(valueOf(semaphore), 80u);
}

TEST_F(SemaphoreSharing, ResetFreesWhoWaits) {
    if (!has(HY_CAP_SHARE_SEMAPHORES) || !has(HY_CAP_DEVICE_RESET))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const HySemaphore semaphore = makeSemaphore();
    const int descriptor = exported(semaphore);
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 5));
    ASSERT_OK(hyStreamSignalSemaphore(stream, semaphore, 6));
    ASSERT_OK(hyDeviceReset(device, kLimitNs));
    synchronize();
    EXPECT_EQ(valueOf(semaphore), 0u) << "dropped work does not signal";
    ASSERT_OK(hyStreamWaitSemaphore(stream, semaphore, 2));
    EXPECT_EQ(Peer({"signal", "100", "2"}, descriptor).wait(), 0);
    synchronize();
    close(descriptor);
}

TEST_F(SemaphoreSharing, NothingIsLeftOfIt) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    const auto useOne = [&] {
        const HySemaphore semaphore = makeSemaphore();
        const int descriptor = exported(semaphore);
        const HySemaphore other = imported(descriptor);
        close(descriptor);
        ASSERT_OK(hyStreamWaitSemaphore(stream, other, 1));
        ASSERT_OK(hySemaphoreSignal(semaphore, 1));
        synchronize();
        ASSERT_OK(hySemaphoreDestroy(other));
        ASSERT_OK(hySemaphoreDestroy(semaphore));
    };
    useOne();
    const long files = Holdings::now().files;
    const size_t running = threads();
    for (int i = 0; i < 20; ++i)
        useOne();
    EXPECT_EQ(Holdings::now().files, files);
    EXPECT_EQ(threads(), running);
}

TEST_F(SemaphoreSharing, TheInstanceEndsWithAStreamThatWaits) {
    if (!has(HY_CAP_SHARE_SEMAPHORES))
        GTEST_SKIP() << "the device shares no semaphores; IsRefusedWhereThereIsNone asks it";
    setenv("HALYARD_SHUTDOWN_TIMEOUT_MS", "50", 1);
    HyInstance second = nullptr;
    ASSERT_OK(hyInstanceCreate(nullptr, &second));
    unsetenv("HALYARD_SHUTDOWN_TIMEOUT_MS");
    HyDevice theirs = nullptr;
    ASSERT_OK(hyDeviceFind(second, deviceUnderTest(), &theirs));
    const HySemaphore semaphore = makeSemaphore();
    const int descriptor = exported(semaphore);
    HySemaphore other = nullptr;
    HyStream parked = nullptr;
    ASSERT_OK(hySemaphoreImport(theirs, HY_SHARE_OPAQUE_FD, descriptor, &other));
    ASSERT_OK(hyStreamCreate(theirs, nullptr, &parked));
    ASSERT_OK(hyStreamWaitSemaphore(parked, other, 1));
    EXPECT_EQ(hyInstanceDestroy(second), HY_ERROR_TIMEOUT);
    EXPECT_OK(hySemaphoreSignal(semaphore, 1)) << "the counter is everybody's";
    close(descriptor);
}

TEST_F(SemaphoreSharing, InCpp) {
    const halyard::Instance runtime;
    const halyard::Device target = runtime.device(deviceUnderTest());
    if (!has(HY_CAP_SHARE_SEMAPHORES)) {
        EXPECT_THROW(halyard::Semaphore::shareable(target), halyard::Error);
        return;
    }
    const auto semaphore = halyard::Semaphore::shareable(target, 4);
    const int descriptor = semaphore.exportDescriptor();
    const auto other = halyard::Semaphore::imported(target, descriptor);
    close(descriptor);
    EXPECT_EQ(other.value(), 4u);
    other.signal(5);
    semaphore.wait(5, kLimitNs);
    EXPECT_THROW(halyard::Semaphore::imported(target, -1), halyard::Error);
}

} // namespace
