// Allocations that other processes can open, and those that they opened for us.
//
// They are memory and addresses apart (cuMemCreate), since the driver's own handles (cuIpcGetMemHandle) are not opened
// by the process that made them, which the interface asks for.
#pragma once

#include "common/descriptor_server.h"
#include "driver_types.h"
#include "halyard/backend.h"

#include <memory>

namespace halyard::cuda {

class Device;
class PhysicalMemory;

// One for a device. Thread-safe. Every function wants the context to be current and sets the record when it fails.
class IpcMemory {
public:
    explicit IpcMemory(Device& device) : device_(device) {}

    // Throw std::bad_alloc.
    HyResult allocate(uint64_t bytes, CUdeviceptr& out);
    HyResult nameOf(CUdeviceptr ptr, HyBackendIpcHandle& out);
    HyResult open(const HyBackendIpcHandle& handle, uint64_t bytes, CUdeviceptr& out);

    bool owns(CUdeviceptr ptr) const;
    // Of what was allocated or opened here. REQUIRES: owns(ptr), and no work uses it any more.
    HyResult free(CUdeviceptr ptr);
    // Frees all that is left.
    void release() noexcept;
    // No process can open any of it any more.
    void withdraw() noexcept;

private:
    struct Entry {
        std::shared_ptr<PhysicalMemory> memory;
        uint64_t bytes = 0;
        bool named = false;
        common::DescriptorName name{};
        bool opened = false;
    };

    // HY_ERROR_OUT_OF_DEVICE_MEMORY when it is more than there is.
    HyResult roundUp(uint64_t bytes, uint64_t& out);
    HyResult place(std::shared_ptr<PhysicalMemory> memory, uint64_t bytes, bool opened, CUdeviceptr& out);
    CUresult unplace(CUdeviceptr ptr, const Entry& entry);

    Device& device_;
    mutable std::mutex mutex_;
    std::map<CUdeviceptr, Entry> live_;
};

HyResult allocateShareable(HyBackendDevice device, uint64_t bytes, HyDevicePtr* outPtr, void** outHost);
HyResult getIpcHandle(HyBackendDevice device, HyDevicePtr ptr, HyBackendIpcHandle* outHandle);
HyResult openIpcHandle(HyBackendDevice device, const HyBackendIpcHandle* handle, uint64_t bytes, HyDevicePtr* outPtr,
                       void** outHost);
HyResult closeIpcHandle(HyBackendDevice device, HyDevicePtr ptr);

} // namespace halyard::cuda
