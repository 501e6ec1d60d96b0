#include "jit/client/worker_process.h"

#include "jit/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <thread>

namespace halyard::jit {
namespace {

constexpr size_t kErrorBytes = 8192; // of the standard error, its end
constexpr std::chrono::seconds kReapTime(1);

// Rounded up, so that a poll does not spin through the last millisecond.
int pollTimeout(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left, 0, INT_MAX));
}

void consume(std::span<iovec>& parts, size_t count) {
    while (!parts.empty() && count >= parts[0].iov_len) {
        count -= parts[0].iov_len;
        parts = parts.subspan(1);
    }
    if (!parts.empty()) {
        parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + count;
        parts[0].iov_len -= count;
    }
}

} // namespace

std::string Ending::describe() const {
    if (!known)
        return "ended (the application's own SIGCHLD handling took its exit status)";
    if (!signalled)
        return fmt::format("exited with status {}", value);
    const char* name = sigabbrev_np(value);
    const char* words = sigdescr_np(value);
    return fmt::format("was killed by SIG{} ({})", name != nullptr ? name : "?", words != nullptr ? words : "unknown");
}

std::unique_ptr<WorkerProcess> WorkerProcess::start(const std::filesystem::path& program, uint64_t memoryMegabytes,
                                                    std::string& problem) {
    SpawnedProcess process;
    if (!spawn(program, memoryMegabytes, process, problem))
        return nullptr;
    return std::unique_ptr<WorkerProcess>(new WorkerProcess(std::move(process), program));
}

WorkerProcess::WorkerProcess(SpawnedProcess process, std::filesystem::path program)
    : process_(std::move(process)), program_(std::move(program)) {}

WorkerProcess::~WorkerProcess() {
    if (!reap()) {
        kill();
        waitForEnd(Clock::now() + kReapTime);
    }
}

// Waits for the channel, and meanwhile reads the standard error, which would otherwise fill up and block the worker.
Io WorkerProcess::waitFor(short events, Clock::time_point deadline) {
    while (true) {
        std::array<pollfd, 3> fds{pollfd{process_.channel.get(), events, 0},
                                  pollfd{errorsOpen_ ? process_.errors.get() : -1, POLLIN, 0},
                                  pollfd{process_.process.get(), POLLIN, 0}};
        const int ready = poll(fds.data(), fds.size(), pollTimeout(deadline));
        if (ready < 0 && errno != EINTR)
            return Io::Closed;
        if (ready > 0 && fds[1].revents != 0)
            drainErrors();
        if (ready > 0 && fds[0].revents != 0)
            return Io::Done; // or hung up: the send or receive that follows tells
        // Without an end of file: the application forked while we held the worker's end of the socket.
        if (ready > 0 && fds[2].revents != 0)
            return Io::Closed;
        if (Clock::now() >= deadline)
            return Io::TimedOut;
    }
}

