#include "ipc_memory.h"

#include "device.h"
#include "handles.h"
#include "physical.h"

namespace halyard::cuda {
HyResult IpcMemory::roundUp(uint64_t bytes, uint64_t& out) {
    const Symbols& cu = device_.cu();
    const uint64_t most = device_.info().properties.totalMemory;
    if (bytes > most)
        return device_.host().fail(
            {HY_ERROR_OUT_OF_DEVICE_MEMORY,
             std::to_string(bytes) + " bytes are asked for, but the device has " + std::to_string(most)});
    const CUmemAllocationProp prop = describeMemory(device_, true);
    size_t granularity = 0;
    const CUresult code = cu.cuMemGetAllocationGranularity(&granularity, &prop, CU_MEM_ALLOC_GRANULARITY_MINIMUM);
    if (code != CUDA_SUCCESS)
        return device_.fail(code, "tell the granularity of memory");
    out = (bytes + granularity - 1) / granularity * granularity;
    return HY_SUCCESS;
}

HyResult IpcMemory::place(std::shared_ptr<PhysicalMemory> memory, uint64_t bytes, bool opened, CUdeviceptr& out) {
    const Symbols& cu = device_.cu();
    CUdeviceptr base = 0;
    if (const CUresult code = cu.cuMemAddressReserve(&base, bytes, 0, 0, 0); code != CUDA_SUCCESS)
        return device_.fail(code, "reserve addresses");
    CUresult code = memory->map(base, bytes, 0);
    const bool mapped = code == CUDA_SUCCESS;
    HyResult result = HY_SUCCESS;
    if (!mapped) {
        result = opened && !meaningOf(code).sticky
                     ? device_.host().fail({HY_ERROR_INVALID_ARGUMENT, "the memory that the handle names is not of " +
                                                                           std::to_string(bytes) + " bytes"})
                     : device_.fail(code, "map memory");
    } else {
        try {
            code = setMemoryAccess(device_, base, bytes, HY_ACCESS_READ_WRITE);
            result = device_.check(code, "give access to memory");
            if (result == HY_SUCCESS) {
                const std::scoped_lock lock(mutex_);
                live_.emplace(base, Entry{std::move(memory), bytes, false, {}, opened});
                out = base;
                return HY_SUCCESS;
            }
        } catch (const std::bad_alloc&) {
            result = device_.host().fail({HY_ERROR_OUT_OF_HOST_MEMORY, "the host has no memory left"});
        }
        cu.cuMemUnmap(base, bytes);
    }
    cu.cuMemAddressFree(base, bytes);
    return result;
}

HyResult IpcMemory::allocate(uint64_t bytes, CUdeviceptr& out) {
    uint64_t rounded = 0;
    if (const HyResult result = roundUp(bytes, rounded); result != HY_SUCCESS)
        return result;
    device_.leftovers().sweep();
    auto memory = std::make_shared<PhysicalMemory>(device_.shared_from_this());
    if (const CUresult code = memory->create(describeMemory(device_, true), rounded, rounded); code != CUDA_SUCCESS)
        return device_.fail(code, "make memory to share", std::to_string(bytes) + " bytes are asked for");
    return place(std::move(memory), rounded, false, out);
}

HyResult IpcMemory::nameOf(CUdeviceptr ptr, HyBackendIpcHandle& out) {
    const std::scoped_lock lock(mutex_);
    const auto found = live_.find(ptr);
    if (found == live_.end() || found->second.opened)
        return device_.host().fail({HY_ERROR_UNSUPPORTED, "the allocation is private to this process", "ptr",
                                    "allocate it with hyMemAllocShareable"});
    Entry& entry = found->second;
    if (!entry.named) {
        FileDescriptor descriptor;
        if (const HyResult result = entry.memory->share(descriptor); result != HY_SUCCESS)
            return result;
        common::Fault fault;
        if (!common::DescriptorServer::get().offer(std::move(descriptor), 0, entry.name, fault))
            return device_.host().fail(describeFault(fault));
        entry.named = true;
    }
    out = common::packName(entry.name);
    return HY_SUCCESS;
}

HyResult IpcMemory::open(const HyBackendIpcHandle& handle, uint64_t bytes, CUdeviceptr& out) {
    common::DescriptorName name{};
    common::Fault fault;
    if (!common::unpackName(handle, name, fault))
        return device_.host().fail(describeFault(fault));
    uint64_t rounded = 0;
    if (const HyResult result = roundUp(bytes, rounded); result != HY_SUCCESS)
        return result;
    FileDescriptor descriptor;
    uint64_t ignored = 0;
    if (!common::DescriptorServer::fetch(name, "the memory", descriptor, ignored, fault))
        return device_.host().fail(describeFault(fault));
    auto memory = std::make_shared<PhysicalMemory>(device_.shared_from_this());
    if (const HyResult result = memory->import(descriptor.get(), rounded); result != HY_SUCCESS)
        return result;
    return place(std::move(memory), rounded, true, out);
}

bool IpcMemory::owns(CUdeviceptr ptr) const {
    const std::scoped_lock lock(mutex_);
    return live_.count(ptr) != 0;
}

CUresult IpcMemory::unplace(CUdeviceptr ptr, const Entry& entry) {
    if (entry.named)
        common::DescriptorServer::get().withdraw(entry.name.number);
    const Symbols& cu = device_.cuOfProcess();
    const CUresult code = cu.cuMemUnmap(ptr, entry.bytes);
    return code == CUDA_SUCCESS ? cu.cuMemAddressFree(ptr, entry.bytes) : code;
}

HyResult IpcMemory::free(CUdeviceptr ptr) {
    Entry entry;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = live_.find(ptr);
        entry = std::move(found->second);
        live_.erase(found);
    }
    return device_.check(unplace(ptr, entry), "free shared memory");
}

void IpcMemory::release() noexcept {
    std::map<CUdeviceptr, Entry> all;
    {
        const std::scoped_lock lock(mutex_);
        all.swap(live_);
    }
    for (const auto& [ptr, entry] : all)
        unplace(ptr, entry);
}

void IpcMemory::withdraw() noexcept {
    const std::scoped_lock lock(mutex_);
    for (auto& [ptr, entry] : live_) {
        if (std::exchange(entry.named, false))
            common::DescriptorServer::get().withdraw(entry.name.number);
    }
}

HyResult allocateShareable(HyBackendDevice handle, uint64_t bytes, HyDevicePtr* outPtr, void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        CUdeviceptr ptr = 0;
        *outHost = nullptr;
        const HyResult result = device.ipcMemory().allocate(bytes, ptr);
        *outPtr = ptr;
        return result;
    });
}

HyResult getIpcHandle(HyBackendDevice handle, HyDevicePtr ptr, HyBackendIpcHandle* outHandle) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        return device.ipcMemory().nameOf(ptr, *outHandle);
    });
}

HyResult openIpcHandle(HyBackendDevice handle, const HyBackendIpcHandle* name, uint64_t bytes, HyDevicePtr* outPtr,
                       void** outHost) {
    Device& device = *fromHandle(handle);
    return guarded(device.host(), [&] {
        const Current current = enterContext(device);
        CUdeviceptr ptr = 0;
        const HyResult result = device.ipcMemory().open(*name, bytes, ptr);
        if (result != HY_SUCCESS)
            return result;
        *outHost = nullptr;
        *outPtr = ptr;
        return result;
    });
}

HyResult closeIpcHandle(HyBackendDevice handle, HyDevicePtr ptr) {
    Device& device = *fromHandle(handle);
    const Current current = enterContext(device);
    return device.ipcMemory().free(ptr);
}

} // namespace halyard::cuda
