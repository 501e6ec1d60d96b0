// Memory that several processes use. The other process is memory_peer.cpp.
#include "peer_process.h"
#include "virtual_memory_fixture.h"

#include <array>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace halyard::conformance;

namespace {

constexpr uint32_t kStep = 7; // as in memory_peer.cpp

class Sharing : public VirtualMemoryTest {
protected:
    std::vector<uint32_t> stepping(uint64_t bytes) {
        std::vector<uint32_t> values(bytes / 4);
        for (uint32_t i = 0; i < values.size(); ++i)
            values[i] = i * kStep;
        return values;
    }
    int runPeer(std::vector<std::string> arguments, int descriptor = -1) {
        return Peer(std::move(arguments), descriptor).wait();
    }
};

TEST_F(Sharing, AnotherProcessImportsADescriptor) {
    if (!has(HY_CAP_SHARE_OPAQUE_FD)) {
        HyPhysicalMemory memory = nullptr;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, 0, 4096, &memory);
        return;
    }
    const HyPhysicalMemory memory = create(2 * piece, HY_PHYSICAL_MEMORY_SHAREABLE);
    const HyDevicePtr base = reserve(2 * piece);
    map(base, 2 * piece, memory);
    EXPECT_EQ(describe(base).flags, HY_POINTER_SHAREABLE);
    write(base, stepping(2 * piece));
    int64_t descriptor = -1;
    ASSERT_OK(hyPhysicalMemoryExport(memory, HY_SHARE_OPAQUE_FD, &descriptor));
    EXPECT_NE(fcntl(static_cast<int>(descriptor), F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(runPeer({"fd", "100", std::to_string(2 * piece)}, static_cast<int>(descriptor)), 0);
    EXPECT_EQ(close(static_cast<int>(descriptor)), 0);
    const std::vector<uint32_t> after = download<uint32_t>(base, 2 * piece / 4);
    for (uint32_t i = 0; i < after.size(); ++i)
        ASSERT_EQ(after[i], i * kStep + 1) << "the other process's kernel";
}

TEST_F(Sharing, AnotherProcessOpensAHandle) {
    HyDevicePtr ptr = 0;
    if (!has(HY_CAP_IPC)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyMemAllocShareable, device, 4096, &ptr);
        return;
    }
    constexpr uint64_t kBytes = 1000 * sizeof(uint32_t); // part of a page
    ASSERT_OK(hyMemAllocShareable(device, kBytes, &ptr));
    const HyPointerInfo info = describe(ptr);
    EXPECT_EQ(info.kind, HY_MEMORY_DEVICE);
    EXPECT_EQ(info.flags, HY_POINTER_SHAREABLE);
    EXPECT_EQ(info.bytes, kBytes);
    write(ptr, stepping(kBytes));
    HyIpcHandle handle{};
    ASSERT_OK(hyMemGetIpcHandle(device, ptr + 12, &handle));
    EXPECT_EQ(runPeer({"ipc", toHex(handle)}), 0);
    const std::vector<uint32_t> after = download<uint32_t>(ptr, 1000);
    for (uint32_t i = 0; i < after.size(); ++i)
        ASSERT_EQ(after[i], i * kStep + 1) << "the other process's kernel";
    EXPECT_OK(hyMemFree(device, ptr));
}

TEST_F(Sharing, HandlesOfWhatIsGoneAreToldSo) {
    if (!has(HY_CAP_IPC))
        GTEST_SKIP() << "the device shares no memory; another test here asks for the refusal";
    HyDevicePtr ptr = 0, opened = 0;
    ASSERT_OK(hyMemAllocShareable(device, 8192, &ptr));
    HyIpcHandle handle{};
    ASSERT_OK(hyMemGetIpcHandle(device, ptr, &handle));
    ASSERT_OK(hyMemOpenIpcHandle(device, &handle, &opened));
    write(ptr, stepping(8192));
    EXPECT_OK(hyMemFree(device, ptr));
    EXPECT_EQ(download<uint32_t>(opened, 2048), stepping(8192)) << "the opener keeps the memory";
    const HyDevicePtr keep = opened;
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "handle", hyMemOpenIpcHandle, device, &handle, &opened);
    EXPECT_EQ(opened, keep);
    // The number of the descriptor may be another file's by now; what is opened is still only that memory.
    HyDevicePtr other = 0;
    ASSERT_OK(hyMemAllocShareable(device, 8192, &other));
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "handle", hyMemOpenIpcHandle, device, &handle, &opened);
    EXPECT_OK(hyMemCloseIpcHandle(device, keep));

    const std::string command = "'" + peerProgram() + "' --peer memory make";
    std::FILE* peer = popen(command.c_str(), "r");
    ASSERT_NE(peer, nullptr);
    std::array<char, 300> line{};
    ASSERT_NE(std::fgets(line.data(), line.size(), peer), nullptr);
    ASSERT_EQ(pclose(peer), 0);
    handle = fromHex(line.data());
    EXPECT_FAILS(HY_ERROR_NOT_FOUND, "handle", hyMemOpenIpcHandle, device, &handle, &opened);
}

