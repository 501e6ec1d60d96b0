#include "oracle/oracle.h"

#include "oracle/protocol.h"
#include "oracle/translated.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ; // NOLINT: POSIX

namespace halyard::spirvtest::oracle {
namespace {

class Ours final : public Oracle {
public:
    explicit Ours(std::unique_ptr<TestDevice> device) : device_(std::move(device)) {}
    const std::string& selector() const override { return device_->selector(); }
    Outcome run(const Words& words, Launch& launch) override { return device_->run(words, launch); }
    bool takes(Flavour) const override { return true; }

private:
    std::unique_ptr<TestDevice> device_;
};

// A child process with a request for its stdin; what it writes to stdout, and how it ended.
struct Ended {
    int status = -1; // as waitpid gives it
    std::string output;
};

Ended runChild(const std::string& program, const std::string& input) {
    Ended ended;
    std::array<int, 2> toChild{-1, -1}, fromChild{-1, -1};
    if (pipe2(toChild.data(), O_CLOEXEC) != 0 || pipe2(fromChild.data(), O_CLOEXEC) != 0)
        return ended;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, toChild[0], 0);
    posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::string path = program;
    std::array<char*, 2> arguments{path.data(), nullptr};
    pid_t child = -1;
    const int failed = posix_spawn(&child, path.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(toChild[0]);
    close(fromChild[1]);
    fcntl(toChild[1], F_SETFL, O_NONBLOCK);
    size_t sent = 0;
    bool open = failed == 0;
    while (open) {
        std::array<pollfd, 2> polls{pollfd{fromChild[0], POLLIN, 0}, pollfd{toChild[1], POLLOUT, 0}};
        const nfds_t count = toChild[1] >= 0 ? 2 : 1;
        if (poll(polls.data(), count, 60'000) <= 0) {
            kill(child, SIGKILL); // a minute without a word
            break;
        }
        if (count == 2 && polls[1].revents != 0) {
            const ssize_t written = write(toChild[1], input.data() + sent, input.size() - sent);
            sent += written > 0 ? static_cast<size_t>(written) : 0;
            if (sent == input.size() || (written < 0 && errno != EAGAIN && errno != EINTR)) {
                close(toChild[1]);
                toChild[1] = -1;
            }
        }
        if (polls[0].revents != 0) {
            std::array<char, 65536> block; // NOLINT: filled by read()
            const ssize_t got = read(fromChild[0], block.data(), block.size());
            open = got > 0;
            ended.output.append(block.data(), got > 0 ? static_cast<size_t>(got) : 0);
        }
    }
    if (toChild[1] >= 0)
        close(toChild[1]);
    close(fromChild[0]);
    if (failed == 0)
        waitpid(child, &ended.status, 0);
    return ended;
}

class Foreign final : public Oracle {
public:
    Foreign(std::string selector, std::string program, Flavour flavour)
        : selector_(std::move(selector)), program_(std::move(program)), flavour_(flavour) {
        std::signal(SIGPIPE, SIG_IGN); // a child that dies early must not take the test along
    }
    const std::string& selector() const override { return selector_; }
    bool takes(Flavour flavour) const override { return flavour == flavour_; }
    Outcome run(const Words& words, Launch& launch) override {
        const Ended ended = runChild(program_, formatRequest(words, launch));
        Outcome outcome;
        if (ended.status != 0 || !parseAnswer(ended.output, &outcome, &launch)) {
            return {HY_ERROR_DEVICE_LOST, selector_,
                    "the process ended with wait status " + std::to_string(ended.status)};
        }
        return outcome;
    }

private:
    std::string selector_, program_;
    Flavour flavour_;
};

// The programs lie beside this one.
std::string programPath(const std::string& name) {
    std::array<char, 4096> self{};
    const ssize_t size = readlink("/proc/self/exe", self.data(), self.size() - 1);
    const std::string path(self.data(), size > 0 ? static_cast<size_t>(size) : 0);
    return path.substr(0, path.rfind('/') + 1) + name;
}

} // namespace

std::unique_ptr<Oracle> open(const std::string& selector, std::string* why) {
    constexpr std::string_view kKernel = "kernel:";
    if (selector.starts_with(kKernel)) {
        std::unique_ptr<Oracle> device = open(selector.substr(kKernel.size()), why);
        return device != nullptr ? translated(std::move(device), programPath("halyardc")) : nullptr;
    }
    if (selector == "pocl" || selector == "lavapipe") {
        const std::string program = programPath("spirv_oracle_" + selector);
        if (access(program.c_str(), X_OK) != 0) {
            *why = program + " was not built: its development package is missing";
            return nullptr;
        }
        return std::make_unique<Foreign>(selector, program, selector == "pocl" ? Flavour::Kernel : Flavour::GLCompute);
    }
    std::unique_ptr<TestDevice> device = TestDevice::open(selector, why);
    return device != nullptr ? std::make_unique<Ours>(std::move(device)) : nullptr;
}

} // namespace halyard::spirvtest::oracle
