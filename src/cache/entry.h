// One file of the cache: a 64-byte header, then the payload. Little-endian host integers: a cache directory is not
// carried between machines of different byte order, and the magic would not match if it were.
#pragma once

#include "cache/file_descriptor.h"
#include "cache/memory_blob.h"

#include <string>

namespace halyard::cache {

struct EntryHeader {
    static constexpr uint32_t kMagic = 0x43435948; // "HYCC"
    static constexpr uint32_t kVersion = 1;
    uint32_t magic = kMagic;
    uint32_t version = kVersion;
    CacheKey key{};
    uint64_t length = 0; // bytes of payload, which ends the file
    std::array<uint8_t, 16>
        checksum{}; // XXH3-128 of the payload: against accidents; against malice there is the directory's owner
};
static_assert(sizeof(EntryHeader) == 64);

// Below the cache's directory: "3f/<62 hexadecimal digits>.hyc1". The header's version is part of the name, so versions
// that share a directory do not remove each other's entries as corrupt.
struct EntryName {
    std::string folder;
    std::string file;
};
EntryName entryName(const CacheKey& key);
// True for every version's entries and for nothing else that a directory may hold.
bool isEntryFile(std::string_view file);
bool isEntryFolder(std::string_view folder);

enum class ReadResult { Found, Missing, Corrupt };

// Reads and checks. The bytes are copied, not mapped: a file that someone truncates later must not become a SIGBUS in
// the application, and what was checked must be what is used. Allocates no more than the file's own size.
ReadResult readEntry(int fd, const CacheKey& key, std::unique_ptr<MemoryBlob>& out);

// Writes header and payload. False with errno set; the caller removes the file.
bool writeEntry(int fd, const CacheKey& key, std::span<const std::byte> payload);

} // namespace halyard::cache
