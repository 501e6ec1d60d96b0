// Addresses and memory apart.
#include "virtual_memory_fixture.h"

#include "memory_comp.spv.h"

#include <atomic>
#include <thread>

using namespace halyard::conformance;

namespace {

class VirtualMemory : public VirtualMemoryTest {
protected:
    // What a kernel takes the buffer's length to be.
    uint32_t lengthOf(HyDevicePtr buffer) {
        const HyModule glsl = loadModule(memory_comp_spv, memory_comp_spv_size);
        const HyKernel kernel = makeKernel(glsl, "main");
        const HyDevicePtr out = allocate(4);
        const void* args[] = {&buffer, &out};
        EXPECT_OK(hyLaunchKernel(stream, kernel, {1, 1, 1}, {1, 1, 1}, 0, args, 2));
        return download<uint32_t>(out, 1)[0];
    }
};

// What an allocator of a framework does: one range of addresses for ever, memory as it is needed, no copy ever.
TEST_F(VirtualMemory, ABufferGrowsWhereItIs) {
    if (refused())
        return;
    constexpr uint64_t kPieces = 8;
    const HyDevicePtr base = reserve(uint64_t{1} << 35);
    const auto perPiece = static_cast<uint32_t>(piece / 4);
    for (uint64_t used = 0; used < kPieces; ++used) {
        mapNew(base + used * piece, piece);
        write(base + used * piece, counting(perPiece, static_cast<uint32_t>(used * perPiece)));
        increment(base, static_cast<uint32_t>((used + 1) * perPiece)); // over all pieces, old and new
        EXPECT_EQ(lengthOf(base), (used + 1) * perPiece);
    }
    EXPECT_EQ(lengthOf(base + 3 * piece + 16), 5 * perPiece - 4);
    const std::vector<uint32_t> all = download<uint32_t>(base, kPieces * perPiece); // one copy over all mappings
    for (uint64_t i = 0; i < all.size(); ++i)
        ASSERT_EQ(all[i], i + kPieces - i / perPiece) << "element " << i;

    // One fill over three of them, then the end goes and the rest stays.
    const uint32_t value = 5;
    ASSERT_OK(hyMemFillAsync(stream, base + piece / 2, &value, 4, 2 * perPiece));
    synchronize();
    ASSERT_OK(hyVirtualUnmap(device, base + 4 * piece, 4 * piece));
    EXPECT_EQ(lengthOf(base), 4 * perPiece);
    EXPECT_EQ(download<uint32_t>(base + 2 * piece, 1)[0], value);
    EXPECT_EQ(download<uint32_t>(base + 3 * piece, 1)[0], 3 * perPiece + 5);
    mapNew(base + 4 * piece, piece);
    EXPECT_EQ(download<uint32_t>(base + 4 * piece, 1)[0], 0u) << "new memory is zero, not what was there";
    ASSERT_OK(hyVirtualUnmap(device, base, 5 * piece));
    ASSERT_OK(hyVirtualFree(device, base)); // MemoryCountsUntilItsLastUnmap looks at what is free then
}

TEST_F(VirtualMemory, CopiesAskForAccess) {
    if (refused())
        return;
    const HyDevicePtr base = reserve(8 * piece);
    const HyPhysicalMemory memory = create(4 * piece);
    const std::vector<uint32_t> values = counting(16, 100);
    const HyDevicePtr host = hyHostAddress(values.data());
    const uint32_t zero = 0;
    // Nothing mapped; mapped without access; for reading; in full.
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, base, host, 64);
    EXPECT_NE(std::string(lastError().message).find("nothing mapped"), std::string::npos) << lastError().message;
    ASSERT_OK(hyVirtualMap(device, base, 2 * piece, memory, 0));
    EXPECT_EQ(describe(base).access, HY_ACCESS_NONE);
    EXPECT_EQ(describe(base).hostAddress, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, base, host, 64);
    EXPECT_NE(std::string(lastError().message).find("without access"), std::string::npos) << lastError().message;
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, host, base, 64);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, base, &zero, 4, 4);
    ASSERT_OK(hyVirtualSetAccess(device, base, 2 * piece, HY_ACCESS_READ_WRITE));
    write(base, values);
    ASSERT_OK(hyVirtualSetAccess(device, base, 2 * piece, HY_ACCESS_READ));
    EXPECT_EQ(download<uint32_t>(base, 16), values);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, base, host, 64);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemFillAsync, stream, base, &zero, 4, 4);
    ASSERT_OK(hyVirtualSetAccess(device, base, 2 * piece, HY_ACCESS_READ_WRITE));
    EXPECT_EQ(download<uint32_t>(base, 16), values);

    // Mappings side by side are one range; a gap, the end and the least access of all count.
    map(base + 2 * piece, piece, memory, 2 * piece, HY_ACCESS_READ);
    map(base + 4 * piece, piece, memory, 3 * piece);
    const HyDevicePtr sink = allocate(8 * piece);
    EXPECT_OK(hyMemcpyAsync(stream, sink, base + 5, 3 * piece - 5));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, sink, base + 5, 3 * piece - 4);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "dst", hyMemcpyAsync, stream, base, sink, 2 * piece + 1);
    EXPECT_OK(hyMemcpyAsync(stream, base, sink, 2 * piece));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, sink, base + 4 * piece, piece + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpy2DAsync, stream, sink, 64, base, piece, 64, 4);
    EXPECT_OK(hyMemcpy2DAsync(stream, sink, 64, base, piece, 64, 3));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, sink, base + 7 * piece, 1);
    synchronize();

    ASSERT_OK(hyVirtualUnmap(device, base, 3 * piece));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, host, base, 4);
    ASSERT_OK(hyVirtualUnmap(device, base + 4 * piece, piece));
    ASSERT_OK(hyVirtualFree(device, base));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, host, base, 4);
    EXPECT_OK(hyPhysicalMemoryDestroy(memory));
}

