// The one device: its memory and its line of work.
#pragma once

#include "base/turn.h"
#include "interp/device_memory.h"
#include "profiler.h"
#include "queue.h"
#include "settings.h"

#include <vector>

namespace halyard::reference {

class Stream;

// Limits that are choices: an invocation's state is kept whole while its workgroup runs.
constexpr uint32_t kMaxWorkgroupInvocations = 4096;
constexpr uint32_t kMaxLocalBytes = 256 * 1024;
constexpr uint32_t kMaxArgumentBytes = 4096;

// The backend's state for one instance.
struct Context {
    Host host;
    Settings settings;
    std::vector<HyDeviceProperties> properties; // one for each device
};

// Shared by its handle and by every object made on it. Thread-safe.
class Device {
public:
    explicit Device(const Context& context)
        : host_(context.host), settings_(context.settings), memory_(context.settings.memoryBytes) {}

    const Host& host() const { return host_; }
    const Settings& settings() const { return settings_; }
    interp::DeviceMemory& memory() { return memory_; }
    Queue& queue() { return queue_; }
    // Runs host functions, one after another.
    Queue& hostFunctions() { return hostFunctions_; }
    Profiler& profiler() { return profiler_; }

    // Waits for all work until the deadline, then stops what runs. HY_ERROR_TIMEOUT: work was left.
    HyResult close(uint64_t deadline);
    // Waits until all work submitted so far is done: HY_SUCCESS, HY_ERROR_TIMEOUT, or the first sticky error.
    HyResult synchronize(uint64_t deadline);
    // Drops and stops all work, then forgets the failures of all streams. HY_ERROR_TIMEOUT: not all of it stopped, and
    // no work is taken until a later call succeeds.
    HyResult reset(uint64_t deadline);

    // HY_SUCCESS, or the record says why no work is taken: the device is closed, or being reset.
    HyResult checkTakesWork() const;
    // Grows when a reset begins and when it ends, so it is odd during one.
    uint64_t epoch() const { return epoch_.load(); }
    // HY_ERROR_CANCELLED, with the record set, when there was a reset since `epoch` was read.
    HyResult checkEpoch(uint64_t epoch) const;
    // Work that has not run yet is skipped, and kernels stop.
    const std::atomic<bool>& cancel() const { return cancel_; }
    // From here on work is skipped, and nothing waits.
    void cancelWork();
    // For streams: synchronize() and reset() look at their failures. The device does not own them.
    void enlist(const std::shared_ptr<Stream>& stream);

private:
    std::vector<std::shared_ptr<Stream>> streams();

    const Host host_;
    const Settings settings_;
    Profiler profiler_;
    interp::DeviceMemory memory_;
    std::atomic<bool> cancel_{false};
    std::atomic<bool> closed_{false};
    std::atomic<uint64_t> epoch_{0};
    Turn resetTurn_;
    std::mutex mutex_;
    std::vector<std::weak_ptr<Stream>> streams_;
    Queue hostFunctions_;
    Queue queue_; // last: its thread must be gone before anything else goes
};

} // namespace halyard::reference
