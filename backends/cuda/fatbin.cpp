// CUDA fat binaries: a header, then entries with PTX or a cubin each, perhaps compressed. NVIDIA documents neither; the
// fields are those that nvcc writes and its fatbinary.h names.
#include "native_code.h"

namespace halyard::cuda {
namespace {

constexpr uint32_t kMagic = 0xba55ed50;
constexpr uint16_t kPtx = 1;
constexpr uint16_t kCubin = 2;
constexpr uint64_t kCompressed = 0x2000 | 0x8000; // LZ4, Zstandard

struct Header {
    uint32_t magic;
    uint16_t version, headerBytes;
    uint64_t bytes; // behind the header
};

struct Entry {
    uint16_t kind, version;
    uint32_t headerBytes;
    uint64_t bytes; // behind the entry's header
    uint32_t compressedBytes, optionsOffset;
    uint16_t minor, major;
    uint32_t processor;
    uint32_t nameOffset, nameBytes;
    uint64_t flags;
};

std::string readEntry(const Entry& entry, Bytes payload, NativeCode& out) {
    out.binary = entry.kind == kCubin;
    out.processor = entry.processor;
    if ((entry.flags & kCompressed) != 0)
        return entry.compressedBytes <= payload.size()
                   ? ""
                   : "it says that its code has " + std::to_string(entry.compressedBytes) + " bytes";
    if (entry.kind == kCubin)
        return readCubin(payload, out);
    std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
    if (text.find('\0') == std::string_view::npos)
        return "its PTX is not ended by a nul";
    return readPtx(text.substr(0, text.find('\0')), out);
}

} // namespace

std::string readFatbin(Bytes file, std::vector<NativeCode>& out) {
    if (file.size() < sizeof(Header))
        return "it has " + std::to_string(file.size()) + " bytes, its header " + std::to_string(sizeof(Header));
    const auto header = readAt<Header>(file, 0);
    if (header.magic != kMagic)
        return "it does not begin as a CUDA fat binary does";
    if (header.version != 1 || header.headerBytes < sizeof(Header))
        return "it is of version " + std::to_string(header.version) + "; this backend knows version 1";
    if (!inside(file, header.headerBytes, header.bytes))
        return "it says that it has " + std::to_string(header.bytes) + " bytes behind its header; it has " +
               std::to_string(file.size() - std::min<uint64_t>(file.size(), header.headerBytes));
    const Bytes entries = file.subspan(header.headerBytes, header.bytes);
    for (uint64_t at = 0; at < entries.size();) {
        const std::string where = "its entry at byte " + std::to_string(header.headerBytes + at) + ": ";
        if (!inside(entries, at, sizeof(Entry)))
            return where + "its header leaves the file";
        const auto entry = readAt<Entry>(entries, at);
        if (entry.headerBytes < sizeof(Entry) || !inside(entries, at, entry.headerBytes) ||
            !inside(entries, at + entry.headerBytes, entry.bytes))
            return where + "it leaves the file";
        if (entry.kind == kPtx || entry.kind == kCubin) {
            NativeCode code;
            if (const std::string fault = readEntry(entry, entries.subspan(at + entry.headerBytes, entry.bytes), code);
                !fault.empty())
                return where + fault;
            out.push_back(std::move(code));
        }
        at += entry.headerBytes + entry.bytes;
    }
    return out.empty() ? "it has neither PTX nor machine code" : "";
}

} // namespace halyard::cuda
