// The interval map from addresses to live allocations and registered host ranges: behind range checks, pointer queries,
// direction inference and OpArrayLength. Thread-safe; lookups share a lock, changes own it.
#pragma once

#include "halyard/halyard.h"

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace halyard {

struct Block;
struct Device;
struct Slab;
class Pool;

struct AddressRange {
    HyDevicePtr base = 0;
    uint64_t bytes = 0;
    HyMemoryKind kind = HY_MEMORY_DEVICE;
    Device* device = nullptr;
    std::byte* host = nullptr;  // where the host reaches `base`, or null
    void* registered = nullptr; // the pointer given to hyHostRegister, or that hyHostAlloc gave
    uint32_t flags = 0;         // HY_POINTER_...
    HyMemoryAccess access = HY_ACCESS_READ_WRITE;
    HyDevicePtr reservation = 0; // of a mapping: mappings of one reservation that touch are one range for copies
    uint64_t id = 0;             // given by insert() when 0
    bool ofGraph = false;        // belongs to a graph, which frees it
    Slab* slab = nullptr;        // of a pool: lookups inside give the slab's live blocks
    Pool* pool = nullptr;        // of a pool: a slab, or an allocation that the pool made for itself

    bool contains(HyDevicePtr address) const { return address - base < bytes; }
    uint64_t bytesFrom(HyDevicePtr address) const { return bytes - (address - base); }
};

// What an address is to the runtime.
struct Located {
    enum class Kind {
        Live,    // inside `range`
        Stale,   // in a device's address range, but in nothing that is live
        Unknown, // host memory that Halyard was never told of
    };
    Kind kind = Kind::Unknown;
    AddressRange range;
};

class AddressMap {
public:
    // False when the range overlaps a live one (nothing is changed).
    bool insert(const AddressRange& range);
    // Removes and returns the range that starts at `base` and belongs to `device` with that kind; nothing when there is
    // none. Finds nothing of a pool's.
    std::optional<AddressRange> remove(HyDevicePtr base, const Device* device, HyMemoryKind kind);
    // The same for an allocation that a pool made for itself.
    std::optional<AddressRange> removeOwn(HyDevicePtr base, const Device* device);
    void removeSlab(const Slab& slab);
    // Takes a live block of a slab from the application: of several calls one gets it, and only the address of its
    // beginning will do. Null when there is none. `outBytes`: what the application had asked for.
    Block* claim(HyDevicePtr address, const Device* device, uint64_t& outBytes);
    std::optional<AddressRange> removeRegistered(const void* pointer, const Device* device, HyMemoryKind kind);
    // Of the mapping that starts at `base`.
    void setAccess(HyDevicePtr base, HyMemoryAccess access);
    std::optional<AddressRange> find(HyDevicePtr address) const;
    // As inserted: slabs as a whole.
    std::vector<AddressRange> ofDevice(const Device* device) const;
    // The same, and removes them.
    std::vector<AddressRange> take(const Device* device);

    // Where nothing is known of an address, the drivers are asked (askAlso).
    Located locate(HyDevicePtr address) const;
    // Both under one lock.
    std::pair<Located, Located> locate(HyDevicePtr first, HyDevicePtr second) const;

    // How many bytes from `address` on lie in mappings side by side that allow all of `access`; `limit` is enough.
    uint64_t reach(HyDevicePtr address, uint64_t limit, HyMemoryAccess access) const;

    // Who tells locate() of memory that others allocated with a driver. Called without the lock, from any thread. To be
    // set before the first lookup.
    using AskDrivers = std::function<std::optional<AddressRange>(HyDevicePtr)>;
    void askAlso(AskDrivers ask) { ask_ = std::move(ask); }

    // Declares that addresses in this range are a device's, alive or not: for ever, or until unreserve with the same
    // numbers.
    void reserve(HyDevicePtr base, uint64_t bytes, bool forEver);
    void unreserve(HyDevicePtr base, uint64_t bytes);
    // A device declares no range: from now on an address in nothing known may be one of its own.
    void admitUndeclared() { undeclared_.store(true, std::memory_order_release); }
    // Whether `address`, in nothing known, is certainly no host memory. Asks the kernel, and only after
    // admitUndeclared: what the host cannot read is not its own.
    bool isNobodys(HyDevicePtr address) const;

private:
    const AddressRange* findInserted(HyDevicePtr address) const;
    std::optional<AddressRange> findLocked(HyDevicePtr address) const;
    Located locateLocked(HyDevicePtr address) const;
    void askDrivers(HyDevicePtr address, Located& located) const;

    mutable std::shared_mutex mutex_;
    std::map<HyDevicePtr, AddressRange> ranges_;
    uint64_t lastId_ = 0;
    std::atomic<bool> undeclared_ = false;
    struct Span {
        HyDevicePtr base;
        uint64_t bytes;
        bool forEver;
    };
    std::vector<Span> reserved_;
    AskDrivers ask_;
};

} // namespace halyard