TEST_F(Sharing, ImportedMemoryOutlivesItsExporter) {
    if (!has(HY_CAP_SHARE_OPAQUE_FD))
        GTEST_SKIP() << "the device shares no memory; another test here asks for the refusal";
    const HyPhysicalMemory memory = create(piece, HY_PHYSICAL_MEMORY_SHAREABLE);
    const HyDevicePtr base = reserve(2 * piece);
    map(base, piece, memory);
    int64_t descriptor = -1;
    ASSERT_OK(hyPhysicalMemoryExport(memory, HY_SHARE_OPAQUE_FD, &descriptor));
    HyPhysicalMemory imported = nullptr;
    ASSERT_OK(hyPhysicalMemoryImport(device, HY_SHARE_OPAQUE_FD, descriptor, piece, &imported));
    close(static_cast<int>(descriptor));
    map(base + piece, piece, imported);
    EXPECT_EQ(describe(base + piece).flags, HY_POINTER_IMPORTED);
    write(base, counting(100, 5));
    EXPECT_EQ(download<uint32_t>(base + piece, 100), counting(100, 5));
    ASSERT_OK(hyVirtualUnmap(device, base, piece));
    ASSERT_OK(hyPhysicalMemoryDestroy(memory));
    increment(base + piece, 100);
    EXPECT_EQ(download<uint32_t>(base + piece, 100), counting(100, 6));
    ASSERT_OK(hyPhysicalMemoryExport(imported, HY_SHARE_OPAQUE_FD, &descriptor)) << "imported memory goes on";
    // Nobody who holds the descriptor can make a mapping of it fault.
    EXPECT_NE(ftruncate(static_cast<int>(descriptor), 0), 0);
    close(static_cast<int>(descriptor));
}

TEST_F(Sharing, RefusesBadDescriptors) {
    if (!has(HY_CAP_SHARE_OPAQUE_FD))
        GTEST_SKIP() << "the device shares no memory; another test here asks for the refusal";
    int64_t descriptor = -7;
    HyPhysicalMemory out = nullptr;
    const HyPhysicalMemory own = create(piece);
    const HyPhysicalMemory memory = create(piece, HY_PHYSICAL_MEMORY_SHAREABLE);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "memory", hyPhysicalMemoryExport, own, HY_SHARE_OPAQUE_FD, &descriptor);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "memory", hyPhysicalMemoryExport, nullptr, HY_SHARE_OPAQUE_FD, &descriptor);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "type", hyPhysicalMemoryExport, memory, 0, &descriptor);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "type", hyPhysicalMemoryExport, memory, 9, &descriptor);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outHandle", hyPhysicalMemoryExport, memory, HY_SHARE_OPAQUE_FD, nullptr);
    if (!has(HY_CAP_SHARE_DMA_BUF)) {
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "type", hyPhysicalMemoryExport, memory, HY_SHARE_DMA_BUF, &descriptor);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "type", hyPhysicalMemoryImport, device, HY_SHARE_DMA_BUF, 0, piece, &out);
    }
    EXPECT_EQ(descriptor, -7);
    const auto refuses = [&](int64_t handle) {
        EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "handle", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, handle,
                     piece, &out);
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
    const int plain = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ASSERT_EQ(ftruncate(plain, static_cast<off_t>(piece)), 0);
    refuses(plain); // could be shrunk under a mapping
    ASSERT_EQ(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    const int readOnly = open(("/proc/self/fd/" + std::to_string(plain)).c_str(), O_RDONLY | O_CLOEXEC);
    refuses(readOnly);
    close(readOnly);
    close(plain);

    ASSERT_OK(hyPhysicalMemoryExport(memory, HY_SHARE_OPAQUE_FD, &descriptor));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyPhysicalMemoryImport, nullptr, HY_SHARE_OPAQUE_FD, descriptor,
                 piece, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "type", hyPhysicalMemoryImport, device, 7, descriptor, piece, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, descriptor, 0,
                 &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, descriptor,
                 2 * piece, &out);
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "bytes", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, descriptor,
                 granule + 1, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outMemory", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, descriptor,
                 piece, nullptr);
    EXPECT_EQ(out, nullptr);
    close(static_cast<int>(descriptor));
}

