// The one device: its memory, its workers, its streams.
#pragma once

#include "arena.h"
#include "base/turn.h"
#include "context.h"
#include "executor.h"
#include "host_dispatcher.h"
#include "profiler.h"
#include "ref.h"
#include "shared_memory.h"
#include "specialiser.h"

#include <atomic>
#include <mutex>
#include <vector>

namespace halyard::cpu {

class SharedCounters;
class Stream;

// Shared by its handle and by every object made on it. Thread-safe.
class Device final : public RefCounted<Device> {
public:
    explicit Device(const Context& context);

    const Host& host() const { return host_; }
    const Settings& settings() const { return settings_; }
    Arena& arena() { return arena_; }
    const Arena& arena() const { return arena_; }
    SharedMemory& sharedMemory() { return sharedMemory_; }
    Executor& executor() { return executor_; }
    HostDispatcher& dispatcher() { return dispatcher_; }
    Specialiser& specialiser() { return specialiser_; }
    Profiler& profiler() { return profiler_; }

    HyResult open() { return arena_.reserve(); }
    // Waits for all work until the deadline and ends the threads. HY_ERROR_TIMEOUT: work was left; what did not stop
    // when told to keeps the device in memory for ever.
    HyResult close(uint64_t deadline);
    // Waits until all work submitted so far is done: HY_SUCCESS, HY_ERROR_TIMEOUT, or the first sticky error. Throws
    // std::bad_alloc.
    HyResult synchronize(uint64_t deadline);
    // Drops and stops all work, then forgets the failures of all streams. HY_ERROR_TIMEOUT: not all of it stopped, and
    // no work is taken until a later call succeeds. Throws std::bad_alloc.
    HyResult reset(uint64_t deadline);

    // False while the device is reset, and from close() on.
    bool takesWork() const { return takesWork_.load(std::memory_order_relaxed); }
    // Sets the thread's record: why not.
    HyResult failNoWork() const;
    // Grows when a reset begins and when it ends, so it is odd during one.
    uint64_t epoch() const { return epoch_.load(std::memory_order_seq_cst); }
    // HY_ERROR_CANCELLED, with the record set, when there was a reset since `epoch` was read.
    HyResult checkEpoch(uint64_t epoch) const;
    // Work that has not run yet is skipped.
    bool cancelled() const { return cancel_.load(std::memory_order_relaxed) != 0; }
    // The flag as compiled kernels read it.
    const volatile uint32_t* cancelFlag() const { return reinterpret_cast<const volatile uint32_t*>(&cancel_); }

    // The registry of streams, which does not own them.
    void enlist(Stream& stream);
    void delist(Stream& stream);
    // Likewise of what it shares with other processes.
    void enlist(SharedCounters& shared);
    void delist(SharedCounters& shared);

private:
    void stopFollowing();
    std::vector<Ref<Stream>> streams();
    bool waitForStreams(uint64_t deadline);
    // From here on work is skipped, kernels that poll the flag stop, and nothing stays parked.
    void cancelWork();

    const Host host_;
    const Settings settings_;
    Arena arena_;
    SharedMemory sharedMemory_;
    Executor executor_;
    HostDispatcher dispatcher_;
    Specialiser specialiser_;
    Profiler profiler_;
    std::atomic<uint32_t> cancel_{0};
    std::atomic<bool> closed_{false};
    std::atomic<bool> takesWork_{true};
    std::atomic<uint64_t> epoch_{0};
    Turn resetTurn_;
    std::mutex registryMutex_;
    Stream* streams_ = nullptr;
    std::vector<SharedCounters*> shared_;
};

} // namespace halyard::cpu
