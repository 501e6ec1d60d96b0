#include "memory/tlsf.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <vector>

using namespace halyard;

namespace {

constexpr uint32_t kShift = 8;

struct Piece {
    Slab* slab;
    uint32_t index, granules;
};

class TlsfTest : public ::testing::Test {
protected:
    Slab& addSlab(HyDevicePtr base, uint32_t granules, uint32_t shift = kShift) {
        slabs.push_back(Slab::create(base, uint64_t{granules} << shift, nullptr, shift));
        EXPECT_NE(slabs.back(), nullptr);
        tlsf.add(*slabs.back());
        return *slabs.back();
    }

    // Walks each slab: blocks tile it, know who is before them, no two free ones touch, and the sums agree.
    void checkInvariants(const std::map<Block*, uint32_t>& taken) {
        uint64_t freeGranules = 0;
        size_t seen = 0;
        for (const auto& slab : slabs) {
            uint32_t previous = 0;
            bool previousFree = false;
            uint32_t index = 0;
            while (index < slab->count) {
                Block& block = slab->blocks[index];
                ASSERT_GT(block.granules, 0u);
                ASSERT_EQ(block.slab, slab.get());
                if (index != 0) {
                    ASSERT_EQ(block.previous, previous);
                }
                ASSERT_FALSE(block.free && previousFree) << "two free blocks in a row at " << index;
                if (block.free) {
                    freeGranules += block.granules;
                } else {
                    const auto found = taken.find(&block);
                    ASSERT_NE(found, taken.end()) << "a block that nobody took";
                    ASSERT_EQ(found->second, block.granules);
                    ++seen;
                }
                previousFree = block.free;
                previous = index;
                index += block.granules;
            }
            ASSERT_EQ(index, slab->count);
        }
        ASSERT_EQ(seen, taken.size());
        ASSERT_EQ(freeGranules, tlsf.freeGranules());
    }

    Tlsf tlsf;
    std::vector<std::unique_ptr<Slab>> slabs;
};

} // namespace

TEST_F(TlsfTest, TakesExactlyAndMergesBack) {
    Slab& slab = addSlab(0x100000, 1000);
    Block* a = tlsf.take(1);
    Block* b = tlsf.take(100);
    Block* c = tlsf.take(899);
    ASSERT_TRUE(a != nullptr && b != nullptr && c != nullptr);
    EXPECT_EQ(tlsf.take(1), nullptr);
    EXPECT_EQ(slab.addressOf(*a), 0x100000u);
    EXPECT_EQ(slab.addressOf(*b), 0x100000u + 256);
    EXPECT_EQ(slab.bytesOf(*b), 25600u);
    tlsf.give(*a);
    tlsf.give(*c);
    EXPECT_FALSE(slab.isWhollyFree());
    tlsf.give(*b);
    EXPECT_TRUE(slab.isWhollyFree());
    EXPECT_EQ(tlsf.freeGranules(), 1000u);
    tlsf.remove(slab);
    EXPECT_EQ(tlsf.freeGranules(), 0u);
    EXPECT_EQ(tlsf.take(1), nullptr);
}

TEST_F(TlsfTest, AWholeSlabFitsARequestOfItsSize) {
    for (const uint32_t granules : {1u, 31u, 32u, 33u, 1000u, 65535u, 65537u}) {
        Slab& slab = addSlab(uint64_t{granules} << 32, granules);
        Block* block = tlsf.take(granules);
        ASSERT_NE(block, nullptr) << granules;
        EXPECT_EQ(block->slab, &slab);
        EXPECT_EQ(tlsf.freeGranules(), 0u);
    }
}

TEST_F(TlsfTest, RefusesWhatNothingHolds) {
    addSlab(0x100000, 64);
    EXPECT_EQ(tlsf.take(65), nullptr);
    EXPECT_EQ(tlsf.take(UINT32_MAX), nullptr);
    EXPECT_NE(tlsf.take(64), nullptr);
}

