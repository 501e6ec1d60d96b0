// Allocations that other processes open by a handle, and those of others that this device has opened.
#pragma once

#include "arena.h"
#include "physical.h"

#include "halyard/backend.h"

#include <map>
#include <memory>
#include <mutex>

namespace halyard::cpu {

// Thread-safe. What is left in it at the end goes with it; the arena must outlive it.
class SharedMemory {
public:
    SharedMemory(const Host& host, Arena& arena) : host_(host), arena_(arena) {}

    HyResult allocate(uint64_t bytes, uint64_t& outAddress);
    // False when no allocation of this kind starts there.
    bool owns(uint64_t address) const;
    // Of an allocation, or of one that was opened.
    HyResult free(uint64_t address);

    HyResult handleOf(uint64_t address, HyBackendIpcHandle& outHandle) const;
    HyResult open(const HyBackendIpcHandle& handle, uint64_t bytes, uint64_t& outAddress);

private:
    HyResult place(std::unique_ptr<Physical> memory, uint64_t& outAddress);

    const Host& host_;
    Arena& arena_;
    mutable std::mutex mutex_;
    std::map<uint64_t, std::unique_ptr<Physical>> live_; // by address
};

} // namespace halyard::cpu
