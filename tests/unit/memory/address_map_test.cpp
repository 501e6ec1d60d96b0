#include "memory/address_map.h"

#include "memory/tlsf.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include <sys/mman.h>

using namespace halyard;

namespace {

// The map only compares these.
Device* const kDevice = reinterpret_cast<Device*>(0x10);
Device* const kOther = reinterpret_cast<Device*>(0x20);
Pool* const kPool = reinterpret_cast<Pool*>(0x30);
constexpr HyDevicePtr kBase = 0x100000;

class SlabInMap : public ::testing::Test {
protected:
    void SetUp() override {
        slab = Slab::create(kBase, 256 * 1000, memory, 8);
        ASSERT_NE(slab, nullptr);
        tlsf.add(*slab);
        ASSERT_TRUE(map.insert({.base = kBase,
                                .bytes = slab->bytes,
                                .kind = HY_MEMORY_DEVICE,
                                .device = kDevice,
                                .host = memory,
                                .slab = slab.get(),
                                .pool = kPool}));
    }
    HyDevicePtr allocate(uint64_t bytes) {
        Block* block = tlsf.take(static_cast<uint32_t>((bytes + 255) / 256));
        block->live.store(bytes);
        return slab->addressOf(*block);
    }

    std::byte memory[16] = {};
    AddressMap map;
    Tlsf tlsf;
    std::unique_ptr<Slab> slab;
};

} // namespace

TEST_F(SlabInMap, LookupsSeeBlocks) {
    const HyDevicePtr a = allocate(1000);
    const HyDevicePtr b = allocate(10);
    const std::optional<AddressRange> range = map.find(a + 999);
    ASSERT_TRUE(range.has_value());
    EXPECT_EQ(range->base, a);
    EXPECT_EQ(range->bytes, 1000u);
    EXPECT_EQ(range->bytesFrom(a + 999), 1u);
    EXPECT_EQ(range->device, kDevice);
    EXPECT_EQ(map.find(b)->host, memory + (b - kBase));
    EXPECT_FALSE(map.find(a + 1000).has_value()) << "the tail of the last granule belongs to nobody";
    EXPECT_EQ(map.locate(a + 1000).kind, Located::Kind::Stale);
    EXPECT_EQ(map.locate(b + 256).kind, Located::Kind::Stale);
    EXPECT_EQ(map.locate(kBase - 1).kind, Located::Kind::Unknown);
    EXPECT_EQ(map.locate(kBase + slab->bytes).kind, Located::Kind::Unknown);
}

TEST_F(SlabInMap, BlocksAreClaimedOnce) {
    const HyDevicePtr a = allocate(1000);
    uint64_t bytes = 0;
    EXPECT_EQ(map.claim(a + 256, kDevice, bytes), nullptr);
    EXPECT_EQ(map.claim(a + 1, kDevice, bytes), nullptr);
    EXPECT_EQ(map.claim(a, kOther, bytes), nullptr);
    EXPECT_EQ(map.claim(kBase + slab->bytes, kDevice, bytes), nullptr);
    EXPECT_NE(map.claim(a, kDevice, bytes), nullptr);
    EXPECT_EQ(bytes, 1000u);
    EXPECT_EQ(map.claim(a, kDevice, bytes), nullptr);
    EXPECT_EQ(map.locate(a).kind, Located::Kind::Stale);
}

TEST_F(SlabInMap, OrdinaryRemovalsLeaveSlabsAlone) {
    const HyDevicePtr a = allocate(1000);
    ASSERT_EQ(a, kBase);
    EXPECT_FALSE(map.remove(kBase, kDevice, HY_MEMORY_DEVICE).has_value());
    EXPECT_FALSE(map.removeOwn(kBase, kDevice).has_value());
    EXPECT_FALSE(map.insert({.base = kBase + 100, .bytes = 8, .device = kDevice})) << "overlaps";
    EXPECT_EQ(map.ofDevice(kDevice).size(), 1u);
    map.removeSlab(*slab);
    EXPECT_EQ(map.locate(a).kind, Located::Kind::Unknown);
}

// A live block is always found while its neighbours come and go.
TEST(AddressMap, WhatTheHostCannotReadIsNobodysOnceADeviceDeclaresNoRange) {
    constexpr size_t kBytes = 4096;
    void* const closed = mmap(nullptr, kBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(closed, MAP_FAILED);
    const HyDevicePtr device = hyHostAddress(closed);
    const HyDevicePtr host = hyHostAddress(&closed);
    AddressMap map;
    EXPECT_FALSE(map.isNobodys(device)) << "every device has declared its range";
    map.admitUndeclared();
    EXPECT_TRUE(map.isNobodys(device));
    EXPECT_FALSE(map.isNobodys(host));
    munmap(closed, kBytes);
}

TEST_F(SlabInMap, LookupsRaceWithSplitsAndMerges) {
    const HyDevicePtr before = allocate(300 * 256);
    const HyDevicePtr kept = allocate(200 * 256);
    std::atomic<bool> stop{false};
    std::atomic<uint64_t> looks{0};
    std::thread reader([&] {
        while (!stop.load()) {
            const std::optional<AddressRange> range = map.find(kept + 199 * 256);
            if (!range || range->base != kept || range->bytes != 200 * 256) {
                stop.store(true);
                ADD_FAILURE() << "lost a live block";
            }
            looks.fetch_add(1);
        }
    });
    uint64_t bytes = 0;
    Block* first = map.claim(before, kDevice, bytes);
    tlsf.give(*first);
    for (int i = 0; !stop.load() && (i < 2000 || looks.load() < 2000); ++i) {
        Block* blocks[8];
        for (Block*& block : blocks) {
            block = tlsf.take(static_cast<uint32_t>(1 + i % 37));
            block->live.store(1);
        }
        for (Block* block : blocks) {
            block->live.store(0);
            tlsf.give(*block);
        }
    }
    stop.store(true);
    reader.join();
    EXPECT_GE(looks.load(), 1u);
}
