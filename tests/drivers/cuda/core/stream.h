// Streams: commands in order, on another thread.
#pragma once

#include "context.h"
#include "status.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace halyard::softcuda {

// What a stream does. A status other than Success becomes the context's error.
using Command = std::function<Status()>;

class Stream : public std::enable_shared_from_this<Stream> {
public:
    static constexpr uint32_t kNonBlocking = 1, kDefault = 1u << 31;

    Stream(std::shared_ptr<Context> owner, uint32_t flags, int priority)
        : context(std::move(owner)), flags_(flags), priority_(priority) {}

    const std::shared_ptr<Context> context;
    uint32_t flags() const { return flags_; }
    int priority() const { return priority_; }

    // Puts a command at the end. Commands of a context with an error, or that stops, are passed over.
    void submit(Command command);
    // Whether everything is done.
    bool idle();
    // Waits until what was submitted before is done.
    void finish();

private:
    void push(Command command);
    void drain();
    uint64_t submitted();
    void waitFor(uint64_t count);

    const uint32_t flags_;
    const int priority_;
    std::mutex mutex_;
    std::condition_variable done_;
    std::deque<Command> commands_;
    uint64_t submitted_ = 0, completed_ = 0;
    bool running_ = false;
};

// Whether the calling thread runs a host function, which may not call the driver.
bool inHostFunction();
// Calls function(user) as a stream does: one at a time in a context, which the real driver may do as well.
void callHostFunction(Context& context, void (*function)(void*), void* user);

// Waits until `ready()` holds, as a command of a stream of the context: no longer when the context stops or has failed.
// Polls, for what other processes and kernels change.
template <class Ready> void poll(const Context& context, Ready ready);

} // namespace halyard::softcuda

#include <chrono>
#include <thread>

template <class Ready> void halyard::softcuda::poll(const Context& context, Ready ready) {
    for (int round = 0; !ready() && !context.stopping() && context.status() == Status::Success; ++round) {
        if (round < 64)
            std::this_thread::yield();
        else
            std::this_thread::sleep_for(std::chrono::microseconds(round < 1000 ? 20 : 500));
    }
}
