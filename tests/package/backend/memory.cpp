// Device memory is memory of the host, so a device address is the host's.
#include "device.h"
#include "handles.h"

#include <cstdlib>

namespace vendor {

HyResult Device::allocate(uint64_t bytes, HyDevicePtr& outPtr) {
    // Whole pieces count, so that nobody gets more than there is by asking for small ones.
    const uint64_t rounded =
        bytes > kMemoryBytes ? bytes : (bytes + kMemoryAlignment - 1) / kMemoryAlignment * kMemoryAlignment;
    std::unique_lock lock(mutex_);
    const uint64_t available = kMemoryBytes - used_;
    void* const memory = rounded <= available ? std::aligned_alloc(kMemoryAlignment, rounded) : nullptr;
    if (memory == nullptr) {
        lock.unlock();
        return fail(host_, {HY_ERROR_OUT_OF_DEVICE_MEMORY,
                            std::to_string(bytes) + " bytes were asked for; " + std::to_string(available) + " of " +
                                std::to_string(kMemoryBytes) + " are free",
                            "free memory, or ask for less", "bytes"});
    }
    outPtr = reinterpret_cast<HyDevicePtr>(memory);
    try {
        allocations_.emplace(outPtr, rounded);
    } catch (...) {
        std::free(memory);
        throw;
    }
    used_ += rounded;
    return HY_SUCCESS;
}

void Device::free(HyDevicePtr ptr) {
    const std::scoped_lock lock(mutex_);
    const auto found = allocations_.find(ptr);
    used_ -= found->second;
    allocations_.erase(found);
    std::free(reinterpret_cast<void*>(ptr));
}

uint64_t Device::freeBytes() {
    const std::scoped_lock lock(mutex_);
    return kMemoryBytes - used_;
}

namespace {

HyResult allocate(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const HyResult result = device.allocate(bytes, *outPtr);
        if (result == HY_SUCCESS)
            *outHost = reinterpret_cast<void*>(*outPtr);
        return result;
    });
}

HyResult freeMemory(HyBackendDevice handle, HyDevicePtr ptr) {
    fromHandle(handle)->free(ptr);
    return HY_SUCCESS;
}

} // namespace

// Registration, managed and shareable memory are left out: each empty slot answers HY_ERROR_UNSUPPORTED.
const HyBackendMemoryTable kMemoryTable{
    .structSize = sizeof(HyBackendMemoryTable),
    .allocate = allocate,
    .free = freeMemory,
};

} // namespace vendor
