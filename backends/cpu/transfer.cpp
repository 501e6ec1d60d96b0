#include "transfer.h"

#include "address.h"

#include <algorithm>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace halyard::cpu {

namespace {

// Below four pieces, waking another thread costs more than it saves.
constexpr uint64_t kPieceBytes = 256 * 1024;
constexpr uint64_t kPiecesWorthSharing = 4;
// From here on the destination is not in any cache when it is read next, so loading its lines before writing them is
// wasted (measured: 61 against 30 GB/s for 64 MiB, but 82 against 145 for 1 MiB).
constexpr uint64_t kStreamingBytes = 16ULL << 20;

uint64_t divideUp(uint64_t value, uint64_t divisor) {
    return value / divisor + (value % divisor != 0 ? 1 : 0);
}

uint64_t linearPieces(uint64_t bytes) {
    const uint64_t pieces = divideUp(bytes, kPieceBytes);
    return pieces < kPiecesWorthSharing ? 1 : pieces;
}

// Bytes [begin, end) of pieces [first, last).
struct Range {
    uint64_t begin, end;
};
Range linearRange(uint64_t bytes, uint64_t first, uint64_t last) {
    if (linearPieces(bytes) == 1) {
        return {0, bytes};
    }
    return {first * kPieceBytes, std::min(bytes, last * kPieceBytes)};
}

// Whole rows make a piece, enough of them to be worth it.
uint64_t rowsPerPiece(uint64_t widthBytes, uint64_t rows) {
    const uint64_t perPiece = std::max<uint64_t>(1, kPieceBytes / widthBytes);
    return rows / perPiece < kPiecesWorthSharing && widthBytes < kPieceBytes ? rows : perPiece;
}

#if defined(__SSE2__)
constexpr size_t kLine = 64;

size_t bytesToLine(const void* address) {
    return (kLine - reinterpret_cast<uintptr_t>(address) % kLine) % kLine;
}

void copyStreaming(uint8_t* dst, const uint8_t* src, size_t bytes) {
    const size_t head = std::min(bytes, bytesToLine(dst));
    std::memcpy(dst, src, head);
    size_t i = head;
    for (; i + kLine <= bytes; i += kLine) {
        for (size_t part = 0; part < kLine; part += sizeof(__m128i)) {
            _mm_stream_si128(reinterpret_cast<__m128i*>(dst + i + part),
                             _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i + part)));
        }
    }
    std::memcpy(dst + i, src + i, bytes - i);
    // Streaming stores are weakly ordered; completion must not overtake them.
    _mm_sfence();
}
#else
void copyStreaming(uint8_t* dst, const uint8_t* src, size_t bytes) {
    std::memcpy(dst, src, bytes);
}
#endif

bool isOneByte(const uint8_t (&pattern)[16]) {
    return std::all_of(pattern, pattern + 16, [&](uint8_t byte) { return byte == pattern[0]; });
}

// `dst` starts at a multiple of the pattern's length from where the fill began.
void fillSpan(uint8_t* dst, uint64_t bytes, const uint8_t (&pattern)[16]) {
    if (isOneByte(pattern)) {
        std::memset(dst, pattern[0], bytes);
        return;
    }
    uint64_t i = 0;
    for (; i + 16 <= bytes; i += 16) {
        std::memcpy(dst + i, pattern, 16);
    }
    std::memcpy(dst + i, pattern, bytes - i);
}

#if defined(__SSE2__)
void fillStreaming(uint8_t* dst, uint64_t bytes, const uint8_t (&pattern)[16]) {
    const uint64_t head = std::min<uint64_t>(bytes, bytesToLine(dst));
    fillSpan(dst, head, pattern);
    // Where the line begins, the pattern stands rotated.
    uint8_t rotated[16];
    for (size_t i = 0; i < 16; ++i) {
        rotated[i] = pattern[(head + i) % 16];
    }
    const __m128i value = _mm_loadu_si128(reinterpret_cast<const __m128i*>(rotated));
    uint64_t i = head;
    for (; i + kLine <= bytes; i += kLine) {
        for (size_t part = 0; part < kLine; part += sizeof(__m128i)) {
            _mm_stream_si128(reinterpret_cast<__m128i*>(dst + i + part), value);
        }
    }
    fillSpan(dst + i, bytes - i, rotated);
    _mm_sfence();
}
#else
void fillStreaming(uint8_t* dst, uint64_t bytes, const uint8_t (&pattern)[16]) {
    fillSpan(dst, bytes, pattern);
}
#endif

// Calls body(slice, row) for the rows of pieces [first, end).
template <class Body>
void forRows(uint64_t widthBytes, uint64_t height, uint64_t depth, uint64_t first, uint64_t end, Body&& body) {
    const uint64_t rows = height * depth;
    const uint64_t perPiece = rowsPerPiece(widthBytes, rows);
    const uint64_t last = std::min(rows, end * perPiece);
    uint64_t slice = first * perPiece / height;
    uint64_t row = first * perPiece % height;
    for (uint64_t i = first * perPiece; i < last; ++i) {
        body(slice, row);
        if (++row == height) {
            row = 0;
            ++slice;
        }
    }
}

