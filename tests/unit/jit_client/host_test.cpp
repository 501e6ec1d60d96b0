// What the application may do to its own process: signals, descriptors, forks, sudden death.
#include "client_fixture.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace halyard::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Installs a handler for the life of the object.
class SignalHandler {
public:
    SignalHandler(int signal, void (*handler)(int)) : signal_(signal) {
        struct sigaction action {};
        action.sa_handler = handler;
        sigaction(signal, &action, &before_);
    }
    ~SignalHandler() { sigaction(signal_, &before_, nullptr); }

private:
    int signal_;
    struct sigaction before_ {};
};

// True when the process is gone or a zombie that only awaits its new parent.
bool hasEnded(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text(std::istreambuf_iterator<char>(in), {});
    const size_t name = text.rfind(") ");
    return name == std::string::npos || text[name + 2] == 'Z' || text[name + 2] == 'X';
}

bool endsWithin(pid_t pid, std::chrono::milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!hasEnded(pid)) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        usleep(10'000);
    }
    return true;
}

TEST_F(ClientTest, SigchldMayBeIgnored) {
    const SignalHandler ignore(SIGCHLD, SIG_IGN);
    EXPECT_EQ(compile("saxpy").code, HY_SUCCESS);
    const Result crash = compile("crash:link");
    EXPECT_EQ(crash.code, HY_ERROR_COMPILER_LOST);
    EXPECT_THAT(crash.message, AllOf(HasSubstr("stage link"), HasSubstr("SIGCHLD")));
    expectRecovered();
    compiler_.reset();
}

TEST_F(ClientTest, ASigchldHandlerMayReapEverything) {
    const SignalHandler reaper(SIGCHLD, [](int) {
        const int saved = errno;
        while (waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        errno = saved;
    });
    EXPECT_EQ(compile("saxpy").code, HY_SUCCESS);
    EXPECT_THAT(compile("crash:link").message, HasSubstr("stage link"));
    expectRecovered();
    compiler_.reset();
}

TEST_F(ClientTest, NoHandlerAndNoMaskChanges) {
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, nullptr, &before);
    struct sigaction actions[NSIG] = {};
    for (int signal = 1; signal < NSIG; ++signal)
        sigaction(signal, nullptr, &actions[signal]);
    compile("saxpy");
    compile("crash:link");
    compiler_.reset();
    pthread_sigmask(SIG_SETMASK, nullptr, &after);
    for (int signal = 1; signal < NSIG; ++signal) {
        struct sigaction now {};
        if (sigaction(signal, nullptr, &now) == 0) {
            EXPECT_EQ(now.sa_handler, actions[signal].sa_handler) << signal;
        }
        EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
    }
}

// The default action of SIGPIPE would end this process: a worker that is dead, or dies in the middle of a large
// request.
TEST_F(ClientTest, ADeadWorkerRaisesNoSigpipe) {
    const SignalHandler standard(SIGPIPE, SIG_DFL);
    EXPECT_EQ(compile("pid").code, HY_SUCCESS);
    kill(static_cast<pid_t>(std::stoi(compile("pid").bytes)), SIGKILL);
    std::vector<uint32_t> words(4u << 20);
    HyJitRequest in = request("large");
    in.spirv = words.data();
    in.spirvBytes = words.size() * 4;
    EXPECT_EQ(compile(in).code, HY_SUCCESS);
    EXPECT_EQ(counters_.workersStarted, 2u);
}

TEST_F(ClientTest, TheWorkerInheritsNothing) {
    const int leak = open((root_ / "secret").c_str(), O_CREAT | O_RDWR, 0600); // without close-on-exec
    const int high = fcntl(leak, F_DUPFD, 200);
    const Result result = compile("fds");
    close(leak);
    close(high);
    EXPECT_THAT(result.bytes, Not(HasSubstr("secret")));
    EXPECT_THAT(result.bytes,
                AllOf(HasSubstr("0 /dev/null\n1 /dev/null\n2 pipe:"), HasSubstr("3 socket:"), HasSubstr("4 socket:")));
    EXPECT_EQ(std::count(result.bytes.begin(), result.bytes.end(), '\n'), 5) << result.bytes;
    EXPECT_EQ(compile("cwd").bytes, "/");
}

TEST_F(ClientTest, TheEnvironmentIsPassedOn) {
    set("FAKE_PROBE", "value");
    EXPECT_EQ(compile("environment").bytes, "value");
}

TEST_F(ClientTest, EverythingOfOursIsClosedAgain) {
    const auto count = [] { return std::distance(fs::directory_iterator("/proc/self/fd"), {}); };
    const auto before = count();
    compile("saxpy");
    compile("crash:link");
    compiler_.reset();
    EXPECT_EQ(count(), before);
}

