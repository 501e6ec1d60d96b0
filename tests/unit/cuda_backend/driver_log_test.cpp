// The driver's messages reach the logs that exist, with the right level, also while instances come and go.
#include "driver_log.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace halyard::cuda {
namespace {

CUlogsCallback callback = nullptr;
int registrations = 0;

CUresult registerCallback(CUlogsCallback function, void*, CUlogsCallbackHandle*) {
    callback = function;
    ++registrations;
    return CUDA_SUCCESS;
}

void say(CUlogLevel level, std::string text) {
    callback(nullptr, level, text.data(), text.size());
}

struct Listener {
    struct Line {
        HyLogLevel level;
        std::string text;
    };
    std::vector<Line> lines;
    HyHostServices services{};
    bool speaksBack = false;

    Listener() {
        services.structSize = sizeof services;
        services.context = this;
        services.log = [](void* context, HyLogLevel level, const char* text) {
            auto& to = *static_cast<Listener*>(context);
            to.lines.push_back({level, text});
            if (to.speaksBack)
                say(CU_LOG_LEVEL_ERROR, "from within");
        };
    }
};

Symbols withLogs() {
    Symbols cu;
    cu.cuLogsRegisterCallback = registerCallback;
    return cu;
}

TEST(DriverLog, LevelsAndEnds) {
    const Symbols cu = withLogs();
    Listener first, second;
    watchDriverLog(cu, &first.services);
    watchDriverLog(cu, &second.services);
    EXPECT_EQ(registrations, 1);
    say(CU_LOG_LEVEL_ERROR, "no memory\n");
    say(CU_LOG_LEVEL_WARNING, "slow");
    {
        const ExpectFailure asked;
        say(CU_LOG_LEVEL_ERROR, "no such name");
    }
    unwatchDriverLog(&first.services);
    say(CU_LOG_LEVEL_ERROR, "last");
    unwatchDriverLog(&second.services);
    say(CU_LOG_LEVEL_ERROR, "to nobody");
    ASSERT_EQ(first.lines.size(), 3u);
    EXPECT_EQ(first.lines[0].text, "the driver: no memory");
    EXPECT_EQ(first.lines[0].level, HY_LOG_ERROR);
    EXPECT_EQ(first.lines[1].level, HY_LOG_WARNING);
    EXPECT_EQ(first.lines[2].level, HY_LOG_DEBUG);
    EXPECT_EQ(second.lines.size(), 4u);
    unwatchDriverLog(&second.services);
}

TEST(DriverLog, ALogThatMakesTheDriverSpeakEnds) {
    const Symbols cu = withLogs();
    Listener listener;
    listener.speaksBack = true;
    watchDriverLog(cu, &listener.services);
    say(CU_LOG_LEVEL_ERROR, "once");
    unwatchDriverLog(&listener.services);
    EXPECT_EQ(listener.lines.size(), 1u);
}

TEST(DriverLog, InstancesComeAndGoMeanwhile) {
    const Symbols cu = withLogs();
    {
        Listener ignored; // so that there is a callback
        watchDriverLog(cu, &ignored.services);
        unwatchDriverLog(&ignored.services);
    }
    std::atomic<bool> stop{false};
    std::vector<std::thread> speakers;
    for (int i = 0; i < 3; ++i)
        speakers.emplace_back([&] {
            while (!stop)
                say(CU_LOG_LEVEL_WARNING, "a word");
        });
    size_t heard = 0;
    for (int round = 0; round < 200 || heard == 0; ++round) {
        Listener listener;
        watchDriverLog(cu, &listener.services);
        std::this_thread::yield();
        unwatchDriverLog(&listener.services);
        heard += listener.lines.size(); // nobody writes to it any more
    }
    stop = true;
    for (std::thread& speaker : speakers)
        speaker.join();
}

TEST(DriverLog, OlderDriversHaveNone) {
    const Symbols cu;
    Listener listener;
    watchDriverLog(cu, &listener.services);
    unwatchDriverLog(&listener.services);
    EXPECT_TRUE(listener.lines.empty());
}

} // namespace
} // namespace halyard::cuda
