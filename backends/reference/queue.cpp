#include "queue.h"

#include "base/block_signals.h"

#include <algorithm>
#include <cfenv>
#include <chrono>
#include <vector>

namespace halyard::reference {

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

void Queue::State::finish(uint64_t number) {
    doneBeyond.insert(number);
    while (!doneBeyond.empty() && *doneBeyond.begin() == doneUpTo + 1) {
        doneBeyond.erase(doneBeyond.begin());
        ++doneUpTo;
    }
}

std::deque<Queue::State::Entry>::iterator Queue::State::runnable() {
    std::vector<uint64_t> blocked;
    for (auto entry = commands.begin(); entry != commands.end(); ++entry) {
        const Place& place = entry->place;
        if (std::find(blocked.begin(), blocked.end(), place.lane) != blocked.end())
            continue;
        if (done(place.after) && (!place.ready || place.ready()))
            return entry;
        blocked.push_back(place.lane);
    }
    return commands.end();
}

void Queue::work(State& state) {
    // The thread that made this one may flush denormals, or round otherwise.
    std::fesetenv(FE_DFL_ENV);
    std::unique_lock lock(state.mutex);
    while (true) {
        auto entry = state.commands.end();
        state.changed.wait(lock, [&] {
            entry = state.runnable();
            return entry != state.commands.end() || (state.stopping && state.commands.empty());
        });
        if (entry == state.commands.end())
            break;
        const uint64_t number = entry->number;
        {
            const State::Entry running = std::move(*entry);
            state.commands.erase(entry);
            lock.unlock();
            running.command();
            // What it holds goes before anybody learns that it is done.
        }
        lock.lock();
        state.finish(number);
        state.changed.notify_all();
    }
    state.ended = true;
    state.changed.notify_all();
}

uint64_t Queue::submit(Command command, Place place) {
    const std::scoped_lock lock(state_->mutex);
    if (state_->stopping)
        return state_->submitted;
    if (!thread_.joinable()) {
        const BlockSignals blocked;
        thread_ = std::thread([state = state_] { work(*state); });
    }
    state_->commands.push_back({state_->submitted + 1, std::move(command), std::move(place)});
    state_->changed.notify_all();
    return ++state_->submitted;
}

uint64_t Queue::submitted() const {
    const std::scoped_lock lock(state_->mutex);
    return state_->submitted;
}

bool Queue::reached(uint64_t number) const {
    const std::scoped_lock lock(state_->mutex);
    return state_->done(number);
}

bool Queue::waitFor(uint64_t number, uint64_t deadline) const {
    std::unique_lock lock(state_->mutex);
    return await(*state_, lock, deadline, [&] { return state_->done(number); });
}

bool Queue::drain(uint64_t deadline) const {
    std::unique_lock lock(state_->mutex);
    const uint64_t last = state_->submitted;
    return await(*state_, lock, deadline, [&] { return state_->doneUpTo >= last; });
}

void Queue::look() const {
    // Under the lock: the thread may be between its look and its sleep.
    const std::scoped_lock lock(state_->mutex);
    state_->changed.notify_all();
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
