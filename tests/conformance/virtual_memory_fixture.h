// Virtual memory for tests: reservations and mappings by the piece.
#pragma once

#include "memory_fixture.h"

#include <filesystem>
#include <fstream>

namespace halyard::conformance {

class VirtualMemoryTest : public MemoryTest {
protected:
    void SetUp() override {
        MemoryTest::SetUp();
        if (has(HY_CAP_VIRTUAL_MEMORY)) {
            ASSERT_OK(hyVirtualGetGranularity(device, &granule, &piece));
            ASSERT_EQ(piece % granule, 0u);
        }
    }
    // Asserts the refusals where the device has no virtual memory.
    bool refused() {
        if (has(HY_CAP_VIRTUAL_MEMORY))
            return false;
        uint64_t minimum = 0;
        HyDevicePtr base = 0;
        HyPhysicalMemory memory = nullptr;
        HyPhysicalMemoryDesc desc{};
        desc.structSize = sizeof desc;
        desc.bytes = 4096;
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyVirtualGetGranularity, device, &minimum, nullptr);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyVirtualReserve, device, 4096, 0, &base);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyVirtualFree, device, 4096);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyPhysicalMemoryCreate, device, &desc, &memory);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyVirtualUnmap, device, 4096, 4096);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyVirtualSetAccess, device, 4096, 4096, HY_ACCESS_READ);
        EXPECT_FAILS(HY_ERROR_UNSUPPORTED, "", hyPhysicalMemoryImport, device, HY_SHARE_OPAQUE_FD, 0, 4096, &memory);
        return true;
    }
    HyDevicePtr reserve(uint64_t bytes, uint64_t alignment = 0) {
        HyDevicePtr base = 0;
        EXPECT_OK(hyVirtualReserve(device, bytes, alignment, &base));
        return base;
    }
    HyPhysicalMemory create(uint64_t bytes, uint32_t flags = 0) {
        HyPhysicalMemoryDesc desc{};
        desc.structSize = sizeof desc;
        desc.flags = flags;
        desc.bytes = bytes;
        HyPhysicalMemory memory = nullptr;
        EXPECT_OK(hyPhysicalMemoryCreate(device, &desc, &memory));
        return memory;
    }
    void map(HyDevicePtr base, uint64_t bytes, HyPhysicalMemory memory, uint64_t offset = 0,
             HyMemoryAccess access = HY_ACCESS_READ_WRITE) {
        EXPECT_OK(hyVirtualMap(device, base, bytes, memory, offset));
        EXPECT_OK(hyVirtualSetAccess(device, base, bytes, access));
    }
    // New memory that the mapping alone keeps.
    void mapNew(HyDevicePtr base, uint64_t bytes) {
        const HyPhysicalMemory memory = create(bytes);
        map(base, bytes, memory);
        EXPECT_OK(hyPhysicalMemoryDestroy(memory));
    }

    uint64_t granule = 0;
    uint64_t piece = 0;
};

// What this process holds of the system: open files, and mappings of memory without a name.
struct Holdings {
    long files = 0;
    long mappings = 0;
    static Holdings now() {
        Holdings held;
        for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
            ++held.files;
        std::ifstream maps("/proc/self/maps");
        for (std::string line; std::getline(maps, line);)
            held.mappings += line.find("halyard-memory") != std::string::npos ? 1 : 0;
        return held;
    }
};

} // namespace halyard::conformance
