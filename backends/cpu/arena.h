// Device memory: one reserved range of virtual addresses, of which allocations are committed pieces. A stale device
// address is then never host memory, and using one faults instead of corrupting.
#pragma once

#include "status.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <set>

namespace halyard::cpu {

class Physical;

// How many addresses may be reserved: a process whose address space is limited (ulimit -v) needs half of it for itself.
uint64_t reservableBytes();

// Thread-safe.
class Arena {
public:
    // `capacity`: bytes that may be allocated at once; less when not that many addresses can be reserved.
    Arena(const Host& host, uint64_t capacity) : host_(host), capacity_(capacity) {}
    ~Arena();
    Arena(const Arena&) = delete;
    Arena& operator=(const Arena&) = delete;

    // Reserves the range. REQUIRES: called once, before anything else.
    HyResult reserve();
    // Zeroed pages at a page boundary; from 4 MiB on at a 2 MiB boundary and in huge pages where the system has them.
    HyResult allocate(uint64_t bytes, uint64_t& outAddress);
    HyResult free(uint64_t address);

    // Whole pages without access, that only releaseRange gives back; `alignment` is a power of two.
    HyResult reserveRange(uint64_t bytes, uint64_t alignment, uint64_t& outAddress);
    // Unmaps what is there.
    HyResult releaseRange(uint64_t address, uint64_t bytes);
    // Makes a part of a reserved range as it was: no memory, no access.
    HyResult empty(uint64_t address, uint64_t bytes) const;

    // Memory that is not this class's to map, but counts against the capacity.
    HyResult charge(uint64_t bytes);
    void refund(uint64_t bytes);
    void enlist(const Physical& memory);
    void delist(const Physical& memory);

    static constexpr uint64_t kHugePage = 2ULL << 20;
    // Where memory of that size begins best.
    uint64_t alignmentFor(uint64_t bytes) const;
    HyResult roundToPages(uint64_t bytes, uint64_t& outBytes) const;
    uint64_t page() const { return page_; }

    // Bytes that are allocated but have no pages yet. Costs a look at each page.
    uint64_t untouched() const;

    uint64_t base() const { return base_; }
    uint64_t size() const { return size_; }
    uint64_t capacity() const { return capacity_; }
    uint64_t used() const;

private:
    using Free = std::map<uint64_t, uint64_t>; // offset -> bytes, never adjacent

    Free::iterator findFrom(Free::iterator begin, Free::iterator end, uint64_t bytes, uint64_t alignment,
                            uint64_t& outOffset) const;
    bool take(uint64_t bytes, uint64_t alignment, uint64_t& outOffset);
    void giveBack(uint64_t offset, uint64_t bytes);
    HyResult checkAvailable(uint64_t bytes) const;
    HyResult failNoAddresses(uint64_t bytes) const;

    const Host& host_;
    uint64_t capacity_;
    uint64_t base_ = 0;
    uint64_t size_ = 0;
    uint64_t page_ = 4096;

    mutable std::mutex mutex_;
    uint64_t used_ = 0;
    uint64_t cursor_ = 0; // where the next search begins, so that a freed range stays unmapped for long
    Free free_;
    std::map<uint64_t, uint64_t> live_; // offset -> bytes
    std::set<const Physical*> physical_;
};

} // namespace halyard::cpu
