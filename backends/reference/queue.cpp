#include "queue.h"

#include <cfenv>
#include <chrono>
#include <csignal>

namespace halyard::reference {
namespace {

// Threads inherit the mask: the application's signal handlers never run on ours.
class BlockSignals {
public:
    BlockSignals() {
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~BlockSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    BlockSignals(const BlockSignals&) = delete;
    BlockSignals& operator=(const BlockSignals&) = delete;

private:
    sigset_t before_{};
};

} // namespace

uint64_t nowNs() {
    return static_cast<uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
            .count());
}

uint64_t deadlineAfter(uint64_t timeoutNs) {
    const uint64_t now = nowNs();
    // Beyond the clock's signed range is as good as never.
    constexpr uint64_t kFarthest = INT64_MAX;
    return timeoutNs >= kFarthest - now ? kNever : now + timeoutNs;
}

template <typename Condition>
bool Queue::await(const State& state, std::unique_lock<std::mutex>& lock, uint64_t deadline, Condition&& condition) {
    if (deadline == kNever) {
        state.changed.wait(lock, condition);
        return true;
    }
    const std::chrono::steady_clock::time_point until{std::chrono::nanoseconds(deadline)};
    return state.changed.wait_until(lock, until, condition);
}

void Queue::work(State& state) {
    // The thread that made this one may flush denormals, or round otherwise.
    std::fesetenv(FE_DFL_ENV);
    std::unique_lock lock(state.mutex);
    while (true) {
        state.changed.wait(lock, [&] { return state.stopping || !state.commands.empty(); });
        if (state.commands.empty())
            break;
        {
            Command command = std::move(state.commands.front());
            state.commands.pop_front();
            lock.unlock();
            command();
            // What it holds goes before anybody learns that it is done.
        }
        lock.lock();
        state.completed.fetch_add(1, std::memory_order_release);
        state.changed.notify_all();
    }
    state.ended = true;
    state.changed.notify_all();
}

uint64_t Queue::submit(Command command) {
    const std::scoped_lock lock(state_->mutex);
    if (state_->stopping)
        return state_->submitted;
    if (!thread_.joinable()) {
        const BlockSignals blocked;
        thread_ = std::thread([state = state_] { work(*state); });
    }
    state_->commands.push_back(std::move(command));
    state_->changed.notify_all();
    return ++state_->submitted;
}

uint64_t Queue::submitted() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->submitted;
}

bool Queue::waitFor(uint64_t number, uint64_t deadline) const {
    if (reached(number))
        return true;
    std::unique_lock lock(state_->mutex);
    return await(*state_, lock, deadline, [&] { return reached(number); });
}

bool Queue::stop(uint64_t deadline) {
    bool ended = false;
    {
        std::unique_lock lock(state_->mutex);
        state_->stopping = true;
        if (!thread_.joinable())
            return true;
        state_->changed.notify_all();
        ended = await(*state_, lock, deadline, [&] { return state_->ended; });
    }
    if (ended)
        thread_.join();
    else
        thread_.detach();
    return ended;
}

} // namespace halyard::reference
