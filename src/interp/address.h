// Addresses as kernels see them. Global memory has its real device address; everything else is an object whose number
// stands in the address, so that leaving one variable never enters the next unnoticed.
//
//   63..62   0 global    1 program data       2 workgroup           3 private
//                        59..40 object        61..46 workgroup      61..50 invocation
//                        39..0  offset        45..32 object         49..42 generation (odd while it lives)
//                                             31..0  offset         41..26 object
//                                                                   25..0  offset
#pragma once

#include <cstdint>

namespace halyard::interp {

enum class Space : uint8_t { Global = 0, Program = 1, Workgroup = 2, Private = 3 };

constexpr Space spaceOf(uint64_t address) {
    return static_cast<Space>(address >> 62);
}

inline constexpr uint32_t kProgramOffsetBits = 40, kProgramObjectBits = 20;
inline constexpr uint32_t kWorkgroupOffsetBits = 32, kWorkgroupObjectBits = 14, kWorkgroupOwnerBits = 16;
inline constexpr uint32_t kPrivateOffsetBits = 26, kPrivateObjectBits = 16, kPrivateGenerationBits = 8;
inline constexpr uint32_t kPrivateOwnerBits = 12;

constexpr uint64_t lowBits(uint64_t value, uint32_t bits) {
    return value & ((uint64_t{1} << bits) - 1);
}

constexpr uint64_t programAddress(uint64_t object) {
    return uint64_t{1} << 62 | object << kProgramOffsetBits;
}
constexpr uint64_t workgroupAddress(uint64_t owner, uint64_t object) {
    return uint64_t{2} << 62 | lowBits(owner, kWorkgroupOwnerBits) << (kWorkgroupOffsetBits + kWorkgroupObjectBits) |
           object << kWorkgroupOffsetBits;
}
constexpr uint64_t privateAddress(uint64_t owner, uint64_t generation, uint64_t object) {
    return uint64_t{3} << 62 |
           lowBits(owner, kPrivateOwnerBits) << (kPrivateOffsetBits + kPrivateObjectBits + kPrivateGenerationBits) |
           generation << (kPrivateOffsetBits + kPrivateObjectBits) | object << kPrivateOffsetBits;
}

// The fields of an address of a space other than Global.
struct Place {
    uint64_t owner = 0;
    uint64_t generation = 0;
    uint64_t object = 0;
    uint64_t offset = 0;
    uint32_t offsetBits = 0;
};

constexpr Place placeOf(uint64_t address) {
    switch (spaceOf(address)) {
    case Space::Program:
        return {0, 0, lowBits(address >> kProgramOffsetBits, kProgramObjectBits), lowBits(address, kProgramOffsetBits),
                kProgramOffsetBits};
    case Space::Workgroup:
        return {lowBits(address >> (kWorkgroupOffsetBits + kWorkgroupObjectBits), kWorkgroupOwnerBits), 0,
                lowBits(address >> kWorkgroupOffsetBits, kWorkgroupObjectBits), lowBits(address, kWorkgroupOffsetBits),
                kWorkgroupOffsetBits};
    case Space::Private:
        return {
            lowBits(address >> (kPrivateOffsetBits + kPrivateObjectBits + kPrivateGenerationBits), kPrivateOwnerBits),
            lowBits(address >> (kPrivateOffsetBits + kPrivateObjectBits), kPrivateGenerationBits),
            lowBits(address >> kPrivateOffsetBits, kPrivateObjectBits), lowBits(address, kPrivateOffsetBits),
            kPrivateOffsetBits};
    case Space::Global:
        break;
    }
    return {};
}

} // namespace halyard::interp
