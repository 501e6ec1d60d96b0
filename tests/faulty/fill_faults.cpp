// Fills that write too much, too little or something else.
#include "target.h"

namespace halyard::faulty {
namespace {

void oneTooMany(Tables& tables) {
    tables.stream.fill = [](HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t bytes,
                            uint64_t count) { return real().stream.fill(stream, dst, pattern, bytes, count + 1); };
}

void oneTooFew(Tables& tables) {
    tables.stream.fill = [](HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t bytes,
                            uint64_t count) { return real().stream.fill(stream, dst, pattern, bytes, count - 1); };
}

// A pattern of `from` bytes is written as its first half, twice.
template <uint32_t from>
HyResult halved(HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t bytes, uint64_t count) {
    return bytes == from ? real().stream.fill(stream, dst, pattern, from / 2, count * 2)
                         : real().stream.fill(stream, dst, pattern, bytes, count);
}

void pattern2(Tables& tables) {
    tables.stream.fill = halved<2>;
}

void pattern8(Tables& tables) {
    tables.stream.fill = halved<8>;
}

void pattern16(Tables& tables) {
    tables.stream.fill = halved<16>;
}

void truncatedTo32Bits(Tables& tables) {
    tables.stream.fill = [](HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t bytes,
                            uint64_t count) {
        return real().stream.fill(stream, dst, pattern, bytes, static_cast<uint32_t>(count * bytes) / bytes);
    };
}

// The pattern is read when the stream gets there, not before the call returns.
void patternReadLate(Tables& tables) {
    struct Late {
        HyDevicePtr dst;
        const uint8_t* pattern;
        uint32_t bytes;
        uint64_t count;
    };
    tables.stream.fill = [](HyBackendStream stream, HyDevicePtr dst, const void* pattern, uint32_t bytes,
                            uint64_t count) {
        const auto run = [](void* user, HyResult) {
            const Late late = *static_cast<Late*>(user);
            delete static_cast<Late*>(user);
            for (uint64_t i = 0; i < late.count * late.bytes; ++i)
                reinterpret_cast<uint8_t*>(late.dst)[i] = late.pattern[i % late.bytes];
        };
        return real().stream.hostFunction(stream, run,
                                          new Late{dst, static_cast<const uint8_t*>(pattern), bytes, count});
    };
}

template <auto change> HyResult changedBox(HyBackendStream stream, const HyFill3D* fill) {
    HyFill3D changed = *fill;
    change(changed);
    return real().stream.fill3D(stream, &changed);
}

void boxIgnoresPitch(Tables& tables) {
    tables.stream.fill3D = changedBox<[](HyFill3D& box) { box.rowPitch = box.width * box.patternBytes; }>;
}

void boxIgnoresSlicePitch(Tables& tables) {
    tables.stream.fill3D = changedBox<[](HyFill3D& box) { box.slicePitch = box.rowPitch * box.height; }>;
}

void boxOneColumnTooMany(Tables& tables) {
    tables.stream.fill3D = changedBox<[](HyFill3D& box) { box.width += 1; }>;
}

constexpr Fault kFaults[] = {
    {"fill-one-too-many", "a fill writes one pattern behind its range", "Copy.F*:Fills.*", oneTooMany},
    {"fill-one-too-few", "a fill leaves out its last pattern", "Copy.F*", oneTooFew},
    {"fill-2-bytes-as-1", "a pattern of 2 bytes is filled as one of 1", "Copy.F*", pattern2},
    {"fill-8-bytes-as-4", "a pattern of 8 bytes is filled as one of 4", "Copy.F*", pattern8},
    {"fill-16-bytes-as-8", "a pattern of 16 bytes is filled as one of 8", "Copy.F*", pattern16},
    {"fill-truncated-to-32-bits", "a fill of more than 4 GiB fills the rest only", "LargeMemory.OneCopy*",
     truncatedTo32Bits},
    {"fill-pattern-read-late", "the pattern is not copied before the call returns", "Fills.Take*", patternReadLate},
    {"fill-box-ignores-pitch", "rows of a filled box lie side by side", "Copy.FillsBoxes", boxIgnoresPitch},
    {"fill-box-ignores-slice-pitch", "slices of a filled box lie one behind the other", "Copy.FillsBoxes",
     boxIgnoresSlicePitch},
    {"fill-box-one-column-too-many", "a filled box is one pattern wider", "Copy.FillsBoxes", boxOneColumnTooMany},
};

} // namespace

std::span<const Fault> fillFaults() {
    return kFaults;
}

} // namespace halyard::faulty
