// The persistent cache: content-addressed files. Losing it costs time and nothing else, so every failure inside is a
// miss (logged once), never an error, and no process waits for another.
#pragma once

#include "base/counters.h"
#include "base/log.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

namespace halyard {

using CacheKey = std::array<uint8_t, 32>;

// Bytes that stay valid while it lives: a private mapping of the file, or memory.
class CacheBlob {
public:
    virtual ~CacheBlob() = default;
    virtual std::span<const std::byte> bytes() const = 0; // 16-byte aligned
};

class Cache {
public:
    // Reads HALYARD_CACHE_DIR (else $XDG_CACHE_HOME/halyard, ~/.cache/halyard) and HALYARD_CACHE_SIZE_MB (LRU bound,
    // default 1,024; 0 switches the cache off). Touches no file yet. Elevated processes have no cache.
    Cache(Log& log, Counters& counters);
    ~Cache();

    // SHA-256 over length-prefixed parts, so ("ab", "c") and ("a", "bc") differ.
    static CacheKey makeKey(std::span<const std::span<const std::byte>> parts);

    // Null on a miss. A file with a bad magic, length or checksum is removed and counted as corrupt, then it is a miss.
    // Thread-safe.
    std::unique_ptr<CacheBlob> get(const CacheKey& key);
    // Writes to a unique temporary file and renames. Thread-safe; safe against other processes and a full disk.
    void put(const CacheKey& key, std::span<const std::byte> bytes);

    // Empty when the cache is off.
    const std::filesystem::path& directory() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace halyard