TEST_F(VirtualMemory, TwoReservationsAreNeverOneRange) {
    if (refused())
        return;
    // Reserve until two lie side by side, as reservations of an empty range of addresses do.
    std::vector<HyDevicePtr> bases;
    HyDevicePtr first = 0;
    for (int i = 0; i < 16 && first == 0; ++i) {
        bases.push_back(reserve(piece));
        for (const HyDevicePtr base : bases)
            first = base + piece == bases.back() ? base : first;
    }
    ASSERT_NE(first, 0u);
    mapNew(first, piece);
    mapNew(first + piece, piece);
    const HyDevicePtr sink = allocate(2 * piece);
    EXPECT_OK(hyMemcpyAsync(stream, sink, first, piece));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "src", hyMemcpyAsync, stream, sink, first, piece + 1);
    EXPECT_EQ(lengthOf(first), piece / 4);
    synchronize();
}

TEST_F(VirtualMemory, OneMemoryAtSeveralAddresses) {
    if (refused())
        return;
    const HyDevicePtr base = reserve(4 * piece);
    const HyPhysicalMemory memory = create(2 * piece);
    map(base, 2 * piece, memory);
    map(base + 2 * piece, piece, memory, piece);
    const uint32_t value = 0xabcd;
    // The fill is under way when its mapping goes: the unmap waits for it.
    for (int i = 0; i < 8; ++i)
        ASSERT_OK(hyMemFillAsync(stream, base, &value, 4, 2 * piece / 4));
    ASSERT_OK(hyVirtualUnmap(device, base, 2 * piece));
    ASSERT_OK(hyPhysicalMemoryDestroy(memory));
    for (const uint32_t found : download<uint32_t>(base + 2 * piece, piece / 4))
        ASSERT_EQ(found, value);
    const HyPointerInfo info = describe(base + 2 * piece + 20);
    EXPECT_EQ(info.kind, HY_MEMORY_VIRTUAL);
    EXPECT_EQ(info.base, base + 2 * piece);
    EXPECT_EQ(info.bytes, piece);
    EXPECT_EQ(info.offset, 20u);
    EXPECT_EQ(info.access, HY_ACCESS_READ_WRITE);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, base + 2 * piece);
}

