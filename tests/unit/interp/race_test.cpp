// Data races: found where nothing orders two accesses, and only there.
#include "fixture.h"

#include "races_cl.spv.h"

namespace halyard::interp::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class RaceTest : public InterpTest {
protected:
    std::string check(std::string_view kernel, const std::vector<Argument>& arguments, Size groups, Size size) {
        return run(races_cl_spv, kernel, arguments, groups, size);
    }
};

TEST_F(RaceTest, DifferentValuesInOnePlaceAreARace) {
    const uint64_t out = buffer(std::vector<int32_t>(1));
    EXPECT_THAT(check("same_place", {out, int32_t{1}}, {1, 1, 1}, {4, 1, 1}),
                AllOf(HasSubstr("data race: write of 4 bytes"), HasSubstr("global (1, 0, 0)"),
                      HasSubstr("write by invocation global (0, 0, 0)"), HasSubstr("OpStore")));
    EXPECT_THAT(check("same_place", {out, int32_t{1}}, {4, 1, 1}, {1, 1, 1}), HasSubstr("data race"));
    settings.detectRaces = false;
    EXPECT_EQ(check("same_place", {out, int32_t{1}}, {1, 1, 1}, {4, 1, 1}), "");
}

TEST_F(RaceTest, TheSameValueInOnePlaceIsNotReported) {
    const uint64_t out = buffer(std::vector<int32_t>(1));
    EXPECT_EQ(check("same_place", {out, int32_t{0}}, {4, 1, 1}, {4, 1, 1}), "");
}

TEST_F(RaceTest, NeighboursDoNotRace) {
    const uint64_t out = allocate(256);
    EXPECT_EQ(check("own_place", {out}, {4, 1, 1}, {16, 1, 1}), "");
    EXPECT_EQ(check("bytes", {out}, {4, 1, 1}, {16, 1, 1}), "");
}

TEST_F(RaceTest, ABarrierOrdersAWorkgroup) {
    const uint64_t in = buffer(std::vector<int32_t>(128, 1)), out = allocate(8);
    EXPECT_EQ(check("reduce", {in, out, int32_t{1}}, {2, 1, 1}, {64, 1, 1}), "");
    EXPECT_EQ(read<int32_t>(out, 2), (std::vector<int32_t>{64, 64}));
    EXPECT_THAT(check("reduce", {in, out, int32_t{0}}, {2, 1, 1}, {64, 1, 1}), HasSubstr("data race"));
}

TEST_F(RaceTest, FencesAroundRelaxedAtomicsOrderWorkgroups) {
    const uint64_t in = buffer(std::vector<int32_t>(64, 1));
    for (const int32_t fenced : {1, 0}) {
        const uint64_t parts = allocate(64), count = buffer(std::vector<uint32_t>(1)), out = allocate(4);
        const std::string found = check("last_block", {in, parts, count, out, fenced}, {16, 1, 1}, {4, 1, 1});
        if (fenced != 0) {
            EXPECT_EQ(found, "");
            EXPECT_EQ(read<int32_t>(out, 1)[0], 32);
        } else {
            EXPECT_THAT(found, HasSubstr("data race"));
        }
    }
}

TEST_F(RaceTest, PlainAccessesRaceWithAtomics) {
    const uint64_t counter = buffer(std::vector<int32_t>(1)), out = allocate(4);
    EXPECT_EQ(check("counter_read", {counter, out, int32_t{0}}, {1, 1, 1}, {4, 1, 1}), "");
    EXPECT_THAT(check("counter_read", {counter, out, int32_t{1}}, {1, 1, 1}, {4, 1, 1}),
                AllOf(HasSubstr("data race"), HasSubstr("OpAtomic")));
}

} // namespace
} // namespace halyard::interp::test
