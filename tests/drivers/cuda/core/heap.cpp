#include "heap.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace halyard::softcuda {

Heap::Heap(uint64_t bytes, uint64_t least) {
    file_ = memfd_create("halyard-softcuda-heap", MFD_CLOEXEC);
    // A tool such as valgrind, or a limit of the process, leaves less room than a process has by itself.
    while (file_ >= 0 && !reserve(bytes) && bytes / 2 >= least)
        bytes /= 2;
}

bool Heap::reserve(uint64_t bytes) {
    if (ftruncate(file_, static_cast<off_t>(bytes)) != 0)
        return false;
    void* base = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return false;
    void* mirror = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, file_, 0);
    if (mirror == MAP_FAILED) {
        munmap(base, bytes);
        return false;
    }
    madvise(mirror, bytes, MADV_DONTDUMP);
    base_ = reinterpret_cast<uint64_t>(base);
    bytes_ = bytes;
    mirror_ = static_cast<std::byte*>(mirror);
    from_ = base_;
    free_.emplace(base_, base_ + bytes_);
    return true;
}

uint64_t Heap::fit(uint64_t begin, uint64_t end, uint64_t bytes, uint64_t alignment) const {
    uint64_t address = (begin + alignment - 1) & ~(alignment - 1);
    return address >= begin && address < end && end - address >= bytes ? address : 0;
}

uint64_t Heap::take(uint64_t bytes, uint64_t alignment, uint64_t wanted) {
    bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    std::lock_guard lock(mutex_);
    auto cut = [&](std::map<uint64_t, uint64_t>::iterator range, uint64_t address) {
        auto [begin, end] = *range;
        free_.erase(range);
        if (address > begin)
            free_.emplace(begin, address);
        if (address + bytes < end)
            free_.emplace(address + bytes, end);
        return address;
    };
    if (wanted && wanted % alignment == 0) {
        auto range = free_.upper_bound(wanted);
        if (range != free_.begin() && fit((--range)->first, range->second, bytes, 1) && wanted < range->second &&
            range->second - wanted >= bytes)
            return cut(range, wanted);
    }
    for (int round = 0; round < 2; ++round) {
        for (auto range = round ? free_.begin() : free_.lower_bound(from_); range != free_.end(); ++range)
            if (uint64_t address = fit(range->first, range->second, bytes, alignment)) {
                from_ = address + bytes;
                return cut(range, address);
            }
    }
    return 0;
}

void Heap::give(uint64_t address, uint64_t bytes) {
    bytes = (bytes + kAlignment - 1) & ~(kAlignment - 1);
    fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(address - base_),
              static_cast<off_t>(bytes));
    std::lock_guard lock(mutex_);
    auto after = free_.lower_bound(address);
    uint64_t begin = address, end = address + bytes;
    if (after != free_.end() && after->first == end) {
        end = after->second;
        after = free_.erase(after);
    }
    if (after != free_.begin()) {
        auto before = std::prev(after);
        if (before->second == begin) {
            before->second = end;
            return;
        }
    }
    free_.emplace(begin, end);
}

bool Heap::mapFile(uint64_t address, uint64_t bytes, int file, uint64_t offset) {
    return mmap(host(address), bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE, file,
                static_cast<off_t>(offset)) != MAP_FAILED;
}

bool Heap::unmapFile(uint64_t address, uint64_t bytes) {
    return mapFile(address, bytes, file_, address - base_);
}

} // namespace halyard::softcuda
