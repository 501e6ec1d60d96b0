// A timeline semaphore: a counter of the host's, and the schedule that is to look again when it grows. One that several
// processes have is a counter in shared memory, of which the host's is a mirror.
#pragma once

#include "common/shared_counters.h"
#include "device.h"

namespace halyard::vulkan {

// What this backend shares with other processes is of no use to other backends.
inline constexpr common::SharedOwner kSharedOwner{"vulkan", 0x31306b76'73796148}; // "Haysvk01" in memory

// Thread-safe. Shared by its handle and by the steps that use it.
class Semaphore {
public:
    Semaphore(std::shared_ptr<Device> device, uint64_t value)
        : device_(std::move(device)), mirror_(std::make_shared<Mirror>(Mirror{value})) {}
    // Wherever the last reference goes, also with the device's lock held.
    ~Semaphore();
    Semaphore(const Semaphore&) = delete;
    Semaphore& operator=(const Semaphore&) = delete;

    // Of several processes. Throw Failure, std::bad_alloc.
    static std::shared_ptr<Semaphore> create(std::shared_ptr<Device> device, uint64_t value);
    static std::shared_ptr<Semaphore> adopt(std::shared_ptr<Device> device, FileDescriptor file);
    // REQUIRES: it is one of several processes. Throws Failure.
    FileDescriptor share() const;

    Device& device() const { return *device_; }
    uint64_t value() const;
    // Throws Failure: HY_ERROR_INVALID_ARGUMENT when `value` is not above the value now.
    void signal(uint64_t value);
    // False when the deadline passed first. Throws Failure when the device is lost meanwhile.
    bool waitFor(uint64_t value, uint64_t deadline) const;
    // From now on the schedule hears of what other processes do. Throws Failure.
    void follow();
    // What the destructor does, at once. REQUIRES: nobody else has a reference; the device's lock is not held.
    void close() { shared_.reset(); }

    // ---- With the device's lock held.
    uint64_t valueLocked() const { return mirror_->value; }
    // Throws Failure: HY_ERROR_INVALID_STATE when `value` is not above the value now.
    void signalLocked(uint64_t value);

private:
    struct Mirror {
        uint64_t value; // guarded by the device's lock
    };
    common::SharedCounters::Growth growth() const;
    void adoptCounters();

    const std::shared_ptr<Device> device_;
    const std::shared_ptr<Mirror> mirror_;
    std::unique_ptr<common::SharedCounters> shared_; // null: it is of this process alone
};

} // namespace halyard::vulkan
