// The books of one device's virtual memory: which addresses are reserved, and what is mapped where. Knows no backend.
#pragma once

#include "halyard/halyard.h"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace halyard {

struct PhysicalState;

struct VirtualMapping {
    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    std::shared_ptr<PhysicalState> memory;
    HyMemoryAccess access = HY_ACCESS_NONE;
    bool busy = false; // some thread changes it, and may be waiting for the device
};

struct VirtualReservation {
    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    std::map<HyDevicePtr, VirtualMapping> mappings; // by base

    // Whether nothing is mapped in [first, first + count). REQUIRES: it lies in the reservation.
    bool isFree(HyDevicePtr first, uint64_t count) const;
};

// Every function but mutex() and describe() REQUIRES that the caller holds the mutex. What it gives stays valid until
// the mutex is let go; a busy mapping stays until whoever made it so is done.
class VirtualSpace {
public:
    std::mutex& mutex() { return mutex_; }

    void add(HyDevicePtr base, uint64_t bytes);
    void remove(HyDevicePtr base) { reservations_.erase(base); }
    // The reservation that starts at `base`, or null.
    VirtualReservation* at(HyDevicePtr base);
    // The one that contains all of [base, base + bytes), or null.
    VirtualReservation* around(HyDevicePtr base, uint64_t bytes);
    std::map<HyDevicePtr, VirtualReservation>& reservations() { return reservations_; }

    // The mappings that make up exactly [base, base + bytes), in order; none when there is a gap, when one sticks out,
    // or when one is busy. `outFault` then says which, as the end of a sentence.
    std::vector<VirtualMapping*> whole(HyDevicePtr base, uint64_t bytes, std::string& outFault);

    // What `address` is in this space, for a message; "" when it is in no reservation. Takes the mutex.
    std::string describe(HyDevicePtr address);

private:
    std::mutex mutex_;
    std::map<HyDevicePtr, VirtualReservation> reservations_; // by base
};

} // namespace halyard
