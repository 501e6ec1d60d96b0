#include "process.h"

#include "output_text.h"
#include "worker.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

namespace halyard::cts {

namespace {

constexpr size_t kMaxLine = 1 << 20; // several times what a worker sends

std::string thisProgram() {
    std::array<char, 4096> path{};
    const ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
    if (length <= 0 || static_cast<size_t>(length) == path.size())
        throw std::runtime_error("/proc/self/exe does not name this program, so it cannot start workers");
    return std::string(path.data(), static_cast<size_t>(length));
}

std::vector<std::string> environmentWith(const Settings& settings) {
    std::map<std::string, std::optional<std::string>> changes;
    for (const auto& [name, value] : settings)
        changes[name] = value;
    std::vector<std::string> result;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string text = *entry;
        if (changes.count(text.substr(0, text.find('='))) == 0)
            result.push_back(text);
    }
    for (const auto& [name, value] : changes) {
        if (value)
            result.push_back(name + "=" + *value);
    }
    return result;
}

std::vector<char*> pointersTo(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0)
            throw std::runtime_error(std::string("no pipe to a worker: ") + std::strerror(errno));
        read = ends[0];
        write = ends[1];
        fcntl(read, F_SETFL, O_NONBLOCK);
    }
    ~Pipe() {
        for (const int end : {read, write}) {
            if (end >= 0)
                close(end);
        }
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    int takeRead() { return std::exchange(read, -1); }
    int read = -1;
    int write = -1;
};

// Appends what is there, at most about `most` bytes; closes the descriptor at the end of the stream.
void readWhatIsThere(int& fd, size_t most, std::string& text) {
    std::array<char, 65536> bytes; // filled before it is read
    for (size_t taken = 0; fd >= 0 && taken < most;) {
        const ssize_t length = read(fd, bytes.data(), bytes.size());
        if (length > 0) {
            text.append(bytes.data(), static_cast<size_t>(length));
            taken += static_cast<size_t>(length);
        } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(fd);
            fd = -1;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

} // namespace

WorkerProcess::WorkerProcess(const std::vector<std::string>& arguments, const Settings& settings) {
    std::string program = thisProgram();
    std::vector<std::string> words = {program};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables = environmentWith(settings);
    Pipe control;
    Pipe output;

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output.write, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output.write, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, control.write, kControlFd);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    const int error = posix_spawn(&pid_, program.c_str(), &actions, &attributes, pointersTo(words).data(),
                                  pointersTo(variables).data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        throw std::runtime_error("cannot start " + program + ": " + std::strerror(error));
    control_ = control.takeRead();
    output_ = output.takeRead();
}

WorkerProcess::~WorkerProcess() {
    if (pid_ > 0) {
        kill();
        waitpid(pid_, nullptr, 0);
    }
    for (const int fd : {control_, output_}) {
        if (fd >= 0)
            close(fd);
    }
}

std::vector<Message> WorkerProcess::readMessages() {
    readWhatIsThere(control_, kMaxLine, unfinishedLine_);
    std::vector<Message> messages;
    size_t begin = 0;
    for (size_t end; (end = unfinishedLine_.find('\n', begin)) != std::string::npos; begin = end + 1) {
        if (std::optional<Message> message = fromLine(unfinishedLine_.substr(begin, end - begin)))
            messages.push_back(std::move(*message));
    }
    unfinishedLine_.erase(0, begin);
    if (unfinishedLine_.size() > kMaxLine)
        unfinishedLine_.clear();
    return messages;
}

void WorkerProcess::readOutput() {
    readWhatIsThere(output_, kMaxLine, printed_);
    if (printed_.size() > 2 * kMaxOutput)
        printed_.erase(0, printed_.size() - 2 * kMaxOutput);
}

bool WorkerProcess::ended() const {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid_;
}

void WorkerProcess::kill() {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL); // should it have left its group
}

int WorkerProcess::reap() {
    kill(); // before the wait: until then the number cannot be another group's
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
}

std::string WorkerProcess::outputOf(const std::string& test) const {
    const size_t start = printed_.rfind("[ RUN      ] " + test + "\n");
    if (start == std::string::npos)
        return endOf(printed_);
    return endOf(printed_.substr(printed_.find('\n', start) + 1));
}

std::string describeWaitStatus(int status) {
    if (WIFEXITED(status))
        return "exit status " + std::to_string(WEXITSTATUS(status));
    const int signal = WTERMSIG(status);
    const char* name = sigabbrev_np(signal);
    return "signal " + std::to_string(signal) + (name != nullptr ? std::string(" (SIG") + name + ")" : "");
}

} // namespace halyard::cts
