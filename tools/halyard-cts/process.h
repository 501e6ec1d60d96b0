// A worker as its parent sees it.
#pragma once

#include "protocol.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace halyard::cts {

// Changes to the environment: a value of nullopt removes the variable. Of two for the same variable the last one
// counts.
using Settings = std::vector<std::pair<std::string, std::optional<std::string>>>;

class WorkerProcess {
public:
    // Starts this program, in a process group of its own, with empty standard input. Throws std::runtime_error.
    WorkerProcess(const std::vector<std::string>& arguments, const Settings& settings);
    // Kills what still runs of the group.
    ~WorkerProcess();
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    int controlFd() const { return control_; }
    int outputFd() const { return output_; }
    // What has arrived by now. Never waits.
    std::vector<Message> readMessages();
    // Takes what was printed, a bounded amount a call so that a worker that never stops printing cannot keep the
    // parent; only the end of it is kept.
    void readOutput();
    bool outputEnded() const { return output_ < 0; }

    // Whether the process itself has ended; what it left running may go on.
    bool ended() const;
    void kill();
    // After ended(): ends what is left of the group and gives the wait status.
    int reap();
    // The end of what it printed on stdout and stderr, from where `test` began when that is still there.
    std::string outputOf(const std::string& test) const;

private:
    pid_t pid_ = -1;
    int control_ = -1;
    int output_ = -1;
    std::string unfinishedLine_;
    std::string printed_;
};

// "exit status 3", "signal 11 (SIGSEGV)".
std::string describeWaitStatus(int status);

} // namespace halyard::cts
