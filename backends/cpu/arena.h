// Device memory: one reserved range of virtual addresses, of which allocations are committed pieces. A stale device
// address is then never host memory, and using one faults instead of corrupting.
#pragma once

#include "status.h"

#include <cstdint>
#include <map>
#include <mutex>

namespace halyard::cpu {

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
};

} // namespace halyard::cpu