TEST_F(Sharing, RefusesBadHandles) {
    if (!has(HY_CAP_IPC))
        GTEST_SKIP() << "the device shares no memory; another test here asks for the refusal";
    HyDevicePtr shared = 0, out = 7;
    HyIpcHandle handle{};
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemAllocShareable, nullptr, 16, &shared);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyMemAllocShareable, device, 0, &shared);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyMemAllocShareable, device, 16, nullptr);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyMemAllocShareable, device, UINT64_MAX, &shared);
    const HyDevicePtr ordinary = allocate(4096);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "ptr", hyMemGetIpcHandle, device, ordinary, &handle);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemGetIpcHandle, device, hyHostAddress(&handle), &handle);
    ASSERT_OK(hyMemAllocShareable(device, 4096, &shared));
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outHandle", hyMemGetIpcHandle, device, shared, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemGetIpcHandle, nullptr, shared, &handle);
    ASSERT_OK(hyMemGetIpcHandle(device, shared, &handle));

    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemOpenIpcHandle, nullptr, &handle, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "handle", hyMemOpenIpcHandle, device, nullptr, &out);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outPtr", hyMemOpenIpcHandle, device, &handle, nullptr);
    // Damage to any word is an error and opens nothing.
    for (size_t word = 0; word < std::size(handle.words); ++word) {
        HyIpcHandle damaged = handle;
        damaged.words[word] = ~damaged.words[word];
        EXPECT_LT(hyMemOpenIpcHandle(device, &damaged, &out), 0) << "word " << word;
    }
    EXPECT_EQ(out, 7u);
    ASSERT_OK(hyMemOpenIpcHandle(device, &handle, &out));
    EXPECT_NE(out, shared);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, out);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemCloseIpcHandle, device, shared);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemCloseIpcHandle, device, out + 8);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyMemCloseIpcHandle, nullptr, out);
    EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "ptr", hyMemGetIpcHandle, device, out, &handle);
    EXPECT_OK(hyMemCloseIpcHandle(device, out));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemCloseIpcHandle, device, out);
    EXPECT_OK(hyMemFree(device, shared));
}

TEST_F(Sharing, HandlesFromManyThreads) {
    if (!has(HY_CAP_IPC))
        GTEST_SKIP() << "the device shares no memory; another test here asks for the refusal";
    HyDevicePtr shared = 0;
    ASSERT_OK(hyMemAllocShareable(device, 4096, &shared));
    HyIpcHandle handle{};
    ASSERT_OK(hyMemGetIpcHandle(device, shared, &handle));
    write(shared, std::vector<uint32_t>(1024, 42));
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            HyStream own = nullptr;
            ASSERT_OK(hyStreamCreate(device, nullptr, &own));
            for (int i = 0; i < 20; ++i) {
                HyDevicePtr opened = 0;
                uint32_t seen = 0;
                ASSERT_OK(hyMemOpenIpcHandle(device, &handle, &opened));
                ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(&seen), opened, sizeof seen));
                ASSERT_OK(hyStreamSynchronize(own, 60'000'000'000));
                EXPECT_EQ(seen, 42u);
                ASSERT_OK(hyMemCloseIpcHandle(device, opened));
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
}

} // namespace