TEST_F(VirtualMemory, MemoryCountsUntilItsLastUnmap) {
    if (refused())
        return;
    uint64_t free = 0, total = 0;
    ASSERT_OK(hyDeviceGetMemoryInfo(device, &free, &total));
    if (total == UINT64_MAX)
        GTEST_SKIP() << "the driver does not tell its memory";
    // All but what others would change: then what is left cannot be more.
    const uint64_t kept = uint64_t{256} << 20;
    ASSERT_GT(total, 2 * kept);
    const uint64_t bytes = (total - kept) / piece * piece;
    const HyPhysicalMemory memory = create(bytes);
    EXPECT_LE(freeMemory(), kept + piece);
    const HyDevicePtr base = reserve(bytes);
    map(base, bytes, memory);
    ASSERT_OK(hyPhysicalMemoryDestroy(memory));
    EXPECT_LE(freeMemory(), kept + piece);
    HyPhysicalMemoryDesc desc{};
    desc.structSize = sizeof desc;
    desc.bytes = 2 * kept;
    HyPhysicalMemory other = nullptr;
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyPhysicalMemoryCreate, device, &desc, &other);
    ASSERT_OK(hyVirtualUnmap(device, base, bytes));
    EXPECT_GT(freeMemory(), kept + piece);
    ASSERT_OK(hyPhysicalMemoryCreate(device, &desc, &other));
    EXPECT_OK(hyPhysicalMemoryDestroy(other));
    EXPECT_OK(hyVirtualFree(device, base));
}

TEST_F(VirtualMemory, RefusesBadReservations) {
    if (refused())
        return;
    HyDevicePtr base = 7;
    EXPECT_OK(hyVirtualGetGranularity(device, nullptr, nullptr));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualGetGranularity, nullptr, nullptr, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualReserve, nullptr, piece, 0, &base);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualReserve, wrongType<HyDevice>(stream), piece, 0, &base);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyVirtualReserve, device, 0, 0, &base);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outBase", hyVirtualReserve, device, piece, 0, nullptr);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "alignment", hyVirtualReserve, device, piece, 3 * piece, &base);
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "bytes", hyVirtualReserve, device, granule + 1, 0, &base);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyVirtualReserve, device, uint64_t{1} << 62, 0, &base);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyVirtualReserve, device, UINT64_MAX - granule + 1, 0, &base);
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyVirtualReserve, device, piece, uint64_t{1} << 63, &base);
    EXPECT_EQ(base, 7u);
    base = reserve(2 * piece, uint64_t{1} << 30);
    EXPECT_EQ(base % (uint64_t{1} << 30), 0u);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualFree, nullptr, base);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualFree, device, base + granule);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "ptr", hyMemFree, device, base);
    mapNew(base + piece, piece);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "base", hyVirtualFree, device, base);
    EXPECT_OK(hyVirtualUnmap(device, base + piece, piece));
    EXPECT_OK(hyVirtualFree(device, 0));
    EXPECT_OK(hyVirtualFree(device, base));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualFree, device, base);
}

TEST_F(VirtualMemory, RefusesBadMemory) {
    if (refused())
        return;
    HyPhysicalMemory memory = nullptr;
    HyPhysicalMemoryDesc desc{};
    desc.structSize = sizeof desc;
    desc.bytes = piece;
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyPhysicalMemoryCreate, nullptr, &desc, &memory);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "desc", hyPhysicalMemoryCreate, device, nullptr, &memory);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "outMemory", hyPhysicalMemoryCreate, device, &desc, nullptr);
    desc.flags = 0x80;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "flags", hyPhysicalMemoryCreate, device, &desc, &memory);
    desc.flags = 0;
    desc.next = &desc;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "next", hyPhysicalMemoryCreate, device, &desc, &memory);
    desc.next = nullptr;
    desc.bytes = 0;
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyPhysicalMemoryCreate, device, &desc, &memory);
    desc.bytes = granule + 1;
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "bytes", hyPhysicalMemoryCreate, device, &desc, &memory);
    desc.bytes = uint64_t{1} << 62;
    EXPECT_FAILS(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", hyPhysicalMemoryCreate, device, &desc, &memory);
    desc.bytes = piece;
    desc.structSize = 8;
    EXPECT_FAILS(HY_ERROR_INVALID_STRUCT, "desc", hyPhysicalMemoryCreate, device, &desc, &memory);
    EXPECT_EQ(memory, nullptr);
    memory = create(piece);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "memory", hyPhysicalMemoryDestroy, wrongType<HyPhysicalMemory>(stream));
    EXPECT_OK(hyPhysicalMemoryDestroy(memory));
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "memory", hyPhysicalMemoryDestroy, memory);
    const HyDevicePtr base = reserve(piece);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "memory", hyVirtualMap, device, base, piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "memory", hyVirtualMap, device, base, piece, nullptr, 0);
}

