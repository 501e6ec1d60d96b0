#include "cache/memory_blob.h"

#include <limits>
#include <new>

namespace halyard {

std::unique_ptr<MemoryBlob> MemoryBlob::allocate(size_t size) {
    constexpr size_t kAlignment = 64;
    if (size > std::numeric_limits<size_t>::max() - kAlignment)
        return nullptr;
    const size_t rounded = (size / kAlignment + 1) * kAlignment; // aligned_alloc takes multiples of the alignment only
    auto* data = static_cast<std::byte*>(std::aligned_alloc(kAlignment, rounded));
    if (data == nullptr)
        return nullptr;
    auto* blob = new (std::nothrow) MemoryBlob(data, size);
    if (blob == nullptr)
        std::free(data);
    return std::unique_ptr<MemoryBlob>(blob);
}

} // namespace halyard
