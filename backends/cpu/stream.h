// A stream: a queue of commands and the 64-bit timeline of how many are done.
//
// A stream that has work is *active*: exactly one worker, or the executor's ready list, or the list of those that wait
// for another stream holds it, together with one reference. Only that holder consumes commands. Nothing here blocks a
// worker.
#pragma once

#include "command_queue.h"
#include "ref.h"

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
    Stream(Ref<Device> device, int32_t priority);
    ~Stream();

    Device& device() const { return *device_; }
    int32_t priority() const { return priority_; }

    // ---- Submitting: any thread. Every one returns the sticky error, with its words set, when there is one.

    // Appends a record of type T with `extraBytes` behind it. `fill(T&, value)` writes everything but the head; it must
    // not fail. `value`, also in `outValue` unless null, is the timeline's value at its completion.
    template <class T, class Fill>
    HyResult submit(CommandKind kind, uint32_t extraBytes, Fill&& fill, uint64_t* outValue = nullptr) {
        if (const HyResult result = checkUsable(); result != HY_SUCCESS) {
            return result;
        }
        const auto bytes = static_cast<uint32_t>((sizeof(T) + extraBytes + kCommandAlignment - 1) / kCommandAlignment *
                                                 kCommandAlignment);
        {
            const std::scoped_lock lock(submitMutex_);
            void* room = queue_.reserve(bytes);
            if (room == nullptr) {
                return failNoMemory();
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
    bool reached(uint64_t value) const { return completed_.load(std::memory_order_seq_cst) >= value; }
    bool idle() const { return reached(submitted()); }
    // Waits until the timeline reaches `value`; false when the deadline passed first. The caller holds a reference.
    bool waitFor(uint64_t value, uint64_t deadline);
    // HY_SUCCESS, or the sticky error with the thread's record set.
    HyResult checkFailure() const;
    // The first failure sticks; commands behind it complete without running.
    void fail(HyResult code, const std::string& words) noexcept;

    // ---- For the worker that holds the stream.

    enum class Step { Ran, Empty, GaveAway };
    // Runs the oldest command. GaveAway: somebody else holds the stream now, or will finish the command.
    Step step(Worker& worker);
    bool hasWork() const;
    // Ends the command that step() shared out with other workers.
    void finishFront();
    // Signs off. True: the stream is not active any more and the reference is gone; false: new work came, still held.
    bool deactivate();

private:
    friend class Executor;
    friend class Device;

    HyResult checkUsable() const;
    HyResult failNoMemory() const;
    void activate();
    bool skips() const;
    bool stepWait(const WaitCommand& command);
    void complete(Command& command);
    // Puts `waiter` on the list of those that this timeline resumes at `value`; false when it is there already.
    bool park(Stream& waiter, uint64_t value);
    void notify();

    const Ref<Device> device_;
    const int32_t priority_;

    std::mutex submitMutex_;
    CommandQueue queue_;
    alignas(64) std::atomic<bool> active_{false};
    std::atomic<uint64_t> completed_{0};
    // The smallest value that somebody sleeps for: completing less costs no look at who waits.
    std::atomic<uint64_t> notifyAt_{UINT64_MAX};
    std::atomic<HyResult> failure_{HY_SUCCESS};

    mutable std::mutex waitMutex_;
    Stream* parked_ = nullptr; // streams that wait for this one, each with its reference
    uint32_t sleepers_ = 0;    // threads that wait for this one
    std::string failureWords_;
    std::atomic<uint32_t> wakeWord_{0};

    // Owned by whoever holds the stream.
    Stream* next_ = nullptr; // in the executor's ready list, or in another stream's list of parked ones
    uint64_t parkedValue_ = 0;

    // The device's registry.
    Stream* registryPrev_ = nullptr;
    Stream* registryNext_ = nullptr;
};

} // namespace halyard::cpu
