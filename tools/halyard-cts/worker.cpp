#include "worker.h"

#include "output_text.h"
#include "protocol.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <mutex>
#include <sys/prctl.h>
#include <unistd.h>

namespace halyard::cts {

namespace {

constexpr const char* kRun = "--worker=run";
constexpr const char* kDescribe = "--worker=describe";

// The pipe to the parent. Processes that a test forks off have it as well and must not write to it.
class Channel {
public:
    void send(const Message& message) {
        if (getpid() != owner_)
            return;
        const std::string line = toLine(message);
        const std::lock_guard lock(mutex_);
        size_t sent = 0;
        while (sent < line.size()) {
            const ssize_t written = write(kControlFd, line.data() + sent, line.size() - sent);
            if (written < 0 && errno != EINTR)
                _exit(1); // nobody listens
            sent += written > 0 ? static_cast<size_t>(written) : 0;
        }
    }

private:
    const pid_t owner_ = getpid();
    std::mutex mutex_;
};

class Reporter : public testing::EmptyTestEventListener {
public:
    explicit Reporter(Channel& channel) : channel_(channel) {}

private:
    void OnTestSuiteStart(const testing::TestSuite& suite) override {
        static_cast<void>(suite);
        early_ = true;
    }
    void OnTestStart(const testing::TestInfo& info) override {
        sent_ = 0;
        early_ = false;
        skipReason_.clear();
        Message message;
        message.kind = Message::Kind::Begin;
        message.test = nameOf(info);
        channel_.send(message);
    }
    void OnTestPartResult(const testing::TestPartResult& part) override {
        if (part.skipped() && skipReason_.empty())
            skipReason_ = part.message();
        if (part.failed())
            fail(placeOf(part) + part.message());
    }
    void OnTestEnd(const testing::TestInfo& info) override {
        const testing::TestResult& result = *info.result();
        Message message;
        message.kind = Message::Kind::End;
        message.test = nameOf(info);
        message.seconds = static_cast<double>(result.elapsed_time()) / 1000;
        message.status = result.Failed() ? Status::Failed : (result.Skipped() ? Status::Skipped : Status::Passed);
        message.text = beginningOf(skipReason_);
        if (message.status == Status::Skipped && onOneLine(skipReason_, 2).empty()) {
            message.status = Status::Failed;
            fail("the test skipped itself without saying why");
        }
        channel_.send(message);
        sent_ = 0;
    }

    void fail(const std::string& words) {
        if (sent_ >= kMaxOutput)
            return; // a test may fail without end
        Message message;
        message.kind = early_ ? Message::Kind::Early : Message::Kind::Failure;
        message.text = beginningOf(words);
        sent_ += message.text.size();
        channel_.send(message);
    }
    static std::string nameOf(const testing::TestInfo& info) {
        return std::string(info.test_suite_name()) + "." + info.name();
    }
    static std::string placeOf(const testing::TestPartResult& part) {
        if (part.file_name() == nullptr)
            return "";
        std::string file = part.file_name();
        return file.substr(file.rfind('/') + 1) + ":" + std::to_string(part.line_number()) + ": ";
    }

    Channel& channel_;
    size_t sent_ = 0;
    bool early_ = false;
    std::string skipReason_;
};

int describe(const Suite& suite, const std::string& selector) {
    Channel channel;
    Message message;
    message.kind =
        suite.describe(selector, message.subject, message.text) ? Message::Kind::Subject : Message::Kind::Absent;
    channel.send(message);
    return 0;
}

} // namespace

std::vector<std::string> workerFor(const std::vector<std::string>& tests, uint64_t seed) {
    std::string filter = "--gtest_filter=";
    for (const std::string& test : tests)
        filter += test + ":";
    constexpr uint64_t kSeeds = 99'999; // GoogleTest's are 1 to 99999
    return {kRun, filter, "--gtest_random_seed=" + std::to_string(seed % kSeeds + 1)};
}

std::vector<std::string> describerOf(const std::string& selector) {
    return {kDescribe, selector};
}

std::optional<int> runAsWorker(int argc, char** argv, const Suite& suite) {
    if (argc < 3 || (std::strcmp(argv[1], kRun) != 0 && std::strcmp(argv[1], kDescribe) != 0))
        return std::nullopt;
    // A death test starts this command line again, with more behind it: that process reports to its test alone.
    for (int i = 2; i < argc; ++i) {
        if (std::strncmp(argv[i], "--gtest_internal_run_death_test", 31) == 0) {
            testing::InitGoogleTest(&argc, argv);
            return RUN_ALL_TESTS();
        }
    }
    if (fcntl(kControlFd, F_SETFD, FD_CLOEXEC) != 0) {
        std::fprintf(stderr, "halyard-cts: --worker is for halyard-cts itself: descriptor %d is not open\n",
                     kControlFd);
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::setvbuf(stdout, nullptr, _IOLBF, 0); // what a test printed must not die with it
    if (std::strcmp(argv[1], kDescribe) == 0)
        return describe(suite, argv[2]);
    testing::InitGoogleTest(&argc, argv);
    Channel channel;
    testing::UnitTest::GetInstance()->listeners().Append(new Reporter(channel)); // GoogleTest owns it
    const int status = RUN_ALL_TESTS();
    static_cast<void>(status); // the parent has it test by test
    Message done;
    done.kind = Message::Kind::Done;
    channel.send(done);
    return 0;
}

} // namespace halyard::cts