// A socket rather than a pipe, for MSG_NOSIGNAL: writing to a dead worker must not raise SIGPIPE in the application.
Io WorkerProcess::send(std::string_view json, std::span<const std::byte> blob, Clock::time_point deadline) {
    if (json.size() > FrameHeader::kMaxJson || blob.size() > FrameHeader::kMaxBlob)
        return Io::Malformed;
    FrameHeader header;
    header.jsonSize = static_cast<uint32_t>(json.size());
    header.blobSize = blob.size();
    std::array<iovec, 3> all{iovec{&header, sizeof header}, iovec{const_cast<char*>(json.data()), json.size()},
                             iovec{const_cast<std::byte*>(blob.data()), blob.size()}};
    std::span<iovec> parts(all);
    consume(parts, 0);
    while (!parts.empty()) {
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = parts.size();
        const ssize_t count = sendmsg(process_.channel.get(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            consume(parts, static_cast<size_t>(count));
        } else if (errno == EAGAIN) {
            if (const Io io = waitFor(POLLOUT, deadline); io != Io::Done)
                return io;
        } else if (errno != EINTR) {
            return Io::Closed;
        }
    }
    return Io::Done;
}

Io WorkerProcess::receiveAll(void* data, size_t size, Clock::time_point deadline) {
    auto* cursor = static_cast<char*>(data);
    while (size > 0) {
        const ssize_t count = recv(process_.channel.get(), cursor, size, MSG_DONTWAIT);
        if (count > 0) {
            cursor += count;
            size -= static_cast<size_t>(count);
        } else if (count < 0 && errno == EAGAIN) {
            if (const Io io = waitFor(POLLIN, deadline); io != Io::Done)
                return io;
        } else if (count == 0 || errno != EINTR) {
            return Io::Closed;
        }
    }
    return Io::Done;
}

Io WorkerProcess::receive(std::string& json, std::unique_ptr<MemoryBlob>& blob, Clock::time_point deadline) {
    FrameHeader header;
    header.magic = 0;
    if (const Io io = receiveAll(&header, sizeof header, deadline); io != Io::Done)
        return io;
    if (header.magic != FrameHeader::kMagic || header.jsonSize > FrameHeader::kMaxJson ||
        header.blobSize > FrameHeader::kMaxBlob || header.reserved != 0)
        return Io::Malformed;
    json.resize(header.jsonSize);
    if (const Io io = receiveAll(json.data(), json.size(), deadline); io != Io::Done)
        return io;
    blob.reset();
    if (header.blobSize == 0)
        return Io::Done;
    std::unique_ptr<MemoryBlob> bytes = MemoryBlob::allocate(header.blobSize);
    if (bytes == nullptr)
        return Io::NoMemory;
    const Io io = receiveAll(bytes->writable().data(), header.blobSize, deadline);
    if (io == Io::Done)
        blob = std::move(bytes);
    return io;
}

bool WorkerProcess::isIdle() const {
    pollfd fd{process_.channel.get(), POLLIN, 0};
    return poll(&fd, 1, 0) == 0;
}

// shutdown(), not close(): a process that the application forked meanwhile holds the socket too.
void WorkerProcess::close() {
    shutdown(process_.channel.get(), SHUT_RDWR);
}

bool WorkerProcess::reap() {
    if (reaped_)
        return true;
    const bool byDescriptor = static_cast<bool>(process_.process);
    siginfo_t info{};
    const int result =
        waitid(byDescriptor ? P_PIDFD : P_PID, static_cast<id_t>(byDescriptor ? process_.process.get() : process_.pid),
               &info, WEXITED | WNOHANG);
    if (result == 0 && info.si_pid == process_.pid) {
        ending_ = {true, info.si_code != CLD_EXITED, info.si_status};
        reaped_ = true;
    } else if (result != 0 && errno == ECHILD) {
        reaped_ = true; // the application ignores SIGCHLD, or its handler waits for every child
    } else if (result != 0 && byDescriptor) {
        process_.process.release(); // closed, and perhaps reused, by an application that closes every descriptor
    }
    return reaped_;
}

bool WorkerProcess::waitForEnd(Clock::time_point deadline) {
    while (!reap()) {
        if (Clock::now() >= deadline)
            return false;
        if (process_.process) {
            pollfd fd{process_.process.get(), POLLIN, 0};
            poll(&fd, 1, pollTimeout(deadline));
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
    return true;
}

void WorkerProcess::kill() {
    if (reaped_)
        return; // its number may belong to another process by now
    if (process_.process)
        syscall(SYS_pidfd_send_signal, process_.process.get(), SIGKILL, nullptr, 0);
    else
        ::kill(process_.pid, SIGKILL);
}

void WorkerProcess::drainErrors() {
    std::array<char, 4096> buffer;
    // Bounded, for a worker that writes faster than we read.
    for (int i = 0; i < 64 && errorsOpen_; ++i) {
        const ssize_t count = read(process_.errors.get(), buffer.data(), buffer.size());
        if (count > 0) {
            errors_.append(buffer.data(), static_cast<size_t>(count));
            if (errors_.size() > 2 * kErrorBytes)
                errors_.erase(0, errors_.size() - kErrorBytes);
        } else if (count == 0) {
            errorsOpen_ = false;
        } else if (errno != EINTR) {
            break;
        }
    }
}

const std::string& WorkerProcess::errors() {
    drainErrors();
    return errors_;
}

void WorkerProcess::forgetErrors() {
    drainErrors();
    errors_.clear();
}

} // namespace halyard::jit
