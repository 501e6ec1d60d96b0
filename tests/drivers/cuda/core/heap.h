// The addresses of device memory and what lies behind them.
//
// Device addresses are reserved and never readable by the host, so that a host that follows a device pointer faults as
// it does with the real driver. The bytes lie in one sparse file, mapped a second time elsewhere: device address a is
// at host(a). Physical memory of the virtual-memory functions is mapped over that second place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

namespace halyard::softcuda {

class Heap {
public:
    // Reserves `bytes`, or halves of it down to `least` where there is no room. Aborts nothing: valid() tells whether
    // the addresses could be reserved.
    Heap(uint64_t bytes, uint64_t least);
    Heap(const Heap&) = delete;
    Heap& operator=(const Heap&) = delete;

    bool valid() const { return base_ != 0; }
    // Addresses for `bytes`, aligned to a power of two of at least kAlignment; zero when there are none left. Given
    // back addresses come again as late as possible. `wanted`: these addresses and no others when they are free.
    uint64_t take(uint64_t bytes, uint64_t alignment, uint64_t wanted = 0);
    // Frees the pages and the addresses.
    void give(uint64_t address, uint64_t bytes);

    std::byte* host(uint64_t address) const { return mirror_ + (address - base_); }
    bool contains(uint64_t address) const { return address - base_ < bytes_; }
    uint64_t base() const { return base_; }
    uint64_t bytes() const { return bytes_; }

    // Puts bytes of another file behind device addresses, and the heap's own back. Whole pages.
    bool mapFile(uint64_t address, uint64_t bytes, int file, uint64_t offset);
    bool unmapFile(uint64_t address, uint64_t bytes);

    // The file, where the address a has offset a - base().
    int file() const { return file_; }

    static constexpr uint64_t kAlignment = 512;

private:
    bool reserve(uint64_t bytes);
    uint64_t fit(uint64_t begin, uint64_t end, uint64_t bytes, uint64_t alignment) const;

    uint64_t base_ = 0, bytes_ = 0;
    std::byte* mirror_ = nullptr;
    int file_ = -1;
    std::mutex mutex_;
    std::map<uint64_t, uint64_t> free_; // begin to end
    uint64_t from_ = 0;                 // where the search begins
};

} // namespace halyard::softcuda
