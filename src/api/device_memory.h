// What the entry points about memory share.
#pragma once

#include "api/check.h"

#include <utility>

namespace halyard {

// Work in flight keeps its memory: waits for the device. A sticky error of the work is not an obstacle, work that does
// not end is: HY_ERROR_TIMEOUT, and `what` ends the message ("the memory stays allocated").
HyResult waitForWork(Device& device, const char* what);

// The checks of every allocation; opens the device.
HyResult checkAllocation(Device& device, uint64_t bytes, const HyDevicePtr* outPtr);

// Enters memory that the backend gave into the address map. When it overlaps something live, `giveBack(base)` undoes
// the allocation.
template <typename GiveBack> HyResult enterMemory(Device& device, const AddressRange& range, GiveBack&& giveBack) {
    try {
        if (device.instance->addresses.insert(range))
            return HY_SUCCESS;
    } catch (...) {
        giveBack(range.base);
        throw;
    }
    giveBack(range.base);
    return fail(HY_ERROR_INTERNAL, "", "this is a defect of the backend: please report it to its vendor",
                "the {} backend returned memory at {:#x} that overlaps a live allocation", device.backend->name,
                range.base);
}

// Why hyMemFree, hyMemCloseIpcHandle and their like do not take an address.
HyResult explainBadFree(const Device& device, HyDevicePtr ptr);

// Bytes [ptr, ptr + bytes) lie inside one live managed allocation of the device.
HyResult checkManaged(const Device& device, HyDevicePtr ptr, uint64_t bytes);

// Gives back what the application left. The device has no work. For the end of an instance.
void dropMemory(Device& device, const AddressRange& range);

// Runs `undo` at the end unless released: for steps that a later failure takes back.
template <typename Undo> class Rollback {
public:
    explicit Rollback(Undo undo) : undo_(std::move(undo)) {}
    ~Rollback() {
        if (armed_)
            undo_();
    }
    Rollback(const Rollback&) = delete;
    Rollback& operator=(const Rollback&) = delete;
    void release() { armed_ = false; }

private:
    Undo undo_;
    bool armed_ = true;
};

} // namespace halyard
