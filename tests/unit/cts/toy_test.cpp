// Tests that end in every way a test can end, for the program cts_toy that cts_runner_test drives.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

TEST(Good, Passes) {
    EXPECT_EQ(1 + 1, 2);
}
TEST(Good, SeesTheDevice) {
    EXPECT_EQ(variable("HALYARD_TEST_DEVICE"), "toy");
}
TEST(Good, SeesItsFilesEnvironment) {
    EXPECT_EQ(variable("CTS_TOY_FILE"), "a b=c");
}
TEST(Good, ReturnsInAForkedProcess) {
    if (fork() == 0) {
        ADD_FAILURE() << "words of another process, which count for nothing";
        return; // and goes on with the tests behind this one
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
}
TEST(Good, LeavesAProcessThatHoldsItsOutput) {
    if (fork() == 0) {
        std::this_thread::sleep_for(std::chrono::hours(1));
        _exit(0);
    }
}
TEST(Good, PrintsALot) {
    const std::string line(1 << 20, 'x');
    for (int i = 0; i < 1024; ++i)
        ASSERT_EQ(write(i % 2 == 0 ? STDOUT_FILENO : STDERR_FILENO, line.data(), line.size()),
                  static_cast<ssize_t>(line.size()));
}
TEST(GoodDeathTest, StartsItselfAgain) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_EXIT(_exit(3), ::testing::ExitedWithCode(3), "");
}

TEST(Seed, IsSeven) {
    EXPECT_EQ(variable("HALYARD_CTS_SEED"), "7");
}
TEST(Seed, IsNotEight) {
    EXPECT_NE(variable("HALYARD_CTS_SEED"), "8");
}

TEST(Skips, WithAReason) {
    GTEST_SKIP() << "there is no such thing here";
}
TEST(Skips, WithoutAReason) {
    GTEST_SKIP();
}

TEST(Bad, Fails) {
    EXPECT_EQ(std::string("apple"), "pear");
}
TEST(Bad, Throws) {
    throw std::runtime_error("thrown words");
}
TEST(Bad, Crashes) {
    std::fputs("before the crash", stdout); // no newline: it lies in the stream's buffer until something empties it
    std::fflush(stdout);
    std::raise(SIGKILL);
}
TEST(Bad, Exits) {
    std::exit(0);
}
TEST(Bad, Aborts) {
    std::fputs("last words\n", stderr);
    std::abort();
}
TEST(Bad, Hangs) {
    std::fputs("about to hang\n", stderr);
    signal(SIGTERM, SIG_IGN);
    for (;;)
        pause();
}
TEST(Bad, FailsWithoutEnd) {
    for (int i = 0; i < 20000; ++i)
        ADD_FAILURE() << "failure number " << i;
}
TEST(Bad, FailsWithStrangeBytes) {
    ADD_FAILURE() << "\xff\xfe\x1b[31m tail";
}
TEST(Bad, AfterTheOthers) {
    EXPECT_TRUE(true);
}

// What happens outside of tests.
class LateExit : public ::testing::Test {
protected:
    static void TearDownTestSuite() { std::_Exit(0); }
};
TEST_F(LateExit, ItsLastTest) {}

class EarlyExit : public ::testing::Test {
protected:
    static void SetUpTestSuite() { std::_Exit(0); }
};
TEST_F(EarlyExit, NeverBegins) {}

class BadSetUp : public ::testing::Test {
protected:
    static void SetUpTestSuite() { ADD_FAILURE() << "the suite's set-up failed"; }
};
TEST_F(BadSetUp, Counts) {}

class BadTearDown : public ::testing::Test {
protected:
    static void TearDownTestSuite() { ADD_FAILURE() << "the suite's tear-down failed"; }
};
TEST_F(BadTearDown, Counts) {}

TEST(Full, Only) {}

TEST(Slow, Waits) {
    std::this_thread::sleep_for(std::chrono::seconds(30));
}
TEST(Slow, IsNext) {}

} // namespace
