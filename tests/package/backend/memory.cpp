// Device memory is memory of the host, so a device address is the host's: pieces of one range of addresses, which
// cannot be touched where nothing is allocated. So a stale device address faults, and is never taken for one of the
// host's.
#include "device.h"
#include "handles.h"

#include <sys/mman.h>
#include <unistd.h>

namespace vendor {
namespace {

constexpr int kNothing = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

void* hostPointer(HyDevicePtr ptr) {
    return reinterpret_cast<void*>(ptr);
}

} // namespace

uint64_t pageBytes() {
    return static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

HyResult Device::reserve() {
    void* const range = mmap(nullptr, kRangeBytes, PROT_NONE, kNothing, -1, 0);
    if (range == MAP_FAILED)
        return fail(host_, {HY_ERROR_OUT_OF_HOST_MEMORY,
                            "no " + std::to_string(kRangeBytes) + " addresses could be reserved for device memory",
                            "is the process's address space limited (ulimit -v)?"});
    base_ = cursor_ = reinterpret_cast<HyDevicePtr>(range);
    return HY_SUCCESS;
}

Device::~Device() {
    if (base_ != 0)
        munmap(hostPointer(base_), kRangeBytes);
}

// 0 when there is none.
HyDevicePtr Device::findGap(uint64_t bytes) {
    for (const HyDevicePtr from : {cursor_, base_}) {
        HyDevicePtr at = from;
        for (auto next = allocations_.lower_bound(at);; ++next) {
            const bool last = next == allocations_.end();
            if ((last ? base_ + kRangeBytes : next->first) - at >= bytes)
                return at;
            if (last)
                break;
            at = next->first + next->second;
        }
    }
    return 0;
}

HyResult Device::allocate(uint64_t bytes, HyDevicePtr& outPtr) {
    const uint64_t page = pageBytes();
    // What is beyond the device stays as it is, so that nothing wraps around.
    const uint64_t rounded = bytes > kMemoryBytes ? bytes : (bytes + page - 1) / page * page;
    std::unique_lock lock(mutex_);
    const uint64_t available = kMemoryBytes - used_;
    const HyDevicePtr found = rounded <= available ? findGap(rounded) : 0;
    if (found == 0 || mprotect(hostPointer(found), rounded, PROT_READ | PROT_WRITE) != 0) {
        lock.unlock();
        return fail(host_, {HY_ERROR_OUT_OF_DEVICE_MEMORY,
                            std::to_string(bytes) + " bytes were asked for; " + std::to_string(available) + " of " +
                                std::to_string(kMemoryBytes) + " are free",
                            "free memory, or ask for less", "bytes"});
    }
    allocations_.emplace(found, rounded);
    used_ += rounded;
    cursor_ = found + rounded;
    outPtr = found;
    return HY_SUCCESS;
}

void Device::free(HyDevicePtr ptr) {
    const std::scoped_lock lock(mutex_);
    const auto found = allocations_.find(ptr);
    mmap(hostPointer(ptr), found->second, PROT_NONE, kNothing | MAP_FIXED, -1, 0);
    used_ -= found->second;
    allocations_.erase(found);
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
            *outHost = hostPointer(*outPtr);
        return result;
    });
}

HyResult freeMemory(HyBackendDevice handle, HyDevicePtr ptr) {
    fromHandle(handle)->free(ptr);
    return HY_SUCCESS;
}

HyResult getAddressRange(HyBackendDevice handle, HyDevicePtr* outBase, uint64_t* outBytes) {
    *outBase = fromHandle(handle)->rangeBase();
    *outBytes = kRangeBytes;
    return HY_SUCCESS;
}

} // namespace

// Registration, managed and shareable memory are left out: each empty slot answers HY_ERROR_UNSUPPORTED.
const HyBackendMemoryTable kMemoryTable{
    .structSize = sizeof(HyBackendMemoryTable),
    .allocate = allocate,
    .free = freeMemory,
    .getAddressRange = getAddressRange,
};

} // namespace vendor