TEST_F(VirtualMemory, RefusesBadMappings) {
    if (refused())
        return;
    const HyDevicePtr base = reserve(8 * piece);
    const HyPhysicalMemory memory = create(4 * piece);
    const HyDevicePtr ordinary = allocate(piece);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualMap, nullptr, base, piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyVirtualMap, device, base, 0, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyVirtualMap, device, base, 5 * piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyVirtualMap, device, base, 4 * piece, memory, granule);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "offset", hyVirtualMap, device, base, piece, memory, 4 * piece + granule);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "offset", hyVirtualMap, device, base, piece, memory, 0 - granule);
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "base", hyVirtualMap, device, base + 1, piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "bytes", hyVirtualMap, device, base, piece + 1, memory, 0);
    EXPECT_FAILS(HY_ERROR_MISALIGNED, "offset", hyVirtualMap, device, base, piece, memory, 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualMap, device, base + 7 * piece, 2 * piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualMap, device, ordinary, piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualMap, device, 0, piece, memory, 0);
    map(base + 2 * piece, 2 * piece, memory);
    for (const uint64_t at : {1, 2, 3})
        EXPECT_FAILS(HY_ERROR_INVALID_STATE, "base", hyVirtualMap, device, base + at * piece, 2 * piece, memory, 0);
    EXPECT_FAILS(HY_ERROR_INVALID_STATE, "base", hyVirtualMap, device, base, 4 * piece, memory, 0);

    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "access", hyVirtualSetAccess, device, base + 2 * piece, 2 * piece, 2);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyVirtualSetAccess, device, base + 2 * piece, 0, HY_ACCESS_READ);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualSetAccess, nullptr, base + 2 * piece, piece,
                 HY_ACCESS_READ);
    EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualUnmap, nullptr, base + 2 * piece, piece);
    EXPECT_FAILS(HY_ERROR_INVALID_ARGUMENT, "bytes", hyVirtualUnmap, device, base + 2 * piece, 0);
    struct Range {
        uint64_t first, count;
    };
    // Parts, more than is there, gaps, nothing, beyond the end.
    for (const Range wrong : {Range{2, 1}, {3, 1}, {1, 3}, {2, 3}, {0, 1}, {7, 2}, {9, 1}}) {
        EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualUnmap, device, base + wrong.first * piece,
                     wrong.count * piece);
        EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualSetAccess, device, base + wrong.first * piece,
                     wrong.count * piece, HY_ACCESS_READ);
    }
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualUnmap, device, base + 2 * piece, UINT64_MAX - granule + 1);
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualUnmap, device, ordinary, piece);
    EXPECT_EQ(describe(base + 2 * piece).access, HY_ACCESS_READ_WRITE);
    EXPECT_OK(hyVirtualUnmap(device, base + 2 * piece, 2 * piece));
    EXPECT_FAILS(HY_ERROR_INVALID_ADDRESS, "base", hyVirtualUnmap, device, base + 2 * piece, 2 * piece);
}

