// A stream: a queue of commands and the 64-bit timeline of how many are done.
//
// A stream that has work is *active*: exactly one worker, or the executor's ready list, or the list of those that wait
// for another stream holds it, together with one reference. Only that holder consumes commands. Nothing here blocks a
// worker.
#pragma once

#include "command_queue.h"
#include "profiler.h"
#include "ref.h"
#include "timeline.h"

#include "halyard/backend.h"

#include <atomic>
#include <mutex>
#include <new>
#include <string>
#include <utility>

namespace halyard::cpu {

class Device;
class Worker;

class Stream final : public RefCounted<Stream> {
public:
    // `label` is for messages: "stream 3", "stream 'upload'".
    Stream(Ref<Device> device, int32_t priority, std::string label);
    ~Stream();

    Device& device() const { return *device_; }
    int32_t priority() const { return priority_; }
    // From 1, and no other stream of this process ever has it.
    uint64_t number() const { return number_; }

    // ---- Submitting: any thread. Every one returns the sticky error, with its words set, when there is one.

    // Appends a record of type T with `extraBytes` behind it. `fill(T&, value)` writes everything but the head; it must
    // not fail. `value`, also in `outValue` unless null, is the timeline's value at its completion.
    template <class T, class Fill>
    HyResult submit(CommandKind kind, uint32_t extraBytes, Fill&& fill, uint64_t* outValue = nullptr) {
        const auto bytes = static_cast<uint32_t>((sizeof(T) + extraBytes + kCommandAlignment - 1) / kCommandAlignment *
                                                 kCommandAlignment);
        {
            const std::scoped_lock lock(submitMutex_);
            if (const HyResult result = checkUsable(); result != HY_SUCCESS) {
                return result;
            }
            const bool marked = profiler_.on() && doesWork(kind);
            void* room = queue_.reserve(marked ? bytes + sizeof(MarkCommand) : bytes);
            if (room == nullptr) {
                return failNoMemory();
            }
            if (marked) {
                room = publishMark(room);
            }
            T* command = new (room) T{};
            command->kind = kind;
            command->bytes = bytes;
            const uint64_t value = queue_.published() + 1;
            fill(*command, value);
            queue_.publish(bytes);
            if (outValue != nullptr) {
                *outValue = value;
            }
        }
        activate();
        return HY_SUCCESS;
    }

    // ---- The timeline: any thread.

    uint64_t submitted() const { return queue_.published(); }
    bool reached(uint64_t value) const { return timeline_->reached(value); }
    bool idle() const { return reached(submitted()); }
    // Waits until the timeline reaches `value`; false when the deadline passed first. The caller holds a reference.
    bool waitFor(uint64_t value, uint64_t deadline);
    Timeline& timeline() const { return *timeline_; }
    // waitFor, then HY_ERROR_TIMEOUT with `words`, HY_ERROR_CANCELLED when the device was reset meanwhile, or the
    // sticky error.
    HyResult finish(uint64_t value, uint64_t deadline, const char* words);
    // HY_SUCCESS or HY_NOT_READY; as finish(), without waiting.
    HyResult query(uint64_t value) const;
    // Returns when every submission that the device took before it stopped taking work is in the queue.
    void awaitSubmitters() { const std::scoped_lock lock(submitMutex_); }
    // The reset's last act: the stream is as good as new.
    void forgetFailure();
    // HY_SUCCESS, or the sticky error with the thread's record set.
    HyResult checkFailure() const;
    // The first failure sticks; commands behind it complete without running.
    void fail(HyResult code, const std::string& words) noexcept;
    // Schedules the stream when it is parked: what it waits for does not matter any more, the device cancels.
    void resumeIfParked();

    // ---- For the worker that holds the stream.

    enum class Step { Ran, Empty, GaveAway };
    // Runs the oldest command. GaveAway: somebody else holds the stream now, or will finish the command.
    Step step(Worker& worker);
    bool hasWork() const;
    // Ends the command that step() shared out with other workers or gave to the dispatcher.
    void finishFront();
    // Calls the host function at the front.
    void runHostFunction() noexcept;
    // Signs off. True: the stream is not active any more and the reference is gone; false: new work came, still held.
    bool deactivate();

private:
    friend class Executor;
    friend class Device;
    friend class HostDispatcher;
    friend class Timeline;

    HyResult checkUsable() const;
    HyResult failNoMemory() const;
    void activate();
    bool skips() const;
    HyResult dropReason() const;
    bool parkOn(const WaitCommand& command);
    // Runs the graph at the front from its next step on. False: somebody else goes on with it.
    bool stepGraph(GraphCommand& command, Worker& worker);
    void runQuickSteps(GraphCommand& command, Worker& worker);
    void signalSemaphore(const SignalCommand& command) noexcept;
    static void publish(const PublishCommand& command, bool failed) noexcept;
    void complete(Command& command);
    // Puts a mark where the next command was to go, which then goes behind it.
    uint8_t* publishMark(void* room);
    void startMarked(const MarkCommand& mark);
    void reportMarked(const Command& command);

    const Ref<Device> device_;
    const int32_t priority_;
    const std::string label_;
    const Profiler& profiler_; // the device's
    const uint64_t number_ = ++streamCount_;
    static inline std::atomic<uint64_t> streamCount_{0};

    std::mutex submitMutex_;
    CommandQueue queue_;
    alignas(64) std::atomic<bool> active_{false};
    std::atomic<HyResult> failure_{HY_SUCCESS};
    const Ref<Timeline> timeline_; // how many commands are done

    mutable std::mutex failureMutex_;
    std::string failureWords_;
    std::mutex parkMutex_;
    Ref<Timeline> parkedOn_; // guarded by parkMutex_

    // Owned by whoever holds the stream.
    Stream* next_ = nullptr; // in the executor's ready list, the dispatcher's, or a timeline's list of parked ones
    uint64_t parkedValue_ = 0;
    struct {
        uint64_t correlation = 0;
        uint64_t startNs = 0; // not 0: the command behind a mark runs
    } marked_;

    // The device's registry.
    Stream* registryPrev_ = nullptr;
    Stream* registryNext_ = nullptr;
};

} // namespace halyard::cpu
