// Memory of the device without an address, and what it takes to map it.
#pragma once

#include "cache/file_descriptor.h"
#include "device.h"

namespace halyard::cuda {

// The driver keeps it beyond its handle where it is mapped. It maps memory from its start only, so memory that is not
// shared is made of pieces, each as large as the granularity.
class PhysicalMemory {
public:
    explicit PhysicalMemory(std::shared_ptr<Device> device) : device_(std::move(device)) {}
    ~PhysicalMemory() {
        const Current current = enterContext(*device_);
        for (const CUmemGenericAllocationHandle piece : pieces_)
            device_->cuOfProcess().cuMemRelease(piece);
    }
    PhysicalMemory(const PhysicalMemory&) = delete;
    PhysicalMemory& operator=(const PhysicalMemory&) = delete;

    Device& device() const { return *device_; }
    // Of memory that is one piece.
    CUmemGenericAllocationHandle handle() const { return pieces_.front(); }
    // Throws std::bad_alloc.
    CUresult create(const CUmemAllocationProp& prop, uint64_t bytes, uint64_t pieceBytes) {
        pieces_.reserve(bytes / pieceBytes);
        pieceBytes_ = pieceBytes;
        for (uint64_t at = 0; at < bytes; at += pieceBytes) {
            CUmemGenericAllocationHandle piece = 0;
            if (const CUresult code = device_->cu().cuMemCreate(&piece, pieceBytes, &prop, 0); code != CUDA_SUCCESS)
                return code;
            pieces_.push_back(piece);
        }
        return CUDA_SUCCESS;
    }
    // Takes memory that some process shares, by a descriptor that may be anything. REQUIRES: the context is current. A
    // failure has the record set. Throws std::bad_alloc.
    HyResult import(int64_t shared, uint64_t bytes);
    // A new descriptor of it. REQUIRES: it was made to be shared, or imported; the context is current. A failure has
    // the record set.
    HyResult share(FileDescriptor& out) const;
    // REQUIRES: with several pieces, multiples of their size. Nothing is mapped after a failure.
    CUresult map(CUdeviceptr base, uint64_t bytes, uint64_t offset) const {
        const Symbols& cu = device_->cu();
        if (pieces_.size() == 1)
            return cu.cuMemMap(base, bytes, offset, pieces_.front(), 0);
        for (uint64_t at = 0; at < bytes; at += pieceBytes_) {
            const CUresult code = cu.cuMemMap(base + at, pieceBytes_, 0, pieces_[(offset + at) / pieceBytes_], 0);
            if (code == CUDA_SUCCESS)
                continue;
            if (at != 0)
                cu.cuMemUnmap(base, at);
            return code;
        }
        return CUDA_SUCCESS;
    }

private:
    const std::shared_ptr<Device> device_;
    std::vector<CUmemGenericAllocationHandle> pieces_;
    uint64_t pieceBytes_ = 0;
};

// What the driver is asked for.
CUmemAllocationProp describeMemory(const Device& device, bool shareable);
// For the device, and for those whose kernels reach its memory: of memory that is mapped, hyDeviceEnablePeerAccess
// alone gives them nothing. Throws std::bad_alloc.
CUresult setMemoryAccess(const Device& device, CUdeviceptr base, uint64_t bytes, HyMemoryAccess access);

} // namespace halyard::cuda
