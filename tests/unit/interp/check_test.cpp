// Each check: a kernel that triggers it, and one that must stay silent.
#include "fixture.h"

#include "checks_cl.spv.h"

namespace halyard::interp::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Size kOne{1, 1, 1};
constexpr Size kFour{4, 1, 1};

class CheckTest : public InterpTest {
protected:
    std::string check(std::string_view kernel, const std::vector<Argument>& arguments, Size size = kFour) {
        return run(checks_cl_spv, kernel, arguments, kOne, size);
    }
};

TEST_F(CheckTest, NamesHowFarAnAccessLeavesItsAllocation) {
    const uint64_t in = buffer(std::vector<int32_t>(4)), out = allocate(16);
    EXPECT_EQ(check("index", {in, out, int32_t{0}}), "");
    EXPECT_THAT(check("index", {in, out, int32_t{1}}),
                AllOf(HasSubstr("kernel 'index'"), HasSubstr("out of bounds read of 4 bytes"), HasSubstr("OpLoad"),
                      HasSubstr("0 bytes past the end of the allocation"), HasSubstr("global (3, 0, 0)")));
    EXPECT_EQ(code, HY_ERROR_LAUNCH_FAILED);
    EXPECT_THAT(check("index", {in, out, int32_t{-2}}), HasSubstr("8 bytes before the allocation"));
}

TEST_F(CheckTest, TellsFreedMemoryFromForeign) {
    const uint64_t in = buffer(std::vector<int32_t>(4)), out = allocate(16);
    ASSERT_TRUE(memory.free(in));
    EXPECT_THAT(check("index", {in, out, int32_t{0}}), HasSubstr("use after free: read of 4 bytes"));
}

TEST_F(CheckTest, ReportsNullAndMisalignedPointers) {
    const uint64_t data = buffer(std::vector<int32_t>(4)), out = allocate(4);
    EXPECT_EQ(check("raw", {data + 4, out}, kOne), "");
    EXPECT_THAT(check("raw", {uint64_t{0}, out}, kOne), HasSubstr("null pointer"));
    EXPECT_THAT(check("raw", {data + 2, out}, kOne), HasSubstr("misaligned read"));
    EXPECT_THAT(check("raw", {uint64_t{3} << 62, out}, kOne), HasSubstr("of 4 bytes"));
    EXPECT_THAT(check("raw", {uint64_t{1} << 62 | 0x123456789a0, out}, kOne), HasSubstr("out of bounds"));
}

TEST_F(CheckTest, KeepsVariablesApart) {
    const uint64_t out = allocate(16);
    EXPECT_EQ(check("private_index", {out, int32_t{3}}, kOne), "");
    EXPECT_THAT(check("private_index", {out, int32_t{4}}, kOne),
                HasSubstr("0 bytes past the end of the private variable"));
    EXPECT_THAT(check("private_index", {out, int32_t{-1}}, kOne), HasSubstr("4 bytes before the private variable"));
    EXPECT_EQ(check("local_index", {out, int32_t{3}}), "");
    EXPECT_THAT(check("local_index", {out, int32_t{5}}), HasSubstr("4 bytes past the end of the workgroup variable"));
}

TEST_F(CheckTest, UninitialisedValuesMayBeCopiedButNotDecide) {
    const uint64_t unwritten = allocate(16), out = allocate(16);
    const uint64_t table = buffer(std::vector<int32_t>(4));
    EXPECT_EQ(check("copy_only", {unwritten, out}), "");
    EXPECT_THAT(check("branch_on", {out, allocate(16)}), HasSubstr("uninitialised value: the branch condition"));
    EXPECT_THAT(check("index_by", {unwritten, table, out}), HasSubstr("uninitialised value: the address"));
    EXPECT_THAT(check("atomic_on", {unwritten}), HasSubstr("uninitialised value"));
    settings.detectUninitialised = false;
    EXPECT_EQ(check("branch_on", {unwritten, out}), "");
}

TEST_F(CheckTest, InitialisedValuesDecide) {
    const uint64_t in = buffer(std::vector<int32_t>{1, 9, 3, 7}), out = allocate(16);
    EXPECT_EQ(check("branch_on", {in, out}), "");
    EXPECT_EQ(read<int32_t>(out, 4), (std::vector<int32_t>{2, 1, 2, 1}));
}

TEST_F(CheckTest, PaddingIsNoUninitialisedValue) {
    const uint64_t in = allocate(4 * 12);
    for (uint64_t i = 0; i < 4; ++i) {
        const int32_t a = 5;
        const char b = 3;
        ASSERT_TRUE(memory.write(in + i * 12, &a, 4));
        ASSERT_TRUE(memory.write(in + i * 12 + 4, &b, 1));
        ASSERT_TRUE(memory.write(in + i * 12 + 8, "\0\0\0", 4));
    }
    const uint64_t out = allocate(48), result = allocate(16);
    EXPECT_EQ(check("padded", {in, out, result}), "");
    EXPECT_EQ(read<int32_t>(result, 1)[0], 3);
}

TEST_F(CheckTest, PrivateVariablesBeginUninitialised) {
    const uint64_t out = allocate(4);
    EXPECT_EQ(check("private_uninitialised", {out, int32_t{2}}, kOne), "");
    EXPECT_THAT(check("private_uninitialised", {out, int32_t{1}}, kOne), HasSubstr("uninitialised value"));
}

TEST_F(CheckTest, NamesWhoIsMissingAtABarrier) {
    const uint64_t out = allocate(16);
    EXPECT_EQ(check("divergent", {out, int32_t{4}}), "");
    EXPECT_THAT(check("divergent", {out, int32_t{3}}),
                AllOf(HasSubstr("divergent barrier: 3 of 4 invocations"), HasSubstr("1 have ended"),
                      HasSubstr("local (3, 0, 0)"), HasSubstr("OpControlBarrier")));
}

} // namespace
} // namespace halyard::interp::test
