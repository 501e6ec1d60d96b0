// Bytes on the heap, aligned as CacheBlob promises; what the cache reads and what a compiler answers.
#pragma once

#include "cache/cache.h"

#include <cstdlib>

namespace halyard {

class MemoryBlob final : public CacheBlob {
public:
    // Uninitialised bytes, 64-byte aligned; null when the host has no memory. `size` may be 0.
    static std::unique_ptr<MemoryBlob> allocate(size_t size);

    std::span<const std::byte> bytes() const override { return {data_.get(), size_}; }
    std::span<std::byte> writable() { return {data_.get(), size_}; }

private:
    struct Free {
        void operator()(std::byte* data) const { std::free(data); }
    };
    MemoryBlob(std::byte* data, size_t size) : data_(data), size_(size) {}

    std::unique_ptr<std::byte, Free> data_;
    size_t size_;
};

} // namespace halyard
