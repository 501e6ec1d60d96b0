// The client and the real worker together: the protocol's two sides, and the worker's own ways of failing.
#include "client_fixture.h"

namespace halyard::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RealWorkerTest : public ClientTest {
protected:
    void SetUp() override {
        ClientTest::SetUp();
        set("HALYARD_JIT_PATH", REAL_WORKER);
        set("HALYARD_JIT_TIMEOUT_MS", "60000");
    }
    HyJitRequest answer() {
        HyJitRequest in = request("answer");
        in.spirv = kAnswer;
        in.spirvBytes = sizeof kAnswer;
        return in;
    }

    // kernel void answer(global uint* p) { *p = 42; }
    static constexpr uint32_t kAnswer[] = {
        0x07230203, 0x00010200, 0x00070000, 0x00000009, 0x00000000, 0x00020011, 0x00000004, 0x00020011, 0x00000006,
        0x00020011, 0x0000000b, 0x0003000e, 0x00000002, 0x00000002, 0x0005000f, 0x00000006, 0x00000001, 0x77736e61,
        0x00007265, 0x00020013, 0x00000002, 0x00040015, 0x00000003, 0x00000020, 0x00000000, 0x00040020, 0x00000004,
        0x00000005, 0x00000003, 0x00040021, 0x00000005, 0x00000002, 0x00000004, 0x0004002b, 0x00000003, 0x00000006,
        0x0000002a, 0x00050036, 0x00000002, 0x00000001, 0x00000000, 0x00000005, 0x00030037, 0x00000004, 0x00000007,
        0x000200f8, 0x00000008, 0x0005003e, 0x00000007, 0x00000006, 0x00000002, 0x00000004, 0x000100fd, 0x00010038};
};

TEST_F(RealWorkerTest, CompilesToAnElfFileAndCachesIt) {
    const Result first = compile(answer());
    ASSERT_EQ(first.code, HY_SUCCESS) << first.message;
    EXPECT_THAT(first.bytes, StartsWith("\x7f"
                                        "ELF"));
    const Result second = compile(answer());
    EXPECT_TRUE(second.fromCache);
    EXPECT_EQ(second.bytes, first.bytes);
    EXPECT_EQ(counters_.workersStarted, 1u);
}

TEST_F(RealWorkerTest, RefusesAKernelThatIsNotThere) {
    HyJitRequest in = answer();
    in.kernel = "question";
    const Result result = compile(in);
    EXPECT_LT(result.code, 0);
    EXPECT_THAT(result.message, HasSubstr("question"));
    EXPECT_EQ(counters_.workersLost, 0u);
    EXPECT_EQ(compile(answer()).code, HY_SUCCESS);
}

TEST_F(RealWorkerTest, ACrashLeavesTheTexts) {
    set("HALYARD_JIT_FAULT", "crash:codegen");
    const Result result = compile(answer());
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, AllOf(HasSubstr("SIGABRT"), HasSubstr("stage codegen"), HasSubstr("'answer'")));
    ASSERT_EQ(dumps().size(), 1u);
    EXPECT_THAT(read(dumps()[0] / "kir.ll"), HasSubstr("answer"));
    EXPECT_THAT(read(dumps()[0] / "ir.ll"), HasSubstr("42"));
    restart();
    unsetenv("HALYARD_JIT_FAULT");
    EXPECT_EQ(compile(answer()).code, HY_SUCCESS);
}

TEST_F(RealWorkerTest, AHangEndsAtTheTimeLimit) {
    set("HALYARD_JIT_FAULT", "hang:optimise");
    set("HALYARD_JIT_TIMEOUT_MS", "4000");
    const Result result = compile(answer());
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, AllOf(HasSubstr("4000 ms"), HasSubstr("stage optimise")));
}

#if !HALYARD_SANITIZED // a sanitizer's own memory exceeds the limit
TEST_F(RealWorkerTest, ExhaustedMemoryNamesTheLimit) {
    set("HALYARD_JIT_FAULT", "memory:passes");
    set("HALYARD_JIT_MEMORY_MB", "600");
    const Result result = compile(answer());
    EXPECT_EQ(result.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(result.message, HasSubstr("memory limit of 600 MB"));
    EXPECT_THAT(result.hint, HasSubstr("HALYARD_JIT_MEMORY_MB"));
}
#endif

} // namespace
} // namespace halyard::test
