// Moving and setting bytes of device, registered and host memory.
#pragma once

#include "interp/device_memory.h"
#include "status.h"

#include <array>
#include <cstring>

namespace halyard::reference {

// A pattern of 1, 2, 4, 8 or 16 bytes, copied.
class Pattern {
public:
    Pattern(const void* pattern, uint32_t bytes) : bytes_(bytes) { std::memcpy(data_.data(), pattern, bytes); }
    uint32_t bytes() const { return bytes_; }
    uint8_t at(uint64_t offset) const { return data_[offset % bytes_]; }

private:
    std::array<uint8_t, 16> data_{};
    uint32_t bytes_;
};

// Addresses of the device's range are checked; every other address is host memory and the caller's word for it.
// Fills begin with the pattern's first byte. Errors: HY_ERROR_INVALID_ADDRESS. Throw std::bad_alloc.
Status copyBytes(interp::DeviceMemory& memory, uint64_t dst, uint64_t src, uint64_t bytes);
Status copyBox(interp::DeviceMemory& memory, const HyCopy3D& box);
Status fillBytes(interp::DeviceMemory& memory, uint64_t dst, const Pattern& pattern, uint64_t bytes);
Status fillBox(interp::DeviceMemory& memory, const HyFill3D& box, const Pattern& pattern);

} // namespace halyard::reference