TEST_F(ClientTest, OurDescriptorsAreCloseOnExec) {
    std::vector<std::string> before;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd"))
        before.push_back(entry.path().filename().native());
    compile("saxpy");
    int ours = 0;
    for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
        const std::string name = entry.path().filename().native();
        std::error_code fault;
        const fs::path target = fs::read_symlink(entry.path(), fault);
        // All but the descriptor of this very iteration.
        if (std::find(before.begin(), before.end(), name) != before.end() || fault ||
            target.native().starts_with("/proc"))
            continue;
        EXPECT_NE(fcntl(std::stoi(name), F_GETFD) & FD_CLOEXEC, 0) << target;
        ++ours;
    }
    EXPECT_EQ(ours, 3); // the channel, the standard error, the process
}

// A daemon has closed its standard streams; what we open must neither take their place nor be overwritten in the
// worker.
TEST_F(ClientTest, TheStandardStreamsMayBeClosed) {
    int saved[5];
    for (int fd = 0; fd < 5; ++fd) {
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 100);
        close(fd);
    }
    const Result result = compile("fds");
    bool taken = false;
    for (int fd = 0; fd < 5; ++fd)
        taken = taken || fcntl(fd, F_GETFD) >= 0;
    for (int fd = 0; fd < 5; ++fd) {
        if (saved[fd] >= 0) {
            dup2(saved[fd], fd);
            close(saved[fd]);
        }
    }
    EXPECT_FALSE(taken);
    EXPECT_EQ(result.code, HY_SUCCESS) << result.message;
    EXPECT_THAT(result.bytes, HasSubstr("0 /dev/null\n1 /dev/null\n2 pipe:"));
}

TEST_F(ClientTest, AForkedChildIsRefusedAndDisturbsNothing) {
    const std::string worker = compile("pid").bytes;
    const pid_t child = fork();
    if (child == 0) {
        const bool refused = compile("saxpy").code == HY_ERROR_FORKED;
        compiler_.reset();
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(compile("saxpy").code, HY_SUCCESS);
    HyJitRequest in = request("pid");
    in.workgroupSize[0] = 2;
    EXPECT_EQ(compile(in).bytes, worker);
    EXPECT_EQ(counters_.workersStarted, 1u);
}

TEST_F(ClientTest, AForkInTheMiddleOfACompilationDisturbsNothing) {
    compiler();
    Result result;
    std::thread thread([&] { result = compile("slow:400"); });
    usleep(150'000);
    const pid_t child = fork();
    if (child == 0) {
        hyClearLastError();
        HyJitArtifact artifact = {};
        artifact.structSize = sizeof artifact;
        const bool refused = compiler_->compile(request("slow:400"), &artifact) == HY_ERROR_FORKED;
        compiler_.reset();
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    thread.join();
    EXPECT_EQ(result.code, HY_SUCCESS) << result.message;
}

// A child that the application forked holds copies of our descriptors; ending the compiler must not wait for that
// child.
TEST_F(ClientTest, AForkedChildDoesNotKeepTheWorkersAlive) {
    const auto worker = static_cast<pid_t>(std::stoi(compile("pid").bytes));
    const pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    const auto begin = std::chrono::steady_clock::now();
    compiler_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900)); // it left by itself
    EXPECT_TRUE(hasEnded(worker));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
}

TEST_F(ClientTest, TheEndIsQuickAndLeavesNoWorker) {
    const auto worker = static_cast<pid_t>(std::stoi(compile("pid").bytes));
    const auto begin = std::chrono::steady_clock::now();
    compiler_.reset();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(900));
    EXPECT_TRUE(hasEnded(worker));
}

TEST_F(ClientTest, AWorkerEndsWhenItsHostIsKilled) {
    int channel[2];
    ASSERT_EQ(pipe2(channel, O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, channel[1], 1);
    std::string program = FAKE_HOST;
    char* const argv[] = {program.data(), nullptr};
    pid_t host = -1;
    ASSERT_EQ(posix_spawn(&host, program.c_str(), &actions, nullptr, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(channel[1]);
    char text[32] = {};
    ASSERT_GT(::read(channel[0], text, sizeof text - 1), 0);
    close(channel[0]);
    const auto worker = static_cast<pid_t>(std::atoi(text));
    ASSERT_GT(worker, 1);
    EXPECT_FALSE(hasEnded(worker));
    kill(host, SIGKILL);
    waitpid(host, nullptr, 0);
    EXPECT_TRUE(endsWithin(worker, std::chrono::seconds(5)));
}

} // namespace
} // namespace halyard::test
