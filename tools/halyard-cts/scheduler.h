// Runs the batches of a plan in workers and finds out what became of each test.
#pragma once

#include "judge.h"
#include "options.h"
#include "plan.h"
#include "process.h"

#include <csignal>
#include <functional>
#include <string>

namespace halyard::cts {

// While it lives, SIGINT, SIGTERM and SIGHUP wait in a descriptor instead of ending this process, and so does SIGCHLD.
class Signals {
public:
    Signals(); // throws std::runtime_error
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    int fd() const { return fd_; }
    // The name of a signal that asks to stop, when one came; "" otherwise.
    std::string take();

private:
    sigset_t before_{};
    int fd_ = -1;
};

struct Observer {
    std::function<void(size_t test)> begins;
    // False stops the run.
    std::function<bool(size_t test, uint32_t round, const Outcome& outcome)> ends;
    // A signal ended the run while the test ran, or before it could.
    std::function<void(size_t test, const std::string& signal)> interrupted;
};

struct SchedulerOptions {
    uint32_t jobs = 1;
    uint32_t repetitions = 1;
    uint32_t timeoutSeconds = 0;
    uint64_t seed = 0;
    Settings settings; // of every worker; they win over a batch's environment
};

// Gives "" when everything ran, "--fail-fast" when the observer stopped it, or the name of the signal that did: then
// the observer is told of at least one test that was interrupted, unless none was left to run. Throws
// std::runtime_error when no worker can be started.
std::string runBatches(const Plan& plan, const SchedulerOptions& options, const Observer& observer, Signals& signals);

// Runs a worker to its end; its last message, or nothing with words of what happened instead.
std::optional<Message> askWorker(const std::vector<std::string>& arguments, const Settings& settings,
                                 uint32_t timeoutSeconds, Signals& signals, std::string& why);

} // namespace halyard::cts
