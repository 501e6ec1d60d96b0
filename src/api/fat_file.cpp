#include "api/fat_file.h"

#include "api/module_format.h"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace halyard {
namespace {

constexpr uint32_t kMagic = 0xad10ff10;
constexpr uint32_t kVersion = 1;
constexpr uint64_t kAlignment = 8; // of each binary in the file
constexpr size_t kMostImages = 4096;

struct Header {
    uint32_t magic, version;
    uint64_t size, entryOffset, entrySize;
};

struct Entry {
    uint16_t imageKind, offloadKind;
    uint32_t flags;
    uint64_t stringOffset, stringCount, imageOffset, imageSize;
};

struct StringEntry {
    uint64_t key, value;
};

using Bytes = std::span<const std::byte>;

bool inside(Bytes bytes, uint64_t offset, uint64_t size) {
    return offset <= bytes.size() && size <= bytes.size() - offset;
}

// REQUIRES: inside(bytes, offset, sizeof(T)).
template <typename T> T readAt(Bytes bytes, uint64_t offset) {
    T value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

// The string at an offset, or false when its end is not in `bytes`.
bool readString(Bytes bytes, uint64_t offset, std::string_view& out) {
    if (offset >= bytes.size())
        return false;
    const char* text = reinterpret_cast<const char*>(bytes.data()) + offset;
    const void* end = std::memchr(text, 0, bytes.size() - offset);
    if (end == nullptr)
        return false;
    out = {text, static_cast<size_t>(static_cast<const char*>(end) - text)};
    return true;
}

// One binary: "" and an image, or what is wrong.
std::string readBinary(Bytes binary, const Header& header, FatImage& out) {
    if (header.entrySize < sizeof(Entry) || !inside(binary, header.entryOffset, header.entrySize))
        return fmt::format("its entry at {} leaves its {} bytes", header.entryOffset, binary.size());
    const auto entry = readAt<Entry>(binary, header.entryOffset);
    if (!inside(binary, entry.imageOffset, entry.imageSize))
        return fmt::format("its image of {} bytes at {} leaves its {} bytes", entry.imageSize, entry.imageOffset,
                           binary.size());
    uint64_t stringBytes = 0;
    if (__builtin_mul_overflow(entry.stringCount, sizeof(StringEntry), &stringBytes) ||
        !inside(binary, entry.stringOffset, stringBytes))
        return fmt::format("its {} strings at {} leave its {} bytes", entry.stringCount, entry.stringOffset,
                           binary.size());
    for (uint64_t i = 0; i < entry.stringCount; ++i) {
        const auto place = readAt<StringEntry>(binary, entry.stringOffset + i * sizeof(StringEntry));
        std::string_view key;
        std::string_view value;
        if (!readString(binary, place.key, key) || !readString(binary, place.value, value))
            return fmt::format("its string {} leaves its {} bytes", i, binary.size());
        if (key == "arch")
            out.architecture = value;
    }
    out.data = binary.subspan(entry.imageOffset, entry.imageSize);
    out.format = recogniseModule(out.data.data(), out.data.size());
    return {};
}

} // namespace

std::string readFatFile(Bytes file, std::vector<FatImage>& out) {
    uint64_t offset = 0;
    while (offset < file.size()) {
        const auto failHere = [&](const std::string& fault) {
            return fmt::format("the binary at byte {} of the fat file: {}", offset, fault);
        };
        const Bytes rest = file.subspan(offset);
        if (rest.size() < sizeof(Header))
            return failHere(fmt::format("{} bytes are left, a header has {}", rest.size(), sizeof(Header)));
        const auto header = readAt<Header>(rest, 0);
        if (header.magic != kMagic)
            return failHere(fmt::format("it begins with {:#010x} instead of {:#010x}", header.magic, kMagic));
        if (header.version != kVersion)
            return failHere(fmt::format("it is of version {}; this Halyard knows {}", header.version, kVersion));
        if (header.size < sizeof(Header) || header.size > rest.size())
            return failHere(fmt::format("it says that it has {} bytes; {} are left", header.size, rest.size()));
        if (out.size() == kMostImages)
            return failHere(fmt::format("there are more than {} images", kMostImages));
        FatImage image;
        if (const std::string fault = readBinary(rest.first(header.size), header, image); !fault.empty())
            return failHere(fault);
        out.push_back(image);
        const uint64_t whole = (header.size + kAlignment - 1) / kAlignment * kAlignment;
        offset += std::min<uint64_t>(whole, rest.size());
    }
    return out.empty() ? "the fat file is empty" : "";
}

std::string listImages(const std::vector<FatImage>& images) {
    std::string list;
    for (const FatImage& image : images) {
        list += list.empty() ? "" : ", ";
        list += image.format == HY_MODULE_FORMAT_AUTO ? "an image of unknown format" : moduleFormatName(image.format);
        if (!image.architecture.empty())
            list += fmt::format(" ({})", image.architecture);
    }
    return list;
}

} // namespace halyard
