// Global memory of the reference device: allocations with, for each byte, whether anything has written it, and what
// the race detector knows. Addresses are never reused while address space lasts, so a stale pointer is always told.
#pragma once

#include "spv/status.h"

#include <cstdint>
#include <memory>

namespace halyard::interp {

// Thread-safe: allocate, free and register may run while a kernel runs; freeing memory that a running kernel uses is
// reported by that kernel's next access and crashes nothing.
class DeviceMemory {
public:
    // `capacity`: bytes that may be allocated at a time.
    explicit DeviceMemory(uint64_t capacity);
    ~DeviceMemory();
    DeviceMemory(const DeviceMemory&) = delete;
    DeviceMemory& operator=(const DeviceMemory&) = delete;

    // 256-byte aligned, surrounded by addresses that belong to nothing. Errors: HY_ERROR_OUT_OF_DEVICE_MEMORY.
    spv::Result<uint64_t> allocate(uint64_t bytes);
    // Errors: HY_ERROR_INVALID_ADDRESS when `address` is no allocation's start.
    spv::Status free(uint64_t address);
    // Makes host memory reachable for kernels, at its own address; all of it counts as initialised.
    spv::Status registerHost(void* pointer, uint64_t bytes);
    spv::Status unregisterHost(void* pointer);

    uint64_t capacity() const;
    uint64_t used() const;
    // The reserved range that every allocate() answers from.
    uint64_t base() const;
    uint64_t rangeBytes() const;

    // Transfers of the runtime, whole and in order with kernels by the caller. Device ranges are checked again; a range
    // outside of an allocation is HY_ERROR_INVALID_ADDRESS and moves nothing. `write` makes bytes initialised, `copy`
    // carries what is initialised along (ranges may overlap), `read` gives uninitialised bytes as 0xCD.
    spv::Status write(uint64_t address, const void* source, uint64_t bytes);
    spv::Status read(uint64_t address, void* destination, uint64_t bytes) const;
    spv::Status copy(uint64_t destination, uint64_t source, uint64_t bytes);
    // True for an address inside a live allocation or registered host memory.
    bool contains(uint64_t address, uint64_t bytes) const;

    class Impl; // device_memory.cpp; the engine's view of it is in memory.h
    Impl& impl() { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

} // namespace halyard::interp
