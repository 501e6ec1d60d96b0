// A backend for pools: a number of bytes, events that are done when the test says so, and failures on demand.
#pragma once

#include "memory/device_pools.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>
#include <set>

namespace halyard {

struct FakeDevice {
    // One at a time: the tables' functions have no other way to it.
    static inline FakeDevice* current = nullptr;

    FakeDevice() {
        current = this;
        tables.memory.allocate = [](HyBackendDevice, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) -> HyResult {
            return current->allocate(bytes, outPtr, outHost);
        };
        tables.memory.free = [](HyBackendDevice, HyDevicePtr ptr) -> HyResult { return current->free(ptr); };
        tables.event.create = [](HyBackendDevice, uint32_t, HyBackendEvent* out) -> HyResult {
            if (current->failEvents)
                return HY_ERROR_OUT_OF_HOST_MEMORY;
            const std::lock_guard lock(current->mutex);
            *out = reinterpret_cast<HyBackendEvent>(++current->lastEvent);
            current->events.insert(current->lastEvent);
            return HY_SUCCESS;
        };
        tables.event.destroy = [](HyBackendEvent event) -> HyResult {
            const std::lock_guard lock(current->mutex);
            current->events.erase(reinterpret_cast<uint64_t>(event));
            return HY_SUCCESS;
        };
        tables.event.record = [](HyBackendEvent, HyBackendStream) -> HyResult {
            ++current->records;
            return current->streamFailure;
        };
        tables.event.query = [](HyBackendEvent) -> HyResult {
            return current->streamFailure < 0 ? current->streamFailure : current->busy ? HY_NOT_READY : HY_SUCCESS;
        };
        tables.device.synchronize = [](HyBackendDevice, uint64_t timeoutNs) -> HyResult {
            if (timeoutNs != 0) {
                ++current->waits;
                current->busy = current->busy && !current->waitsHelp; // one thread alone sets it
            }
            return current->busy ? HY_ERROR_TIMEOUT : current->streamFailure;
        };
        tables.stream.query = [](HyBackendStream) -> HyResult { return current->busy ? HY_NOT_READY : HY_SUCCESS; };
        tables.stream.waitEvent = [](HyBackendStream, HyBackendEvent) -> HyResult {
            ++current->streamWaits;
            return HY_SUCCESS;
        };
        device = {.tables = &tables,
                  .impl = nullptr,
                  .addresses = &addresses,
                  .device = reinterpret_cast<Device*>(0x10),
                  .backend = "fake",
                  .selector = "fake:0",
                  .maxAllocation = 0,
                  .waitNs = 1000};
    }

    HyResult allocate(uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
        const std::lock_guard lock(mutex);
        if (bytes > capacity - used)
            return fail(HY_ERROR_OUT_OF_DEVICE_MEMORY, "", "", "the fake device is full");
        *outPtr = next;
        *outHost = nullptr;
        next += bytes;
        used += bytes;
        live[*outPtr] = bytes;
        ++allocations;
        return HY_SUCCESS;
    }
    HyResult free(HyDevicePtr ptr) {
        const std::lock_guard lock(mutex);
        EXPECT_TRUE(live.contains(ptr)) << "freed what is none";
        EXPECT_FALSE(busy) << "freed while work may use it";
        if (failFree)
            return fail(HY_ERROR_NATIVE, "", "", "the fake device keeps it");
        used -= live[ptr];
        live.erase(ptr);
        return HY_SUCCESS;
    }

    BackendTables tables{};
    AddressMap addresses;
    PoolDevice device;
    uint64_t capacity = uint64_t{1} << 30;
    uint64_t used = 0;
    HyDevicePtr next = uint64_t{1} << 40;
    std::map<HyDevicePtr, uint64_t> live;
    uint64_t lastEvent = 0;
    std::set<uint64_t> events;
    std::mutex mutex;
    std::atomic<bool> busy{false}; // no event is reached
    bool waitsHelp = true;         // a wait for the device ends that
    bool failEvents = false;
    bool failFree = false;
    HyResult streamFailure = HY_SUCCESS;
    std::atomic<unsigned> allocations{0}, records{0}, waits{0}, streamWaits{0};
};

} // namespace halyard
