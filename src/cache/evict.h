// Keeping the cache's size bounded.
#pragma once

#include <cstdint>
#include <ctime>

namespace halyard::cache {

struct EvictionResult {
    uint64_t bytesBefore = 0;
    uint64_t bytesAfter = 0;
    uint64_t entriesRemoved = 0;
    uint64_t temporariesRemoved = 0;
};

// Seconds after which a temporary file has no living writer.
constexpr time_t kTemporaryLifetime = 3600;
constexpr char kTemporaryPrefix[] = "tmp-";

// When the entries below `directory` exceed `limit` bytes, removes the least recently used ones until a tenth of the
// limit is free again, so that the next entry does not start the next scan. Always removes temporary files that a
// crashed process left. Other processes may read, write and evict at the same time: what vanishes meanwhile is skipped.
// Touches no file that the cache did not name.
EvictionResult evict(int directory, uint64_t limit, time_t now);

} // namespace halyard::cache