TEST_F(TlsfTest, SlabsBeyond4GiB) {
    Slab& slab = addSlab(uint64_t{1} << 40, 1u << 20, 16); // 64 GiB
    Block* low = tlsf.take(1u << 19);
    Block* high = tlsf.take(1u << 19);
    ASSERT_TRUE(low != nullptr && high != nullptr);
    EXPECT_EQ(slab.addressOf(*high), (uint64_t{1} << 40) + (uint64_t{32} << 30));
    high->live.store(slab.bytesOf(*high));
    uint64_t bytes = 0;
    EXPECT_EQ(slab.find(slab.addressOf(*high) + (uint64_t{31} << 30), bytes), high);
    EXPECT_EQ(bytes, uint64_t{32} << 30);
    EXPECT_EQ(slab.find(slab.addressOf(*low) + (uint64_t{31} << 30), bytes), nullptr) << "not live";
}

// Random takes, splits and gives against a model, with every invariant looked at again and again.
TEST_F(TlsfTest, RandomOperationsKeepTheInvariants) {
    for (uint64_t seed = 1; seed <= 8; ++seed) {
        SCOPED_TRACE(seed);
        tlsf = Tlsf{};
        slabs.clear();
        std::mt19937_64 random(seed);
        for (uint64_t slab = 0; slab < 3; ++slab)
            addSlab((slab + 1) << 32, static_cast<uint32_t>(500 + random() % 5000));
        std::map<Block*, uint32_t> taken;
        std::vector<Block*> order;
        for (int step = 0; step < 20000; ++step) {
            const uint64_t choice = random() % 100;
            if (choice < 50 || order.empty()) {
                const auto granules = static_cast<uint32_t>(1 + (random() % (choice < 5 ? 2000 : 40)));
                Block* block = tlsf.take(granules);
                if (block != nullptr) {
                    ASSERT_EQ(block->granules, granules);
                    ASSERT_TRUE(taken.emplace(block, granules).second) << "handed out twice";
                    order.push_back(block);
                    block->live.store(granules);
                }
            } else {
                const size_t at = random() % order.size();
                Block* block = order[at];
                if (choice < 60 && block->granules > 1) {
                    const auto keep = static_cast<uint32_t>(1 + random() % (block->granules - 1));
                    Block& rest = Tlsf::split(*block, keep);
                    rest.live.store(1);
                    taken[block] = keep;
                    taken[&rest] = rest.granules;
                    order.push_back(&rest);
                } else {
                    block->live.store(0);
                    taken.erase(block);
                    order[at] = order.back();
                    order.pop_back();
                    tlsf.give(*block);
                }
            }
            if (step % 200 == 0)
                checkInvariants(taken);
            if (HasFatalFailure())
                return;
        }
        for (Block* block : order) {
            block->live.store(0);
            tlsf.give(*block);
        }
        for (const auto& slab : slabs)
            EXPECT_TRUE(slab->isWhollyFree());
    }
}

// Every address of every slab, against a model of who owns it.
TEST_F(TlsfTest, FindsTheBlockOfEachAddress) {
    Slab& slab = addSlab(0x40000000, 9000);
    std::mt19937_64 random(7);
    std::vector<Block*> blocks;
    std::vector<const Block*> owner(slab.count, nullptr);
    for (int round = 0; round < 60; ++round) {
        while (Block* block = tlsf.take(static_cast<uint32_t>(1 + random() % 700))) {
            block->live.store(slab.bytesOf(*block) - random() % 256);
            blocks.push_back(block);
        }
        for (int i = 0; i < 10 && !blocks.empty(); ++i) {
            const size_t at = random() % blocks.size();
            blocks[at]->live.store(0);
            tlsf.give(*blocks[at]);
            blocks.erase(blocks.begin() + static_cast<ptrdiff_t>(at));
        }
        std::fill(owner.begin(), owner.end(), nullptr);
        for (const Block* block : blocks) {
            for (uint32_t i = 0; i < block->granules; ++i)
                owner[slab.indexOf(*block) + i] = block;
        }
        for (uint32_t index = 0; index < slab.count; ++index) {
            uint64_t bytes = 0;
            const HyDevicePtr address = slab.base + (uint64_t{index} << kShift);
            ASSERT_EQ(slab.find(address, bytes), owner[index]) << index;
            if (owner[index] != nullptr) {
                ASSERT_EQ(bytes, owner[index]->live.load());
                const HyDevicePtr end = slab.addressOf(*owner[index]) + bytes;
                ASSERT_EQ(slab.find(end - 1, bytes), owner[index]);
                if (end < slab.base + slab.bytes) {
                    ASSERT_NE(slab.find(end, bytes), owner[index]) << "past the end";
                }
            }
        }
    }
}
