// Levels, sinks, and what a replaced callback may rely on.
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace halyard {
namespace {
using testing::ElementsAre;

struct Lines {
    std::vector<std::string> texts;
    static void add(void* user, HyLogLevel level, const char* source, const char* message) {
        static_cast<Lines*>(user)->texts.push_back(std::to_string(level) + " " + source + " " + message);
    }
};

class LogTest : public testing::Test {
protected:
    LogTest() { unsetenv("HALYARD_LOG"); }
    ~LogTest() override { unsetenv("HALYARD_LOG"); }
    Lines lines_;
};

TEST_F(LogTest, OffUnlessAsked) {
    Log log;
    testing::internal::CaptureStderr();
    log.error("core", "unheard");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_FALSE(log.wants(HY_LOG_ERROR));
}

TEST_F(LogTest, EnvironmentChoosesTheLevelOfStderr) {
    setenv("HALYARD_LOG", "info", 1);
    testing::internal::CaptureStderr();
    Log log;
    log.info("core", "number {}", 7);
    log.debug("core", "unheard");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "halyard: info: core: number 7\n");
}

TEST_F(LogTest, UnknownLevelInTheEnvironmentIsSaid) {
    setenv("HALYARD_LOG", "loud", 1);
    testing::internal::CaptureStderr();
    const Log log;
    EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("HALYARD_LOG=loud is not a level"));
    EXPECT_TRUE(log.wants(HY_LOG_WARNING));
    EXPECT_FALSE(log.wants(HY_LOG_INFO));
}

TEST_F(LogTest, CallbackGetsItsLevelAndLess) {
    Log log;
    log.setCallback(Lines::add, &lines_, HY_LOG_WARNING);
    log.error("a", "e{}", 1);
    log.warning("b", "w");
    log.info("c", "unheard");
    log.debug("d", "unheard");
    EXPECT_THAT(lines_.texts, ElementsAre("1 a e1", "2 b w"));
}

TEST_F(LogTest, NullCallbackStopsEverything) {
    Log log;
    log.setCallback(Lines::add, &lines_, HY_LOG_DEBUG);
    log.setCallback(nullptr, nullptr, HY_LOG_DEBUG);
    log.error("a", "unheard");
    EXPECT_FALSE(log.wants(HY_LOG_ERROR));
    EXPECT_THAT(lines_.texts, testing::IsEmpty());
}

// Two threads write while the sink is replaced again and again. A sink notes when it is called after its replacement,
// or twice at once.
TEST_F(LogTest, ReplacedCallbackIsNeverCalledAgain) {
    struct Sink {
        std::atomic<bool> live{true};
        std::atomic<int> inside{0};
        std::atomic<int> lines{0};
        std::atomic<int>* violations = nullptr;
        static void receive(void* user, HyLogLevel, const char*, const char*) {
            auto* sink = static_cast<Sink*>(user);
            if (sink->inside.fetch_add(1) != 0 || !sink->live)
                ++*sink->violations;
            ++sink->lines;
            std::this_thread::yield();
            if (!sink->live)
                ++*sink->violations;
            --sink->inside;
        }
    };
    std::atomic<int> violations{0};
    std::atomic<bool> stop{false};
    Log log;
    std::vector<std::unique_ptr<Sink>> sinks;
    const auto writer = [&] {
        while (!stop)
            log.error("core", "line");
    };
    std::thread first(writer), second(writer);
    int lines = 0;
    for (int i = 0; i < 100; ++i) {
        sinks.push_back(std::make_unique<Sink>());
        sinks.back()->violations = &violations;
        log.setCallback(Sink::receive, sinks.back().get(), HY_LOG_ERROR);
        if (i > 0)
            sinks[static_cast<size_t>(i) - 1]->live = false;
        while (sinks.back()->lines == 0)
            std::this_thread::yield();
    }
    log.setCallback(nullptr, nullptr, HY_LOG_OFF);
    sinks.back()->live = false;
    stop = true;
    first.join();
    second.join();
    for (const auto& sink : sinks)
        lines += sink->lines;
    EXPECT_EQ(violations, 0);
    EXPECT_GE(lines, 100);
}

} // namespace
} // namespace halyard
