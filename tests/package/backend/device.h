// A device: its memory, and what its streams, events and semaphores wait on.
#pragma once

#include "status.h"
#include "thread.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <vector>

namespace vendor {

class Stream;

// The backend's state for one instance of the runtime.
struct Context {
    const HyHostServices* host;
    uint32_t devices;
};

// Choices, and what every device tells (HyDeviceProperties).
constexpr uint32_t kMaxWorkgroupInvocations = 1024;
constexpr uint32_t kMaxLocalBytes = 64 * 1024;
constexpr uint32_t kMaxArgumentBytes = 4096;
constexpr uint64_t kMemoryBytes = 1ULL << 30;
uint64_t pageBytes();
// The addresses that one device hands out: more than the memory, so that a freed one stays unused for long.
constexpr uint64_t kRangeBytes = 16 * kMemoryBytes;
// The target that kernels are compiled for.
const char* isa();

// Shared by its handle and by every object made on it. Thread-safe.
class Device {
public:
    explicit Device(const HyHostServices* host) : host_(host) {}
    ~Device();
    // Reserves the addresses. REQUIRES: called once, before anything else.
    HyResult reserve();

    const HyHostServices* host() const { return host_; }

    // One lock for everything that changes while work runs, and one condition that tells that it did. Streams,
    // semaphores and waits use it; nothing slow happens under it.
    std::mutex& mutex() { return mutex_; }
    std::condition_variable& changed() { return changed_; }
    // Waits with `lock` on mutex() until `condition`; false when the deadline passed first.
    template <typename Condition>
    bool await(std::unique_lock<std::mutex>& lock, uint64_t deadline, Condition&& condition) {
        if (deadline == kNever) {
            changed_.wait(lock, condition);
            return true;
        }
        return changed_.wait_until(lock, std::chrono::steady_clock::time_point{std::chrono::nanoseconds(deadline)},
                                   condition);
    }

    // Each with the lock held. A device that is closed takes no work; when it is cancelled, work is dropped.
    bool closed() const { return closed_; }
    bool cancelled() const { return cancel_ != 0; }
    void enlist(const std::shared_ptr<Stream>& stream);
    void threadStarts() { ++threads_; }
    void threadEnds();
    // For kernels, which look at it while they run.
    const volatile uint32_t* cancelWord() const { return &cancel_; }

    HyResult allocate(uint64_t bytes, HyDevicePtr& outPtr);
    void free(HyDevicePtr ptr);
    uint64_t freeBytes();
    HyDevicePtr rangeBase() const { return base_; }
    HyResult synchronize(uint64_t deadline);
    // Waits, then stops what still runs. HY_ERROR_TIMEOUT: work was left.
    HyResult close(uint64_t deadline);

private:
    std::vector<std::shared_ptr<Stream>> streams();
    HyDevicePtr findGap(uint64_t bytes);

    const HyHostServices* const host_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closed_ = false;
    uint32_t cancel_ = 0;  // written by std::atomic_ref: kernels read it without the lock
    uint32_t threads_ = 0; // of streams
    std::vector<std::weak_ptr<Stream>> streams_;
    HyDevicePtr base_ = 0;
    std::map<HyDevicePtr, uint64_t> allocations_; // address -> bytes
    HyDevicePtr cursor_ = 0;                      // where the next search for a gap begins
    uint64_t used_ = 0;
};

} // namespace vendor
