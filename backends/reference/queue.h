// The device's one line of work: commands run in the order in which they were submitted, on one thread. That order
// keeps every rule of streams and events by itself.
#pragma once

#include "status.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
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

    Queue() : state_(std::make_shared<State>()) {}
    // REQUIRES: stop() has been called.
    ~Queue() = default;
    Queue(const Queue&) = delete;
    Queue& operator=(const Queue&) = delete;

    // Returns the command's number; they count up from 1. The first one starts the thread, with every signal blocked.
    // Throws std::bad_alloc, or std::system_error when the system has no thread left; then nothing was submitted. After
    // stop() the command is dropped, and the number is that of the last one before it.
    uint64_t submit(Command command);
    // The number of the newest command.
    uint64_t submitted() const;
    bool reached(uint64_t number) const { return state_->completed.load(std::memory_order_acquire) >= number; }
    // False when the deadline passed first.
    bool waitFor(uint64_t number, uint64_t deadline) const;
    // Ends the thread once the commands are done, if that is before the deadline. False: it goes on, and keeps what it
    // needs.
    bool stop(uint64_t deadline);

private:
    // Shared with the thread, which may outlive the queue.
    struct State {
        mutable std::mutex mutex;
        mutable std::condition_variable changed;
        std::deque<Command> commands;
        uint64_t submitted = 0;
        std::atomic<uint64_t> completed{0};
        bool stopping = false;
        bool ended = false;
    };
    static void work(State& state);
    template <typename Condition>
    static bool await(const State& state, std::unique_lock<std::mutex>& lock, uint64_t deadline, Condition&& condition);

    const std::shared_ptr<State> state_;
    std::thread thread_; // guarded by the state's mutex
};

} // namespace halyard::reference