TEST_F(VirtualMemory, ManyThreadsMapAndUnmap) {
    if (refused())
        return;
    constexpr uint64_t kThreads = 4;
    const HyDevicePtr base = reserve(kThreads * 4 * granule);
    const HyPhysicalMemory memory = create(kThreads * granule);
    std::vector<std::thread> threads;
    for (uint64_t t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            const HyDevicePtr mine = base + t * 4 * granule;
            HyStream own = nullptr;
            ASSERT_OK(hyStreamCreate(device, nullptr, &own));
            for (int i = 0; i < 50; ++i) {
                ASSERT_OK(hyVirtualMap(device, mine, granule, memory, t * granule));
                ASSERT_OK(hyVirtualMap(device, mine + granule, granule, memory, t * granule));
                ASSERT_OK(hyVirtualSetAccess(device, mine, 2 * granule, HY_ACCESS_READ_WRITE));
                // Both mappings are of one memory. The host may reach neither.
                const uint64_t written = t << 32 | static_cast<uint32_t>(i);
                uint64_t read = ~uint64_t{0};
                ASSERT_OK(hyMemcpyAsync(own, mine + 8, hyHostAddress(&written), sizeof written));
                ASSERT_OK(hyMemcpyAsync(own, hyHostAddress(&read), mine + granule + 8, sizeof read));
                ASSERT_OK(hyStreamSynchronize(own, kLimitNs));
                ASSERT_EQ(read, written);
                ASSERT_OK(hyVirtualUnmap(device, mine, 2 * granule));
            }
            EXPECT_OK(hyStreamDestroy(own));
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    // Of threads that unmap the same mapping, one does.
    for (int i = 0; i < 50; ++i) {
        map(base, granule, memory);
        std::atomic<int> unmapped{0};
        threads.clear();
        for (uint64_t t = 0; t < kThreads; ++t) {
            threads.emplace_back([&] {
                const HyResult result = hyVirtualUnmap(device, base, granule);
                EXPECT_TRUE(result == HY_SUCCESS || result == HY_ERROR_INVALID_ADDRESS) << hyResultName(result);
                unmapped += result == HY_SUCCESS ? 1 : 0;
            });
        }
        for (std::thread& thread : threads)
            thread.join();
        ASSERT_EQ(unmapped, 1);
    }
}

TEST_F(VirtualMemory, TheEndOfTheInstanceTakesAllOfIt) {
    if (refused())
        return;
    const Holdings before = Holdings::now();
    for (int round = 0; round < 3; ++round) {
        HyInstance other = nullptr;
        ASSERT_OK(hyInstanceCreate(nullptr, &other));
        HyDevice theirs = nullptr;
        ASSERT_OK(hyDeviceFind(other, deviceUnderTest(), &theirs));
        HyPhysicalMemoryDesc desc{};
        desc.structSize = sizeof desc;
        desc.bytes = 2 * piece;
        HyPhysicalMemory kept = nullptr, destroyed = nullptr;
        ASSERT_OK(hyPhysicalMemoryCreate(theirs, &desc, &kept));
        ASSERT_OK(hyPhysicalMemoryCreate(theirs, &desc, &destroyed));
        HyDevicePtr base = 0, ptr = 0;
        ASSERT_OK(hyVirtualReserve(theirs, 8 * piece, 0, &base));
        ASSERT_OK(hyVirtualMap(theirs, base, 2 * piece, kept, 0));
        ASSERT_OK(hyVirtualMap(theirs, base + 3 * piece, piece, destroyed, piece));
        ASSERT_OK(hyVirtualSetAccess(theirs, base, 2 * piece, HY_ACCESS_READ_WRITE));
        ASSERT_OK(hyPhysicalMemoryDestroy(destroyed));
        void* pointer = nullptr;
        ASSERT_OK(hyHostAlloc(theirs, 10000, 0, &pointer, &ptr));
        if (has(HY_CAP_MANAGED_MEMORY)) {
            ASSERT_OK(hyMemAllocManaged(theirs, 10000, &ptr));
        }
        if (has(HY_CAP_IPC)) {
            HyIpcHandle handle{};
            ASSERT_OK(hyMemAllocShareable(theirs, 10000, &ptr));
            ASSERT_OK(hyMemGetIpcHandle(theirs, ptr, &handle));
            ASSERT_OK(hyMemOpenIpcHandle(theirs, &handle, &ptr));
        }
        EXPECT_GT(Holdings::now().mappings, before.mappings);
        ASSERT_OK(hyInstanceDestroy(other));
        EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "memory", hyPhysicalMemoryDestroy, kept);
        EXPECT_FAILS(HY_ERROR_INVALID_HANDLE, "device", hyVirtualUnmap, theirs, base, 2 * piece);
    }
    const Holdings after = Holdings::now();
    EXPECT_EQ(after.mappings, before.mappings);
    EXPECT_EQ(after.files, before.files);
}

} // namespace
