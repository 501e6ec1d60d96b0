// A stream's commands that were timed and not yet delivered.
#pragma once

#include "profiler.h"
#include "stream.h"

#include <deque>

namespace halyard::cuda {

// Kept by its stream, and by the profiler, since commands outlive their stream. Thread-safe.
class StreamProfile {
public:
    explicit StreamProfile(Device& device);
    StreamProfile(const StreamProfile&) = delete;
    StreamProfile& operator=(const StreamProfile&) = delete;

    // Delivers what is done, in order.
    void collect() noexcept;
    // Forgets the rest. The context may be gone.
    void drop() noexcept;
    bool empty() const;

private:
    friend class TimedCommand;
    struct Entry {
        Work work;
        uint64_t correlation = 0;
        CUevent start = nullptr;
        CUevent end = nullptr;
        std::shared_ptr<const Anchor> anchor;
    };
    bool deliverFront();
    void popFront() noexcept;

    Device& device_;
    const uint64_t timeline_;
    std::mutex order_; // from a command's first event to its last
    mutable std::mutex mutex_;
    std::deque<Entry> entries_;
    uint64_t deliveredUntil_ = 0;
};

// Times what is submitted between its making and done(). A driver that cannot time it does the work all the same.
class TimedCommand {
public:
    // `settles`: the stream is to be found idle, if it is, in spite of the event.
    TimedCommand(Stream& stream, const Work& work, bool settles) noexcept;
    ~TimedCommand();
    TimedCommand(const TimedCommand&) = delete;
    TimedCommand& operator=(const TimedCommand&) = delete;

    // The command was submitted.
    void done() noexcept;

private:
    Stream& stream_;
    std::shared_ptr<StreamProfile> profile_;
    std::unique_lock<std::mutex> order_;
    StreamProfile::Entry entry_;
};

template <typename Submit>
[[gnu::cold, gnu::noinline]] HyResult submitTimed(Stream& stream, const Work& work, bool settles, Submit&& submit) {
    TimedCommand command(stream, work, settles);
    const HyResult result = submit();
    if (result == HY_SUCCESS)
        command.done();
    return result;
}

// Submits a command, with times while a tool asks for them; one load when none does. Neither print nor staging memory
// may be locked.
template <typename Submit> HyResult profiled(Stream& stream, const Work& work, Submit&& submit, bool settles = false) {
    if (!stream.device().profiler().on()) [[likely]]
        return submit();
    return submitTimed(stream, work, settles, std::forward<Submit>(submit));
}

} // namespace halyard::cuda
