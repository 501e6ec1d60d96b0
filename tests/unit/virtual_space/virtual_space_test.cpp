// The books of virtual memory, and what the address map makes of mappings.
#include "memory/address_map.h"
#include "memory/virtual_space.h"

#include <gtest/gtest.h>

namespace halyard {
namespace {

constexpr HyDevicePtr kBase = 0x10000;
constexpr uint64_t kPage = 0x1000;

class Space : public testing::Test {
protected:
    Space() {
        space.add(kBase, 8 * kPage);
        space.add(kBase + 8 * kPage, 4 * kPage); // right behind it
    }
    void map(uint64_t first, uint64_t pages) {
        const HyDevicePtr at = kBase + first * kPage;
        space.around(at, 1)->mappings.emplace(at, VirtualMapping{at, pages * kPage, nullptr});
    }
    // How many mappings make up the range; 0 with the reason in `fault`.
    size_t whole(uint64_t first, uint64_t pages) {
        fault.clear();
        return space.whole(kBase + first * kPage, pages * kPage, fault).size();
    }

    VirtualSpace space;
    std::string fault;
};

TEST_F(Space, FindsReservations) {
    EXPECT_EQ(space.at(kBase + kPage), nullptr);
    ASSERT_NE(space.at(kBase), nullptr);
    EXPECT_EQ(space.around(kBase + 7 * kPage, kPage), space.at(kBase));
    EXPECT_EQ(space.around(kBase + 7 * kPage, 2 * kPage), nullptr) << "it runs into the next one";
    EXPECT_EQ(space.around(kBase + 8 * kPage, kPage)->base, kBase + 8 * kPage);
    EXPECT_EQ(space.around(kBase + 12 * kPage, 1), nullptr);
    EXPECT_EQ(space.around(kBase - 1, 1), nullptr);
    EXPECT_EQ(space.around(kBase, UINT64_MAX), nullptr);
}

TEST_F(Space, FreeMeansNoPartIsMapped) {
    map(2, 2);
    const VirtualReservation& reservation = *space.at(kBase);
    EXPECT_TRUE(reservation.isFree(kBase, 2 * kPage));
    EXPECT_TRUE(reservation.isFree(kBase + 4 * kPage, 4 * kPage));
    EXPECT_FALSE(reservation.isFree(kBase, 3 * kPage));
    EXPECT_FALSE(reservation.isFree(kBase + 3 * kPage, kPage));
    EXPECT_FALSE(reservation.isFree(kBase, 8 * kPage));
}

TEST_F(Space, WholeMappingsAlone) {
    map(0, 2);
    map(2, 1);
    map(4, 1);
    map(8, 1);
    EXPECT_EQ(whole(0, 2), 1u);
    EXPECT_EQ(whole(0, 3), 2u);
    EXPECT_EQ(whole(0, 1), 0u);
    EXPECT_NE(fault.find("ends inside"), std::string::npos) << fault;
    EXPECT_EQ(whole(1, 1), 0u);
    EXPECT_NE(fault.find("no mapping begins at 0x11000"), std::string::npos) << fault;
    EXPECT_EQ(whole(0, 5), 0u);
    EXPECT_NE(fault.find("no mapping begins at 0x13000"), std::string::npos) << fault;
    EXPECT_EQ(whole(7, 2), 0u);
    EXPECT_NE(fault.find("one reservation"), std::string::npos) << fault;
    space.at(kBase)->mappings.at(kBase).busy = true;
    EXPECT_EQ(whole(0, 3), 0u);
    EXPECT_NE(fault.find("another thread"), std::string::npos) << fault;
    EXPECT_EQ(whole(2, 1), 1u);
}

TEST_F(Space, SaysWhatAnAddressIs) {
    map(2, 1);
    EXPECT_EQ(space.describe(kBase - 1), "");
    EXPECT_NE(space.describe(kBase).find("nothing mapped"), std::string::npos);
    EXPECT_NE(space.describe(kBase + 2 * kPage + 5).find("without access"), std::string::npos);
    space.at(kBase)->mappings.at(kBase + 2 * kPage).access = HY_ACCESS_READ;
    EXPECT_NE(space.describe(kBase + 2 * kPage + 5).find("reading alone"), std::string::npos);
}

class Reach : public testing::Test {
protected:
    void add(uint64_t first, uint64_t pages, HyMemoryAccess access, HyDevicePtr reservation,
             HyMemoryKind kind = HY_MEMORY_VIRTUAL) {
        AddressRange range;
        range.base = kBase + first * kPage;
        range.bytes = pages * kPage;
        range.kind = kind;
        range.access = access;
        range.reservation = reservation;
        ASSERT_TRUE(addresses.insert(range));
    }
    AddressMap addresses;
};

TEST_F(Reach, WalksMappingsSideBySide) {
    add(0, 2, HY_ACCESS_READ_WRITE, kBase);
    add(2, 1, HY_ACCESS_READ_WRITE, kBase);
    add(3, 1, HY_ACCESS_READ, kBase);
    add(5, 1, HY_ACCESS_READ_WRITE, kBase);
    EXPECT_EQ(addresses.reach(kBase, UINT64_MAX, HY_ACCESS_READ), 4 * kPage);
    EXPECT_EQ(addresses.reach(kBase + 8, UINT64_MAX, HY_ACCESS_READ_WRITE), 3 * kPage - 8);
    EXPECT_GE(addresses.reach(kBase, kPage, HY_ACCESS_READ), kPage) << "as far as was asked";
    EXPECT_EQ(addresses.reach(kBase + 3 * kPage, UINT64_MAX, HY_ACCESS_READ_WRITE), 0u);
    EXPECT_EQ(addresses.reach(kBase + 4 * kPage, UINT64_MAX, HY_ACCESS_READ), 0u);
    EXPECT_EQ(addresses.reach(kBase - 1, UINT64_MAX, HY_ACCESS_READ), 0u);
    addresses.setAccess(kBase + 2 * kPage, HY_ACCESS_NONE);
    EXPECT_EQ(addresses.reach(kBase, UINT64_MAX, HY_ACCESS_READ), 2 * kPage);
}

TEST_F(Reach, StopsAtOtherReservationsAndMemory) {
    add(0, 1, HY_ACCESS_READ_WRITE, kBase);
    add(1, 1, HY_ACCESS_READ_WRITE, kBase + kPage);
    add(2, 1, HY_ACCESS_READ_WRITE, 0, HY_MEMORY_DEVICE);
    EXPECT_EQ(addresses.reach(kBase, UINT64_MAX, HY_ACCESS_READ), kPage);
    EXPECT_EQ(addresses.reach(kBase + kPage, UINT64_MAX, HY_ACCESS_READ), kPage);
}

TEST_F(Reach, ReservedAddressesAreStaleUntilGivenBack) {
    addresses.reserve(kBase, 8 * kPage, true);
    addresses.reserve(kBase, 8 * kPage, false); // known already
    addresses.unreserve(kBase, 8 * kPage);
    EXPECT_EQ(addresses.locate(kBase + kPage).kind, Located::Kind::Stale) << "the device's own range stays";
    addresses.reserve(kBase + 8 * kPage, kPage, false);
    EXPECT_EQ(addresses.locate(kBase + 8 * kPage).kind, Located::Kind::Stale);
    addresses.unreserve(kBase + 8 * kPage, kPage);
    EXPECT_EQ(addresses.locate(kBase + 8 * kPage).kind, Located::Kind::Unknown);
}

TEST_F(Reach, IdsGrow) {
    add(0, 1, HY_ACCESS_READ, kBase);
    add(1, 1, HY_ACCESS_READ, kBase);
    EXPECT_LT(addresses.find(kBase)->id, addresses.find(kBase + kPage)->id);
    AddressRange again = *addresses.remove(kBase, nullptr, HY_MEMORY_VIRTUAL);
    const uint64_t id = again.id;
    ASSERT_TRUE(addresses.insert(again));
    EXPECT_EQ(addresses.find(kBase)->id, id) << "what comes back is the same allocation";
}

} // namespace
} // namespace halyard
