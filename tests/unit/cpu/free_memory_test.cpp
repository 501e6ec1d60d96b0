#include "free_memory.h"

#include "address.h"
#include "arena.h"
#include "physical.h"

#include <cstring>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace halyard::cpu {
namespace {

TEST(FreeMemory, ReadsWhatTheMachineHas) {
    EXPECT_EQ(parseAvailable("MemTotal: 100 kB\nMemAvailable:     12345 kB\nBuffers: 1 kB\n"), 12345u * 1024);
    EXPECT_EQ(parseAvailable("MemTotal: 100 kB\nMemFree: 5 kB\n"), UINT64_MAX);
    EXPECT_EQ(parseAvailable(""), UINT64_MAX);
    EXPECT_EQ(parseAvailable("MemAvailable: words\n"), UINT64_MAX);
}

class ArenaTest : public testing::Test {
protected:
    ArenaTest() : arena(host, uint64_t{1} << 40) { EXPECT_EQ(arena.reserve(), HY_SUCCESS); }

    const HyHostServices services{.structSize = sizeof(HyHostServices),
                                  .setError = [](void*, const HyBackendError*) {}};
    const Host host{&services};
    Arena arena;
};

TEST_F(ArenaTest, KnowsWhatWasNeverTouched) {
    constexpr uint64_t kBytes = 20 << 20;
    EXPECT_EQ(arena.untouched(), 0u);
    uint64_t address = 0;
    ASSERT_EQ(arena.allocate(kBytes, address), HY_SUCCESS);
    EXPECT_EQ(arena.untouched(), kBytes);
    std::memset(toPointer<void>(address), 1, kBytes / 2); // a boundary of large pages, too
    EXPECT_EQ(arena.untouched(), kBytes / 2);
    ASSERT_EQ(arena.free(address), HY_SUCCESS);
    EXPECT_EQ(arena.untouched(), 0u);
}

TEST_F(ArenaTest, CountsMemoryWithoutAddress) {
    constexpr uint64_t kBytes = 8 << 20;
    std::unique_ptr<Physical> memory;
    ASSERT_EQ(Physical::create(host, arena, kBytes, memory), HY_SUCCESS);
    EXPECT_EQ(arena.used(), kBytes);
    EXPECT_EQ(arena.untouched(), kBytes);
    uint64_t address = 0;
    ASSERT_EQ(arena.reserveRange(kBytes, 4096, address), HY_SUCCESS);
    EXPECT_EQ(arena.used(), kBytes) << "addresses cost nothing";
    ASSERT_EQ(memory->mapAt(address, kBytes, 0, PROT_READ | PROT_WRITE), HY_SUCCESS);
    std::memset(toPointer<void>(address), 1, kBytes / 4);
    EXPECT_EQ(arena.untouched(), kBytes - kBytes / 4);
    ASSERT_EQ(arena.releaseRange(address, kBytes), HY_SUCCESS);
    memory.reset();
    EXPECT_EQ(arena.used(), 0u);
    EXPECT_EQ(arena.untouched(), 0u);
}

TEST_F(ArenaTest, ReservedAddressesAreGivenOnce) {
    uint64_t first = 0;
    uint64_t second = 0;
    ASSERT_EQ(arena.reserveRange(4096, 1 << 30, first), HY_SUCCESS);
    ASSERT_EQ(arena.allocate(4096, second), HY_SUCCESS);
    EXPECT_NE(first, second);
    EXPECT_EQ(first % (1 << 30), 0u);
    EXPECT_NE(arena.free(first), HY_SUCCESS) << "a reservation is no allocation";
    EXPECT_NE(arena.reserveRange(arena.size(), 4096, second), HY_SUCCESS);
    EXPECT_NE(arena.reserveRange(4096, uint64_t{1} << 63, second), HY_SUCCESS);
}

} // namespace
} // namespace halyard::cpu
