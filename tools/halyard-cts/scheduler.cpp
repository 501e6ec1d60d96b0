#include "scheduler.h"

#include "output_text.h"
#include "worker.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <poll.h>
#include <stdexcept>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

namespace halyard::cts {

namespace {

using Clock = std::chrono::steady_clock;

// Tests of one batch that still have to run in one repetition.
struct Work {
    std::vector<size_t> tests;
    const std::vector<std::string>* environment;
    uint32_t round;
};

// Waits for something of these processes: a message, output, an end, a signal, or the earliest deadline.
void waitForAny(const std::vector<const WorkerProcess*>& processes, const Signals& signals,
                Clock::time_point deadline) {
    std::vector<pollfd> fds = {{signals.fd(), POLLIN, 0}};
    for (const WorkerProcess* process : processes) {
        for (const int fd : {process->controlFd(), process->outputFd()})
            fds.push_back({fd, POLLIN, 0}); // poll ignores negative ones
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    poll(fds.data(), fds.size(), static_cast<int>(std::clamp<int64_t>(left + 1, 0, 60'000)));
}

// One worker at work on a batch.
class Running {
public:
    Running(const Plan& plan, Work work, const SchedulerOptions& options)
        : plan_(plan), work_(std::move(work)), timeout_(options.timeoutSeconds),
          process_(workerFor(names(), options.seed + work_.round), settings(options)) {
        limit();
    }

    const WorkerProcess& process() const { return process_; }
    Clock::time_point deadline() const { return deadline_; }

    // Takes what there is; false when the observer wants to stop.
    bool advance(const Observer& observer) {
        const bool ended = process_.ended(); // before reading: what comes later than this look is not waited for
        process_.readOutput();
        std::vector<Message> messages;
        do {
            messages = process_.readMessages();
            for (const Message& message : messages) {
                if (!take(message, observer))
                    return false;
            }
        } while (ended && !messages.empty());
        if (ended) {
            process_.readOutput();
            return finish(observer);
        }
        if (Clock::now() >= deadline_ && !timedOut_) {
            timedOut_ = true;
            process_.kill();
            deadline_ = Clock::now() + std::chrono::hours(1);
        }
        return true;
    }
    bool finished() const { return finished_; }
    // What the worker did not come to.
    Work rest() { return std::move(work_); }

    // Ends the worker; the test that is lost by it.
    std::optional<size_t> interrupt(const Observer& observer) {
        process_.kill();
        settleLast(observer);
        if (current_ || work_.tests.empty())
            return current_;
        return work_.tests.front();
    }

private:
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const size_t test : work_.tests)
            names.push_back(plan_.tests[test].result.name);
        return names;
    }
    Settings settings(const SchedulerOptions& options) const {
        Settings result;
        for (const std::string& setting : *work_.environment) {
            const size_t equals = setting.find('=');
            result.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
        }
        result.insert(result.end(), options.settings.begin(), options.settings.end());
        result.emplace_back("HALYARD_CTS_SEED", std::to_string(options.seed + work_.round));
        return result;
    }
    void limit() {
        began_ = Clock::now();
        deadline_ = began_ + std::chrono::seconds(timeout_);
    }
    double secondsSince() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

    bool take(const Message& message, const Observer& observer) {
        switch (message.kind) {
        case Message::Kind::Begin:
            return begin(message, observer);
        case Message::Kind::Failure:
            failures_ += (failures_.empty() ? "" : "\n") + message.text;
            return true;
        case Message::Kind::Early:
            early_ += (early_.empty() ? "" : "\n") + message.text;
            return true;
        case Message::Kind::End:
            return end(message, observer);
        case Message::Kind::Done:
            done_ = true;
            limit();
            return true;
        default:
            return true;
        }
    }
    bool begin(const Message& message, const Observer& observer) {
        bool goOn = settleLast(observer);
        const auto found = std::find_if(work_.tests.begin(), work_.tests.end(),
                                        [&](size_t test) { return plan_.tests[test].result.name == message.test; });
        if (found == work_.tests.end())
            return goOn; // not a test of this worker, so nothing it says is believed
        if (current_) {
            const std::string words = "another test began before this one ended: " + message.test;
            goOn = observer.ends(*current_, work_.round, {Status::Crashed, secondsSince(), "", words}) && goOn;
        }
        current_ = *found;
        failures_ = std::exchange(early_, "");
        work_.tests.erase(found);
        limit();
        if (observer.begins)
            observer.begins(*current_);
        return goOn;
    }
    // The end of a test that did not fail is held back until the next begin or the worker's own end: what fails in
    // between counts for it.
    bool end(const Message& message, const Observer& observer) {
        if (!current_ || plan_.tests[*current_].result.name != message.test)
            return true;
        const bool goOn = settleLast(observer);
        last_ = std::exchange(current_, std::nullopt);
        lastOutcome_ = {message.status, message.seconds, message.status == Status::Skipped ? message.text : "", ""};
        if (!failures_.empty()) // some may be older than the test
            lastOutcome_.status = Status::Failed;
        lastOutcome_.output = beginningOf(std::exchange(failures_, ""));
        limit();
        lastTold_ = lastOutcome_.status == Status::Failed;
        return lastTold_ ? observer.ends(*last_, work_.round, lastOutcome_) && goOn : goOn;
    }
    bool settleLast(const Observer& observer) {
        if (!last_)
            return true;
        const size_t test = *std::exchange(last_, std::nullopt);
        const std::string late = std::exchange(failures_, "");
        if (lastTold_)
            return true;
        if (!late.empty())
            lastOutcome_ = {Status::Failed, lastOutcome_.seconds, "", beginningOf(late)};
        return observer.ends(test, work_.round, lastOutcome_);
    }

    // The process has ended and everything it said is taken.
    bool finish(const Observer& observer) {
        finished_ = true;
        const int status = process_.reap();
        const bool clean = done_ && !timedOut_ && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (clean && !current_) {
            const bool goOn = settleLast(observer);
            return work_.tests.empty() ? goOn : blameFirst("the worker did not run it", observer) && goOn;
        }
        Outcome outcome = {timedOut_ ? Status::TimedOut : Status::Crashed, secondsSince(), "", ""};
        const std::string how = timedOut_ ? "stopped at the limit of " + std::to_string(timeout_) + " s"
                                          : "the process ended by " + describeWaitStatus(status);
        size_t blamed = 0;
        if (current_) {
            blamed = *current_;
            outcome.output = how;
        } else if (last_ && lastTold_) {
            return true; // it has failed as it is
        } else if (last_) {
            // It had reported its end, but whatever ended the process is most likely its doing.
            blamed = *std::exchange(last_, std::nullopt);
            outcome.output = how + ", after the test";
        } else if (!work_.tests.empty()) {
            blamed = work_.tests.front();
            work_.tests.erase(work_.tests.begin());
            outcome.output = how + ", before the test began";
        } else {
            return true;
        }
        for (const std::string& words : {early_, failures_}) {
            if (!words.empty())
                outcome.output += "\n" + words;
        }
        const std::string printed = process_.outputOf(plan_.tests[blamed].result.name);
        outcome.output = beginningOf(outcome.output, kMaxOutput / 2);
        if (!printed.empty())
            outcome.output += "\nlast output:\n" + endOf(printed, kMaxOutput / 2 - 16);
        return observer.ends(blamed, work_.round, outcome);
    }
    bool blameFirst(const std::string& words, const Observer& observer) {
        const size_t test = work_.tests.front();
        work_.tests.erase(work_.tests.begin());
        return observer.ends(test, work_.round, {Status::Crashed, 0, "", words});
    }

    const Plan& plan_;
    Work work_;
    uint32_t timeout_;
    WorkerProcess process_;
    Clock::time_point began_;
    Clock::time_point deadline_;
    std::optional<size_t> current_; // has begun and not ended
    std::optional<size_t> last_;    // has ended; lastOutcome_ is not told yet
    Outcome lastOutcome_;
    bool lastTold_ = false;
    std::string failures_; // said since the last begin or end
    std::string early_;    // said of the suite of the next test
    bool timedOut_ = false;
    bool done_ = false;
    bool finished_ = false;
};

} // namespace

Signals::Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
        sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, &before_);
    fd_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (fd_ < 0)
        throw std::runtime_error(std::string("no descriptor for signals: ") + std::strerror(errno));
}

Signals::~Signals() {
    take();
    close(fd_);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
}

std::string Signals::take() {
    std::string stop;
    signalfd_siginfo info{};
    while (read(fd_, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo != SIGCHLD)
            stop = std::string("SIG") + sigabbrev_np(static_cast<int>(info.ssi_signo));
    }
    return stop;
}

std::string runBatches(const Plan& plan, const SchedulerOptions& options, const Observer& observer, Signals& signals) {
    std::deque<Work> waiting;
    for (uint32_t round = 0; round < options.repetitions; ++round) {
        for (const Batch& batch : plan.batches)
            waiting.push_back({batch.tests, &batch.environment, round});
    }
    std::vector<std::unique_ptr<Running>> running;
    while (!waiting.empty() || !running.empty()) {
        while (running.size() < options.jobs && !waiting.empty()) {
            running.push_back(std::make_unique<Running>(plan, std::move(waiting.front()), options));
            waiting.pop_front();
        }
        Clock::time_point deadline = Clock::time_point::max();
        std::vector<const WorkerProcess*> processes;
        for (const auto& worker : running) {
            deadline = std::min(deadline, worker->deadline());
            processes.push_back(&worker->process());
        }
        waitForAny(processes, signals, deadline);
        if (const std::string signal = signals.take(); !signal.empty()) {
            bool lost = false;
            for (const auto& worker : running) {
                if (const std::optional<size_t> test = worker->interrupt(observer)) {
                    observer.interrupted(*test, signal);
                    lost = true;
                }
            }
            if (!lost && !waiting.empty())
                observer.interrupted(waiting.front().tests.front(), signal);
            return signal;
        }
        for (auto& worker : running) {
            if (!worker->advance(observer))
                return "--fail-fast";
            if (!worker->finished())
                continue;
            Work rest = worker->rest();
            if (!rest.tests.empty())
                waiting.push_front(std::move(rest));
        }
        running.erase(
            std::remove_if(running.begin(), running.end(), [](const auto& worker) { return worker->finished(); }),
            running.end());
    }
    return "";
}

std::optional<Message> askWorker(const std::vector<std::string>& arguments, const Settings& settings,
                                 uint32_t timeoutSeconds, Signals& signals, std::string& why) {
    WorkerProcess process(arguments, settings);
    const Clock::time_point deadline = Clock::now() + std::chrono::seconds(timeoutSeconds);
    std::optional<Message> answer;
    for (;;) {
        const bool ended = process.ended();
        process.readOutput();
        for (Message& message : process.readMessages())
            answer = std::move(message);
        if (ended)
            break;
        if (Clock::now() >= deadline) {
            why = "no answer within " + std::to_string(timeoutSeconds) + " s";
            return std::nullopt;
        }
        waitForAny({&process}, signals, deadline);
        if (const std::string signal = signals.take(); !signal.empty()) {
            why = "interrupted by " + signal;
            return std::nullopt;
        }
    }
    const int status = process.reap();
    if (!answer || status != 0) {
        why = "the process that looked for it ended by " + describeWaitStatus(status);
        const std::string printed = onOneLine(process.outputOf(""), 1000);
        if (!printed.empty())
            why += ", after: " + printed;
        return std::nullopt;
    }
    return answer;
}

} // namespace halyard::cts
