// One worker process: frames to and from it, and its end.
#pragma once

#include "cache/memory_blob.h"
#include "jit/client/spawn.h"

#include <chrono>
#include <memory>
#include <span>
#include <string>

namespace halyard::jit {

using Clock = std::chrono::steady_clock;

enum class Io {
    Done,
    Closed, // the process ended, or closed its end
    TimedOut,
    Malformed, // not a frame, or one above the limits of protocol.h
    NoMemory,
};

// How a process ended.
struct Ending {
    bool known = false; // false: the application's own SIGCHLD handling took the status
    bool signalled = false;
    int value = 0; // the signal, or the exit status

    // "was killed by SIGSEGV (Segmentation fault)", "exited with status 127", or "ended".
    std::string describe() const;
};

// Not thread-safe: a worker has one user at a time.
class WorkerProcess {
public:
    // Null with `problem` set.
    static std::unique_ptr<WorkerProcess> start(const std::filesystem::path& program, uint64_t memoryMegabytes,
                                                std::string& problem);
    // Kills it when it still runs, and reaps it.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    Io send(std::string_view json, std::span<const std::byte> blob, Clock::time_point deadline);
    // `blob` becomes null when the frame has none.
    Io receive(std::string& json, std::unique_ptr<MemoryBlob>& blob, Clock::time_point deadline);

    // False when a worker that nobody waits for has ended or has spoken: neither is fit for a request.
    bool isIdle() const;
    // Lets it end by itself: it reads the end of its input.
    void close();
    // Waits until it has ended. False at the deadline.
    bool waitForEnd(Clock::time_point deadline);
    void kill();
    // REQUIRES: waitForEnd returned true.
    const Ending& ending() const { return ending_; }

    // The end of what it wrote to its standard error since the last call of forgetErrors.
    const std::string& errors();
    void forgetErrors();

    pid_t pid() const { return process_.pid; }
    const std::filesystem::path& program() const { return program_; }
    uint64_t nextId() { return ++lastId_; }
    bool used() const { return lastId_ > 1; } // it has had a request after "hello"

private:
    WorkerProcess(SpawnedProcess process, std::filesystem::path program);
    Io waitFor(short events, Clock::time_point deadline);
    Io receiveAll(void* data, size_t size, Clock::time_point deadline);
    void drainErrors();
    bool reap();

    SpawnedProcess process_;
    std::filesystem::path program_;
    std::string errors_;
    bool errorsOpen_ = true;
    bool reaped_ = false;
    Ending ending_;
    uint64_t lastId_ = 0;
};

} // namespace halyard::jit
