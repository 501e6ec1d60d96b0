#define XXH_INLINE_ALL
#include "cache/entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/resource.h>
#include <sys/stat.h>
#include <xxhash.h>

namespace halyard::cache {
namespace {

constexpr std::string_view kSuffix = ".hyc";
constexpr size_t kDigits = 62;

std::array<uint8_t, 16> checksum(std::span<const std::byte> bytes) {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes.data(), bytes.size()));
    std::array<uint8_t, 16> out;
    std::memcpy(out.data(), canonical.digest, out.size());
    return out;
}

bool readAll(int fd, void* data, size_t size) {
    auto* cursor = static_cast<char*>(data);
    while (size > 0) {
        const ssize_t count = ::read(fd, cursor, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        cursor += count;
        size -= static_cast<size_t>(count);
    }
    return true;
}

bool writeAll(int fd, const void* data, size_t size) {
    const auto* cursor = static_cast<const char*>(data);
    while (size > 0) {
        const ssize_t count = ::write(fd, cursor, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        cursor += count;
        size -= static_cast<size_t>(count);
    }
    return true;
}

bool isHex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

} // namespace

EntryName entryName(const CacheKey& key) {
    std::string digits;
    digits.reserve(2 * key.size());
    for (const uint8_t byte : key)
        fmt::format_to(std::back_inserter(digits), "{:02x}", byte);
    return {digits.substr(0, 2), fmt::format("{}{}{}", digits.substr(2), kSuffix, EntryHeader::kVersion)};
}

bool isEntryFolder(std::string_view folder) {
    return folder.size() == 2 && isHex(folder);
}

bool isEntryFile(std::string_view file) {
    return file.size() > kDigits + kSuffix.size() && isHex(file.substr(0, kDigits)) &&
           file.substr(kDigits, kSuffix.size()) == kSuffix;
}

ReadResult readEntry(int fd, const CacheKey& key, std::unique_ptr<MemoryBlob>& out) {
    struct stat status {};
    if (fstat(fd, &status) != 0)
        return ReadResult::Missing;
    EntryHeader header;
    if (!S_ISREG(status.st_mode) || status.st_size < static_cast<off_t>(sizeof header) ||
        !readAll(fd, &header, sizeof header))
        return ReadResult::Corrupt;
    const auto payload = static_cast<uint64_t>(status.st_size) - sizeof header;
    if (header.magic != EntryHeader::kMagic || header.version != EntryHeader::kVersion || header.key != key ||
        header.length != payload)
        return ReadResult::Corrupt;
    std::unique_ptr<MemoryBlob> blob = MemoryBlob::allocate(payload);
    if (blob == nullptr)
        return ReadResult::Missing;
    if (!readAll(fd, blob->writable().data(), payload) || checksum(blob->bytes()) != header.checksum)
        return ReadResult::Corrupt;
    out = std::move(blob);
    return ReadResult::Found;
}

bool writeEntry(int fd, const CacheKey& key, std::span<const std::byte> payload) {
    EntryHeader header;
    header.key = key;
    header.length = payload.size();
    header.checksum = checksum(payload);
    // Beyond this limit write() does not fail: it raises SIGXFSZ, which ends a process that did not expect it.
    rlimit limit{};
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        limit.rlim_cur < sizeof header + payload.size()) {
        errno = EFBIG;
        return false;
    }
    return writeAll(fd, &header, sizeof header) && writeAll(fd, payload.data(), payload.size());
}

} // namespace halyard::cache
