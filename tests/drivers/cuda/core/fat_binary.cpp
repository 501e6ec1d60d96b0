#include "fat_binary.h"

#include <cstring>

namespace halyard::softcuda {
namespace {

constexpr uint16_t kPtx = 1;
constexpr uint64_t kCompressed = 0xa000; // LZ4, Zstandard

struct Header {
    uint32_t magic;
    uint16_t version, headerBytes;
    uint64_t bytes;
};

struct Entry {
    uint16_t kind, version;
    uint32_t headerBytes;
    uint64_t bytes;
    uint32_t unused[3], processor, name[2];
    uint64_t flags;
};

template <class T> T read(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

} // namespace

std::string_view ptxOfFatBinary(const char* image, uint32_t processor) {
    const auto header = read<Header>(image);
    const char* at = image + header.headerBytes;
    const char* const end = at + header.bytes;
    std::string_view best;
    uint32_t newest = 0;
    while (at < end) {
        const auto entry = read<Entry>(at);
        const char* const code = at + entry.headerBytes;
        if (entry.kind == kPtx && (entry.flags & kCompressed) == 0 && entry.processor <= processor &&
            entry.processor >= newest) {
            newest = entry.processor;
            best = {code, strnlen(code, entry.bytes)};
        }
        at = code + entry.bytes;
    }
    return best;
}

} // namespace halyard::softcuda
