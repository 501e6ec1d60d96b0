#include "timeline.h"

#include "stream.h"
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
    // Each is given up before its stream goes on, so that who waited for the stream finds nothing held any more. From
    // then on `this` may be gone.
    while (!reached.empty()) {
        std::list<Parked> one;
        one.splice(one.end(), reached, reached.begin());
        const std::shared_ptr<Stream> stream = one.front().stream;
        const uint64_t number = one.front().number;
        stream->device().retire(one);
        stream->waits().arrive(number);
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

void Timeline::park(Parked waiter) {
    std::list<Parked> one;
    one.push_back(std::move(waiter));
    {
        const std::scoped_lock lock(mutex_);
        if (value_ < one.front().value) {
            parked_.splice(parked_.end(), one);
            return;
        }
    }
    one.front().stream->waits().arrive(one.front().number);
}

} // namespace halyard::cuda
