#include "host_calls.h"

#include "stream.h"

#include <chrono>
#include <deque>
#include <map>

namespace halyard::cuda {
namespace {

// Every call that was submitted and not made yet, of all devices, by number. The driver is given the number, so a call
// that it makes after all finds nothing rather than memory that is gone. Never destroyed: driver threads outlive main.
struct Pending {
    struct Call {
        const HostCalls* owner;
        HostCalls::Function function;
    };
    std::mutex mutex;
    uint64_t last = 0;
    std::map<uint64_t, Call> calls;
    struct Turns {
        std::deque<uint64_t> numbers;
        bool dropped = false;
    };
    std::map<uint64_t, Turns> turns;

    static Pending& get() {
        static Pending& pending = *new Pending;
        return pending;
    }
};

HostCalls::Function take(uint64_t number) {
    Pending& pending = Pending::get();
    const std::scoped_lock lock(pending.mutex);
    const auto found = pending.calls.find(number);
    if (found == pending.calls.end())
        return {};
    HostCalls::Function function = std::move(found->second.function);
    pending.calls.erase(found);
    return function;
}

// The oldest call of an owner; empty: there is none.
HostCalls::Function takeOldest(const HostCalls& owner) {
    Pending& pending = Pending::get();
    const std::scoped_lock lock(pending.mutex);
    for (auto at = pending.calls.begin(); at != pending.calls.end(); ++at) {
        if (at->second.owner != &owner)
            continue;
        HostCalls::Function function = std::move(at->second.function);
        pending.calls.erase(at);
        return function;
    }
    return {};
}

bool anyPending(const HostCalls& owner) {
    Pending& pending = Pending::get();
    const std::scoped_lock lock(pending.mutex);
    for (const auto& [number, call] : pending.calls) {
        if (call.owner == &owner)
            return true;
    }
    return false;
}

void callFromDriver(void* userData) {
    if (const HostCalls::Function function = take(reinterpret_cast<uintptr_t>(userData)))
        function(HY_SUCCESS);
}

} // namespace

HyResult HostCalls::startWatching() {
    const std::scoped_lock lock(mutex_);
    if (watcher_.joinable() || stopping_)
        return HY_SUCCESS;
    try {
        watcher_ = std::thread([this] { watch(); });
    } catch (const std::system_error&) {
        return device_.host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "a thread cannot be started"});
    }
    return HY_SUCCESS;
}

uint64_t HostCalls::makeTurns() {
    Pending& pending = Pending::get();
    const std::scoped_lock lock(pending.mutex);
    pending.turns.emplace(++pending.last, Pending::Turns{});
    return pending.last;
}

void HostCalls::dropTurns(uint64_t turns) noexcept {
    Pending& pending = Pending::get();
    const std::scoped_lock lock(pending.mutex);
    const auto found = pending.turns.find(turns);
    if (found == pending.turns.end())
        return;
    found->second.dropped = true;
    if (found->second.numbers.empty())
        pending.turns.erase(found);
}

void HostCalls::callTurn(void* turns) {
    Pending& pending = Pending::get();
    uint64_t number = 0;
    {
        const std::scoped_lock lock(pending.mutex);
        const auto found = pending.turns.find(reinterpret_cast<uintptr_t>(turns));
        if (found == pending.turns.end() || found->second.numbers.empty())
            return;
        number = found->second.numbers.front();
        found->second.numbers.pop_front();
        if (found->second.dropped && found->second.numbers.empty())
            pending.turns.erase(found);
    }
    if (const Function function = take(number))
        function(HY_SUCCESS);
}

HyResult HostCalls::expectTurn(uint64_t turns, Function function, uint64_t& outNumber) {
    if (const HyResult result = startWatching(); result != HY_SUCCESS)
        return result;
    Pending& pending = Pending::get();
    const std::scoped_lock lock(pending.mutex);
    std::deque<uint64_t>& numbers = pending.turns.at(turns).numbers;
    numbers.push_back(pending.last + 1);
    try {
        pending.calls.emplace(pending.last + 1, Pending::Call{this, std::move(function)});
    } catch (...) {
        numbers.pop_back();
        throw;
    }
    outNumber = ++pending.last;
    return HY_SUCCESS;
}

HyResult HostCalls::withdrawTurns(const std::vector<std::pair<uint64_t, uint64_t>>& turnsAndNumbers) {
    std::vector<Function> withdrawn;
    withdrawn.reserve(turnsAndNumbers.size());
    {
        Pending& pending = Pending::get();
        const std::scoped_lock lock(pending.mutex);
        for (const auto& [turns, number] : turnsAndNumbers) {
            pending.turns.at(turns).numbers.pop_back();
            const auto found = pending.calls.find(number);
            if (found == pending.calls.end())
                continue;
            withdrawn.push_back(std::move(found->second.function));
            pending.calls.erase(found);
        }
    }
    if (withdrawn.size() == turnsAndNumbers.size())
        return HY_SUCCESS;
    for (const Function& function : withdrawn)
        function(device_.lost() ? device_.lostResult() : HY_ERROR_CANCELLED);
    return HY_ERROR_INVALID_STATE;
}

HyResult HostCalls::submit(CUstream stream, Function function) {
    uint64_t number = 0;
    {
        Pending& pending = Pending::get();
        const std::scoped_lock lock(pending.mutex);
        number = ++pending.last;
        pending.calls.emplace(number, Pending::Call{this, std::move(function)});
    }
    if (const HyResult result = startWatching(); result != HY_SUCCESS) {
        take(number);
        return result;
    }
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a number that the driver carries
    void* const token = reinterpret_cast<void*>(static_cast<uintptr_t>(number));
    const CUresult code = device_.cu().cuLaunchHostFunc(stream, callFromDriver, token);
    // When it is not there any more the watcher has called it, and a second report would break "not called".
    if (code != CUDA_SUCCESS && take(number))
        return device_.fail(code, "take a host function");
    changed_.notify_one();
    return HY_SUCCESS;
}

void HostCalls::abandon(HyResult status) noexcept {
    while (const Function function = takeOldest(*this))
        function(status);
}

void HostCalls::stop() noexcept {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_one();
    if (watcher_.joinable())
        watcher_.join();
}

void HostCalls::watch() noexcept {
    constexpr auto kLook = std::chrono::milliseconds(20);
    const Current current = enterContext(device_);
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        if (!anyPending(*this)) {
            changed_.wait_for(lock, std::chrono::seconds(1));
            continue;
        }
        changed_.wait_for(lock, kLook);
        lock.unlock();
        if (device_.probe() != HY_SUCCESS)
            abandon(device_.lostResult());
        lock.lock();
    }
}

} // namespace halyard::cuda
