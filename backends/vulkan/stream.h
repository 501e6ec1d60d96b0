// A stream: steps in order, each a batch for the device, something that the host does, or a wait. Batches go to the
// queue one behind the other; what the host does begins when all before it is done, and a wait holds back what comes
// after it until what it waits for has at least been submitted to the same queue, or is done, so that streams may
// outnumber queues.
#pragma once

#include "device.h"
#include "function_ref.h"

namespace halyard::vulkan {

// Thread-safe.
class Stream : public std::enable_shared_from_this<Stream> {
public:
    // `label` is for messages: "stream 3", "stream 'upload'".
    Stream(std::shared_ptr<Device> device, Queue& queue, std::string label)
        : device_(std::move(device)), queue_(queue), label_(std::move(label)), timeline_(nextTimeline()) {}

    Device& device() const { return *device_; }

    // Puts a command that needs so many bytes of arguments into the open batch: record(batch), which may throw Failure.
    // Throws Failure, the sticky one too.
    void record(uint64_t argumentBytes, const Work& what, FunctionRef<void(Batch&)> record);
    // Has the host do `work`, which may throw Failure, on `worker`, unless the stream has failed by then.
    void doOnHost(Worker& worker, const Work& what, std::function<void()> work);
    // Calls the function on the thread for host functions whatever became of the stream, and lets go of `keep` then.
    void callOnHost(HyHostFunction function, void* user, std::shared_ptr<const void> keep = nullptr);
    // Does something short when all before is done; it must not block. Throws Failure for the sticky one.
    void doInOrder(std::function<void()> work);
    // Holds later work up until `ready`, which is asked with the device's lock held. Whoever makes it true calls
    // Device::advance().
    void waitUntil(std::function<bool()> ready);
    // Holds later work up until `source` is done with its steps up to that number.
    void waitFor(const std::shared_ptr<Stream>& source, uint64_t number);
    // The number of the newest step. Work that comes later is not part of it. With the stamp of the place where the
    // device is then, unless that is null.
    uint64_t mark(std::function<void(uint64_t)> stamp);
    // Throws the sticky failure, if there is one.
    void checkFailure() const;
    // HY_SUCCESS or HY_NOT_READY; throws the sticky failure. Sees to it that the work begins.
    HyResult query(uint64_t number);
    // Waits for that step. Throws Failure: HY_ERROR_TIMEOUT with `words`, or the sticky one.
    void finish(uint64_t number, uint64_t deadline, const char* words);
    uint64_t newest() const;

    // ---- With the device's lock held, for the device.
    // Begins what can begin; true when something did.
    bool advance();
    bool isIdle() const { return steps_.empty() && running_ == 0 && inFlight_.empty(); }
    // Everything so far goes to the device as soon as its turn comes.
    void flush();
    void fail(const Failure& failure) noexcept;
    // Fails with words about a lost device when it has work there.
    void loseWork(const Failure& failure) noexcept;
    const Queue& queue() const { return queue_; }

private:
    static uint64_t nextTimeline() {
        static std::atomic<uint64_t> last{0};
        return ++last;
    }

    struct Step {
        uint64_t number = 0;
        std::shared_ptr<Batch> batch;
        std::function<void()> work;
        Worker* worker = nullptr; // null: the work is done in place
        bool always = false;      // also when the stream has failed
        std::function<bool()> ready;
        std::shared_ptr<Stream> source; // whose steps up to `until` are waited for
        uint64_t until = 0;
    };

    // A command of which a tool is told.
    struct Activity {
        HyActivityKind kind = HY_ACTIVITY_OTHER;
        uint64_t bytes = 0, correlation = 0, startTicks = 0;
        std::string name;
    };

    // Null when no tool asks.
    std::shared_ptr<Activity> activityOf(const Work& work) const;
    void recordTimed(Batch& batch, const std::shared_ptr<Activity>& activity, FunctionRef<void(Batch&)> record);
    // `work`, or the same that tells the tool when it ran.
    std::function<void()> timed(std::function<void()> work, const Work& what);
    void deliver(const Activity& activity, uint64_t startNs, uint64_t endNs);
    void checkLocked() const;
    Batch& openBatch(uint64_t argumentBytes);
    void seal(bool eager);
    void push(Step step);
    bool isDone(uint64_t number) const;
    bool isIssued(uint64_t number) const; // nothing up to there but batches in flight is left
    bool advanceOne();
    void start(Step step);
    void retire();

    const std::shared_ptr<Device> device_;
    Queue& queue_;
    const std::string label_;
    std::deque<Step> steps_;                             // that have not begun; the last one may be an open batch
    std::deque<std::pair<uint64_t, uint64_t>> inFlight_; // number, value of the queue's timeline
    uint64_t last_ = 0, running_ = 0;                    // numbers; 0: none
    std::optional<Failure> failure_;
    const uint64_t timeline_;     // for tools
    uint64_t deliveredUntil_ = 0; // CLOCK_MONOTONIC; commands follow each other
};

} // namespace halyard::vulkan
