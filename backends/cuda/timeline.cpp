#include "timeline.h"

#include "retired.h"
#include "stream_gate.h"
#include "wait.h"

namespace halyard::cuda {

uint64_t Timeline::value() const {
    const std::scoped_lock lock(mutex_);
    return value_;
}

bool Timeline::raise(uint64_t value, uint64_t& outValue) noexcept {
    std::list<Parked> reached;
    {
        const std::scoped_lock lock(mutex_);
        if (value <= value_) {
            outValue = value_;
            return false;
        }
        value_ = value;
        for (auto at = parked_.begin(); at != parked_.end();) {
            const auto next = std::next(at);
            if (at->value <= value)
                reached.splice(reached.end(), parked_, at);
            at = next;
        }
        grown_.notify_all();
    }
    // Given up before the streams go on, so that who waited for one of them finds nothing held any more. From then on
    // `this` may be gone.
    while (!reached.empty()) {
        std::list<Parked> one;
        one.splice(one.end(), reached, reached.begin());
        const std::shared_ptr<StreamGate> gate = one.front().gate;
        const uint64_t number = one.front().number;
        if (one.front().keep != nullptr)
            retire(one);
        gate->open(number);
    }
    return true;
}

bool Timeline::waitFor(uint64_t value, uint64_t deadline) {
    constexpr uint64_t kLongest = 1'000'000'000; // no deadline is beyond the clock
    std::unique_lock lock(mutex_);
    while (value_ < value) {
        const uint64_t now = nowNs();
        if (now >= deadline)
            return false;
        grown_.wait_for(lock, std::chrono::nanoseconds(std::min(deadline - now, kLongest)));
    }
    return true;
}

void Timeline::park(std::list<Parked>& waiter) noexcept {
    {
        const std::scoped_lock lock(mutex_);
        if (value_ < waiter.front().value) {
            parked_.splice(parked_.end(), waiter);
            return;
        }
    }
    waiter.front().gate->open(waiter.front().number);
}

} // namespace halyard::cuda
