#include "shared_memory.h"

#include "process_file.h"

#include <sys/mman.h>

namespace halyard::cpu {

HyResult SharedMemory::place(std::unique_ptr<Physical> memory, uint64_t& outAddress) {
    const uint64_t bytes = memory->bytes();
    uint64_t address = 0;
    if (const HyResult result = arena_.reserveRange(bytes, arena_.alignmentFor(bytes), address); result != HY_SUCCESS) {
        return result;
    }
    const HyResult result = memory->mapAt(address, bytes, 0, PROT_READ | PROT_WRITE);
    if (result != HY_SUCCESS) {
        arena_.releaseRange(address, bytes);
        return result;
    }
    const std::scoped_lock lock(mutex_);
    live_.emplace(address, std::move(memory));
    outAddress = address;
    return HY_SUCCESS;
}

HyResult SharedMemory::allocate(uint64_t bytes, uint64_t& outAddress) {
    uint64_t rounded = 0;
    if (const HyResult result = arena_.roundToPages(bytes, rounded); result != HY_SUCCESS) {
        return result;
    }
    std::unique_ptr<Physical> memory;
    if (const HyResult result = Physical::create(host_, arena_, rounded, memory); result != HY_SUCCESS) {
        return result;
    }
    return place(std::move(memory), outAddress);
}

bool SharedMemory::owns(uint64_t address) const {
    const std::scoped_lock lock(mutex_);
    return live_.count(address) != 0;
}

HyResult SharedMemory::free(uint64_t address) {
    std::unique_ptr<Physical> memory;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = live_.find(address);
        if (found == live_.end()) {
            return host_.fail(
                {HY_ERROR_INVALID_ADDRESS,
                 format("0x%llx is not the first address of shared memory", static_cast<unsigned long long>(address)),
                 "ptr"});
        }
        memory = std::move(found->second);
        live_.erase(found);
    }
    return arena_.releaseRange(address, memory->bytes());
}

HyResult SharedMemory::handleOf(uint64_t address, HyBackendIpcHandle& outHandle) const {
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(address);
    if (found == live_.end()) {
        return host_.fail({HY_ERROR_UNSUPPORTED, "the allocation is private to this process", "ptr",
                           "allocate it with hyMemAllocShareable"});
    }
    return nameFile(host_, found->second->descriptor(), outHandle);
}

HyResult SharedMemory::open(const HyBackendIpcHandle& handle, uint64_t bytes, uint64_t& outAddress) {
    uint64_t rounded = 0;
    if (const HyResult result = arena_.roundToPages(bytes, rounded); result != HY_SUCCESS) {
        return result;
    }
    FileDescriptor file;
    if (const HyResult result = openNamed(host_, handle, "the memory", file); result != HY_SUCCESS) {
        return result;
    }
    std::unique_ptr<Physical> memory;
    if (const HyResult result = Physical::adopt(host_, std::move(file), rounded, "handle", memory);
        result != HY_SUCCESS) {
        return result;
    }
    return place(std::move(memory), outAddress);
}

} // namespace halyard::cpu
