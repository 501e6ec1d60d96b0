// The engine's view of DeviceMemory. Private to src/interp.
#pragma once

#include "interp/device_memory.h"

#include <atomic>
#include <map>
#include <shared_mutex>
#include <string>

namespace halyard::interp {

struct Allocation {
    uint64_t base = 0; // address
    uint64_t size = 0;
    uint8_t* data = nullptr;
    uint8_t* written = nullptr; // a byte each, 1 once written; null for host memory
    bool host = false;
    std::atomic<bool> whole{false}; // every byte has been written, whatever `written` says
};

// A run holds the memory shared while it executes and lets go between its time slices when somebody waits, so that
// nothing is freed under an access and freeing never waits long.
class DeviceMemory::Impl {
public:
    explicit Impl(uint64_t capacity);
    ~Impl();

    spv::Result<uint64_t> allocate(uint64_t bytes);
    spv::Status free(uint64_t address);
    spv::Status registerHost(void* pointer, uint64_t bytes);
    spv::Status unregisterHost(void* pointer);

    // REQUIRES: the caller holds use(). The live allocation that contains the address, or null.
    Allocation* find(uint64_t address) const;
    // REQUIRES: the caller holds use(). Words on what lies at an address outside of every allocation: "freed memory:
    // ...", "8 bytes past the end of the allocation ...".
    std::string describe(uint64_t address) const;
    bool wasFreed(uint64_t address) const;

    std::shared_mutex& use() { return use_; }
    // Somebody waits to change allocations.
    bool wanted() const { return waiting_.load(std::memory_order_acquire) != 0; }
    // Changes when an allocation goes.
    uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

    uint64_t capacity() const { return capacity_; }
    uint64_t used() const;
    uint64_t base() const { return reinterpret_cast<uint64_t>(arena_); }
    uint64_t rangeBytes() const { return arenaBytes_; }

private:
    class Exclusive;
    uint64_t place(uint64_t pages);
    void discard(const Allocation& allocation);

    uint64_t capacity_;
    uint8_t* arena_ = nullptr;
    uint8_t* shadow_ = nullptr; // the `written` bytes, at the same offsets
    uint64_t arenaBytes_ = 0;
    std::shared_mutex use_;
    std::atomic<uint32_t> waiting_{0};
    std::atomic<uint64_t> generation_{0};
    std::map<uint64_t, std::unique_ptr<Allocation>> live_; // by base
    std::map<uint64_t, uint64_t> freed_;                   // base -> size of what was there last
    std::map<uint64_t, uint64_t> reusable_;                // offset -> bytes, once the arena has been handed out
    uint64_t next_ = 0;
    uint64_t used_ = 0;
};

} // namespace halyard::interp
