#include "jit/client/spawn.h"

#include "jit/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <system_error>

namespace halyard::jit {
namespace {

constexpr int kFirstOwnFd = std::max(kWorkerRequestFd, kWorkerReplyFd) + 1;

// An application that closed its standard streams gets their numbers from the next open. Ours must not end up there: it
// may print into them, and the child's dup2 calls would overwrite one descriptor with another.
bool raise(FileDescriptor& fd) {
    if (fd.get() >= kFirstOwnFd)
        return true;
    fd.reset(fcntl(fd.get(), F_DUPFD_CLOEXEC, kFirstOwnFd));
    return static_cast<bool>(fd);
}

bool makePair(FileDescriptor& ours, FileDescriptor& theirs) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    ours.reset(pair[0]);
    theirs.reset(pair[1]);
    return raise(ours) && raise(theirs);
}

bool makePipe(FileDescriptor& readEnd, FileDescriptor& writeEnd) {
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) != 0)
        return false;
    readEnd.reset(pair[0]);
    writeEnd.reset(pair[1]);
    return raise(readEnd) && raise(writeEnd) && fcntl(readEnd.get(), F_SETFL, O_NONBLOCK) == 0;
}

class FileActions {
public:
    FileActions() { fault_ = posix_spawn_file_actions_init(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }

    template <typename Function, typename... Args> void add(Function function, Args... args) {
        if (fault_ == 0)
            fault_ = function(&actions_, args...);
    }
    int fault() const { return fault_; }
    const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
    int fault_;
};

class Attributes {
public:
    Attributes() {
        posix_spawnattr_init(&attributes_);
        sigset_t none, all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setpgroup(&attributes_, 0);
        posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    }
    Attributes(const Attributes&) = delete;
    Attributes& operator=(const Attributes&) = delete;
    ~Attributes() { posix_spawnattr_destroy(&attributes_); }
    const posix_spawnattr_t* get() const { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

} // namespace

bool spawn(const std::filesystem::path& program, uint64_t memoryMegabytes, SpawnedProcess& out, std::string& problem) {
    const auto failed = [&](int fault) {
        problem = fmt::format("cannot start {}: {}", program.native(), std::generic_category().message(fault));
        return false;
    };
    FileDescriptor theirChannel, theirErrors;
    if (!makePair(out.channel, theirChannel) || !makePipe(out.errors, theirErrors))
        return failed(errno);

    FileActions actions;
    actions.add(posix_spawn_file_actions_addopen, 0, "/dev/null", O_RDONLY, mode_t{0});
    actions.add(posix_spawn_file_actions_addopen, 1, "/dev/null", O_WRONLY, mode_t{0});
    actions.add(posix_spawn_file_actions_adddup2, theirErrors.get(), 2);
    actions.add(posix_spawn_file_actions_adddup2, theirChannel.get(), kWorkerRequestFd);
    actions.add(posix_spawn_file_actions_adddup2, theirChannel.get(), kWorkerReplyFd);
    // What the host opened without close-on-exec: a worker that lives on must not keep its sockets or files open.
    actions.add(posix_spawn_file_actions_addclosefrom_np, kFirstOwnFd);
    actions.add(posix_spawn_file_actions_addchdir_np, "/");
    if (actions.fault() != 0)
        return failed(actions.fault());

    const Attributes attributes;
    std::string name = program.native();
    std::string limit = fmt::format("--memory-limit-mb={}", memoryMegabytes);
    char* const argv[] = {name.data(), limit.data(), nullptr};
    if (const int fault = posix_spawn(&out.pid, program.c_str(), actions.get(), attributes.get(), argv, environ))
        return failed(fault);
    out.process.reset(static_cast<int>(syscall(SYS_pidfd_open, out.pid, 0)));
    if (out.process)
        raise(out.process);
    return true;
}

} // namespace halyard::jit
