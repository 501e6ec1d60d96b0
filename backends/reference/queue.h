// The device's one line of work: commands run one at a time, on one thread, in the order in which they were submitted;
// only a command that has to wait for something lets those of other lanes (streams) pass.
#pragma once

#include "status.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

namespace halyard::reference {

constexpr uint64_t kNever = UINT64_MAX;
// CLOCK_MONOTONIC in nanoseconds, and the time `timeoutNs` from now (kNever when that is infinite).
uint64_t nowNs();
uint64_t deadlineAfter(uint64_t timeoutNs);

// Thread-safe.
class Queue {
public:
    // Must not throw.
    using Command = std::function<void()>;
    // Whether what a command waits for has come. Called with the queue's lock held: it only reads.
    using Ready = std::function<bool()>;

    // What a command is submitted with besides its order.
    struct Place {
        uint64_t lane = 0;  // commands of one lane never pass each other
        uint64_t after = 0; // the number of a command that must be done first, or 0
        Ready ready = {};   // null: at once. Whoever makes it true calls look().
    };

    Queue() : state_(std::make_shared<State>()) {}
    // REQUIRES: stop() has been called.
    ~Queue() = default;
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    // Returns the command's number; they count up from 1. The first one starts the thread, with every signal blocked.
    // Throws std::bad_alloc, or std::system_error when the system has no thread left; then nothing was submitted. After
    // stop() the command is dropped, and the number is that of the last one before it.
    uint64_t submit(Command command) { return submit(std::move(command), Place()); }
    uint64_t submit(Command command, Place place);
    // The number of the newest command.
    uint64_t submitted() const;
    // Whether that command is done.
    bool reached(uint64_t number) const;
    // Waits until that command is done; false when the deadline passed first.
    bool waitFor(uint64_t number, uint64_t deadline) const;
    // Waits until all commands submitted so far are done; false when the deadline passed first.
    bool drain(uint64_t deadline) const;
    // Asks again which commands are ready.
    void look() const;
    // Ends the thread once the commands are done, if that is before the deadline. False: it goes on, and keeps what it
    // needs.
    bool stop(uint64_t deadline);

private:
    // Shared with the thread, which may outlive the queue.
    struct State {
        mutable std::mutex mutex;
        mutable std::condition_variable changed;
        struct Entry {
            uint64_t number;
            Command command;
            Place place;
        };
        std::deque<Entry> commands;
        uint64_t submitted = 0;
        uint64_t doneUpTo = 0;         // all of these
        std::set<uint64_t> doneBeyond; // and these
        bool stopping = false;
        bool ended = false;

        bool done(uint64_t number) const { return number <= doneUpTo || doneBeyond.contains(number); }
        void finish(uint64_t number);
        // The first command that may run, or the end.
        std::deque<Entry>::iterator runnable();
    };
    static void work(State& state);
    template <typename Condition>
    static bool await(const State& state, std::unique_lock<std::mutex>& lock, uint64_t deadline, Condition&& condition);

    const std::shared_ptr<State> state_;
    std::thread thread_; // guarded by the state's mutex
};

} // namespace halyard::reference
