// HALYARD_JIT=inprocess, with a fake libhalyard_jit.so beside the test.
#include "client_fixture.h"

#include <atomic>
#include <thread>

namespace halyard::test {
namespace {

using ::testing::HasSubstr;

class InProcessTest : public ClientTest {
protected:
    void SetUp() override {
        ClientTest::SetUp();
        set("HALYARD_JIT", "inprocess");
    }
};

TEST_F(InProcessTest, CompilesWithoutAProcess) {
    EXPECT_EQ(compile("saxpy").bytes, "artifact of saxpy for host x86-64-v3 from 20 bytes");
    HyJitRequest in = request("pid");
    EXPECT_EQ(compile(in).bytes, std::to_string(getpid()));
    EXPECT_TRUE(compile("saxpy").fromCache);
    EXPECT_EQ(counters_.workersStarted, 0u);
    EXPECT_EQ(counters_.compiles, 2u);
}

TEST_F(InProcessTest, FailuresAreErrors) {
    EXPECT_EQ(compile("unsupported").code, HY_ERROR_UNSUPPORTED_SPIRV);
    EXPECT_THAT(compile("nojson").message, HasSubstr("not a JSON object"));
    EXPECT_EQ(compile("wrongid").code, HY_ERROR_COMPILE_FAILED);
    EXPECT_THAT(compile("empty").message, HasSubstr("without an artifact"));
    EXPECT_EQ(counters_.compileFailures, 4u);
    expectRecovered();
}

TEST_F(InProcessTest, AnotherBuildIsRefused) {
    set("FAKE_BUILD", "yesterday");
    EXPECT_THAT(compile("saxpy").message, HasSubstr("build yesterday"));
}

TEST_F(InProcessTest, ThreadsTakeTurns) {
    compiler();
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&, i] { good += compile("kernel" + std::to_string(i)).code == HY_SUCCESS; });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(good, 8);
}

} // namespace
} // namespace halyard::test
