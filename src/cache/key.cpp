#include "base/sha256.h"
#include "cache/cache.h"

namespace halyard {

CacheKey Cache::makeKey(std::span<const std::span<const std::byte>> parts) {
    Sha256 hash;
    for (const std::span<const std::byte> part : parts) {
        const uint64_t length = part.size();
        hash.update(&length, sizeof length);
        hash.update(part.data(), part.size());
    }
    return hash.finish();
}

} // namespace halyard