uint64_t boxPieces(uint64_t widthBytes, uint64_t height, uint64_t depth) {
    const uint64_t rows = height * depth;
    return divideUp(rows, rowsPerPiece(widthBytes, rows));
}

} // namespace

namespace {

bool isRun(uint64_t widthBytes, uint64_t height, uint64_t depth, uint64_t rowPitch, uint64_t slicePitch) {
    return (height == 1 || rowPitch == widthBytes) && (depth == 1 || slicePitch == widthBytes * height);
}

} // namespace

bool isContiguous(const HyCopy3D& box) {
    return isRun(box.widthBytes, box.height, box.depth, box.dstRowPitch, box.dstSlicePitch) &&
           isRun(box.widthBytes, box.height, box.depth, box.srcRowPitch, box.srcSlicePitch);
}

bool isContiguous(const HyFill3D& box) {
    return isRun(box.width * box.patternBytes, box.height, box.depth, box.rowPitch, box.slicePitch);
}

void setCopy(CopyCommand& command, HyDevicePtr dst, HyDevicePtr src, uint64_t bytes) {
    command.dst = toPointer<void>(dst);
    command.src = toPointer<const void>(src);
    command.bytesToCopy = bytes;
}

void setCopyBox(CopyBoxCommand& command, const HyCopy3D& box) {
    command.dst = toPointer<uint8_t>(box.dst);
    command.src = toPointer<const uint8_t>(box.src);
    command.dstRowPitch = box.dstRowPitch;
    command.dstSlicePitch = box.dstSlicePitch;
    command.srcRowPitch = box.srcRowPitch;
    command.srcSlicePitch = box.srcSlicePitch;
    command.widthBytes = box.widthBytes;
    command.height = box.height;
    command.depth = box.depth;
}

void setFill(FillCommand& command, HyDevicePtr dst, const void* pattern, uint32_t patternBytes, uint64_t bytes) {
    command.dst = toPointer<void>(dst);
    command.bytesToFill = bytes;
    expandPattern(pattern, patternBytes, command.pattern);
}

void setFillBox(FillBoxCommand& command, const HyFill3D& box) {
    command.dst = toPointer<uint8_t>(box.dst);
    command.rowPitch = box.rowPitch;
    command.slicePitch = box.slicePitch;
    command.widthBytes = box.width * box.patternBytes;
    command.height = box.height;
    command.depth = box.depth;
    expandPattern(box.pattern, box.patternBytes, command.pattern);
}

void expandPattern(const void* pattern, uint32_t patternBytes, uint8_t (&out)[16]) {
    for (uint32_t i = 0; i < sizeof out; i += patternBytes) {
        std::memcpy(out + i, pattern, patternBytes);
    }
}

uint64_t pieceCount(const CopyCommand& copy) {
    return linearPieces(copy.bytesToCopy);
}

uint64_t pieceCount(const FillCommand& fill) {
    return linearPieces(fill.bytesToFill);
}

uint64_t pieceCount(const CopyBoxCommand& copy) {
    return boxPieces(copy.widthBytes, copy.height, copy.depth);
}

uint64_t pieceCount(const FillBoxCommand& fill) {
    return boxPieces(fill.widthBytes, fill.height, fill.depth);
}

void runPieces(const CopyCommand& copy, uint64_t first, uint64_t end) {
    const Range range = linearRange(copy.bytesToCopy, first, end);
    auto* dst = static_cast<uint8_t*>(copy.dst) + range.begin;
    const auto* src = static_cast<const uint8_t*>(copy.src) + range.begin;
    if (copy.bytesToCopy >= kStreamingBytes) {
        copyStreaming(dst, src, range.end - range.begin);
    } else {
        std::memcpy(dst, src, range.end - range.begin);
    }
}

void runPieces(const FillCommand& fill, uint64_t first, uint64_t end) {
    const Range range = linearRange(fill.bytesToFill, first, end);
    auto* dst = static_cast<uint8_t*>(fill.dst) + range.begin;
    if (fill.bytesToFill >= kStreamingBytes) {
        fillStreaming(dst, range.end - range.begin, fill.pattern);
    } else {
        fillSpan(dst, range.end - range.begin, fill.pattern);
    }
}

void runPieces(const CopyBoxCommand& copy, uint64_t first, uint64_t end) {
    forRows(copy.widthBytes, copy.height, copy.depth, first, end, [&](uint64_t slice, uint64_t row) {
        std::memcpy(copy.dst + slice * copy.dstSlicePitch + row * copy.dstRowPitch,
                    copy.src + slice * copy.srcSlicePitch + row * copy.srcRowPitch, copy.widthBytes);
    });
}

void runPieces(const FillBoxCommand& fill, uint64_t first, uint64_t end) {
    forRows(fill.widthBytes, fill.height, fill.depth, first, end, [&](uint64_t slice, uint64_t row) {
        fillSpan(fill.dst + slice * fill.slicePitch + row * fill.rowPitch, fill.widthBytes, fill.pattern);
    });
}

} // namespace halyard::cpu
