// The order of blocks decides where subgroups come together.
#include "interp/order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace halyard::interp::test {
namespace {

using ::testing::ElementsAre;

// Blocks in order; a join is 100 + its header.
std::vector<uint32_t> order(const std::vector<BlockNode>& blocks) {
    std::vector<uint32_t> out;
    for (const OrderedItem& item : orderBlocks(blocks).items)
        out.push_back(item.block + (item.join ? 100 : 0));
    return out;
}

TEST(OrderTest, AMergeFollowsBothBranches) {
    EXPECT_THAT(order({{{1, 2}}, {{3}}, {{3}}, {}}), ElementsAre(0, ::testing::AnyOf(1, 2), ::testing::AnyOf(1, 2), 3));
}

TEST(OrderTest, ALoopIsContiguousAndEndsInAJoin) {
    // 0 -> 1 (header) -> 2 (body) -> 1, 1 -> 3
    EXPECT_THAT(order({{{1}}, {{2, 3}}, {{1}}, {}}), ElementsAre(0, 1, 2, 101, 3));
}

TEST(OrderTest, WhatLeavesAStructuredLoopStaysInside) {
    // 1 heads, 2 breaks through 3 or continues by 4; 5 is the merge.
    std::vector<BlockNode> blocks{{{1}}, {{2}, 5}, {{3, 4}}, {{5}}, {{1}}, {}};
    const auto structured = order(blocks);
    EXPECT_EQ(structured.back(), 5u);
    EXPECT_EQ(structured[structured.size() - 2], 101u);
    blocks[1].merge = ~0u;
    EXPECT_THAT(order(blocks), ElementsAre(0, 1, 2, 4, 101, 3, 5));
}

TEST(OrderTest, IrreducibleFlowHasAnOrder) {
    // 1 and 2 form a loop with two entries.
    const std::vector<BlockNode> blocks{{{1, 2}}, {{2, 3}}, {{1}}, {}};
    const BlockOrder result = orderBlocks(blocks);
    EXPECT_EQ(result.items.size(), 5u);
    EXPECT_EQ(result.loops.size(), 1u);
    EXPECT_EQ(result.backEdges.size(), 1u);
}

TEST(OrderTest, UnreachableBlocksAreAbsent) {
    EXPECT_THAT(order({{{2}}, {{2}}, {}}), ElementsAre(0, 2));
}

TEST(OrderTest, EndlessNestingIsRefused) {
    // Each block of a ladder heads a loop around the rest.
    std::vector<BlockNode> blocks(1000);
    for (uint32_t i = 0; i + 1 < blocks.size(); ++i)
        blocks[i].successors = {i + 1};
    for (uint32_t i = 1; i + 1 < blocks.size(); ++i)
        blocks.back().successors.push_back(i);
    EXPECT_TRUE(orderBlocks(blocks).tooDeep);
}

} // namespace
} // namespace halyard::interp::test
