// Memory apart from addresses: cuMemCreate and what maps it, and memory of other processes.
#pragma once

#include "memory.h"
#include "status.h"

#include <array>
#include <cstdint>
#include <memory>

namespace halyard::softcuda {

struct PhysicalMemory {
    uint32_t device = 0;
    uint64_t bytes = 0;
    int file = -1; // the heap's, or one of its own when it is shareable
    uint64_t offset = 0;
    bool shareable = false;
    uint64_t heapAddress = 0; // where its bytes are in the heap's file, when they are
    bool charged = false;

    ~PhysicalMemory();
};

constexpr uint64_t kGranularity = uint64_t{2} << 20;

Status createPhysical(uint32_t device, uint64_t bytes, bool shareable, std::shared_ptr<PhysicalMemory>& out);
// A new descriptor for the caller.
Status exportPhysical(const PhysicalMemory& memory, int& out);
// The descriptor stays the caller's.
Status importPhysical(int file, std::shared_ptr<PhysicalMemory>& out);

Status reserveAddresses(uint64_t bytes, uint64_t alignment, uint64_t wanted, uint64_t& out);
Status freeAddresses(uint64_t begin, uint64_t bytes);
Status mapPhysical(uint64_t begin, uint64_t bytes, uint64_t offset, std::shared_ptr<PhysicalMemory> memory);
// Whole mappings.
Status unmapPhysical(uint64_t begin, uint64_t bytes);

// Puts `bytes` at `offset` of a file at new device addresses.
Status mapForeign(const Context* owner, uint32_t device, MemoryKind kind, int file, uint64_t offset, uint64_t bytes,
                  uint64_t& out);

// What names a descriptor of this process to others of the same user: 64 bytes.
struct FileName {
    uint64_t magic = 0, process = 0, file = 0, inode = 0, offset = 0, bytes = 0, kind = 0, reserved = 0;
};
FileName nameFile(uint64_t kind, int file, uint64_t offset, uint64_t bytes);
// A new descriptor. InvalidValue for a damaged name, or one whose process is gone; InvalidContext for one of this
// process.
Status openFile(const FileName& name, uint64_t kind, int& out);

} // namespace halyard::softcuda
