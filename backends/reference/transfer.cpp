#include "transfer.h"

#include <algorithm>
#include <vector>

namespace halyard::reference {
namespace {

// A multiple of every pattern's length.
constexpr uint64_t kFillPiece = 64 * 1024;

bool isDevice(const interp::DeviceMemory& memory, uint64_t address) {
    return address - memory.base() < memory.rangeBytes();
}

void* hostPointer(uint64_t address) {
    return reinterpret_cast<void*>(
        address); // NOLINT(performance-no-int-to-ptr): the interface gives addresses as numbers
}

} // namespace

Status copyBytes(interp::DeviceMemory& memory, uint64_t dst, uint64_t src, uint64_t bytes) {
    const bool toDevice = isDevice(memory, dst);
    const bool fromDevice = isDevice(memory, src);
    if (bytes == 0)
        return spv::Unit{};
    if (toDevice && fromDevice)
        return memory.copy(dst, src, bytes);
    if (toDevice)
        return memory.write(dst, hostPointer(src), bytes);
    if (fromDevice)
        return memory.read(src, hostPointer(dst), bytes);
    std::memmove(hostPointer(dst), hostPointer(src), bytes);
    return spv::Unit{};
}

Status copyBox(interp::DeviceMemory& memory, const HyCopy3D& box) {
    for (uint64_t slice = 0; slice < box.depth; ++slice) {
        for (uint64_t row = 0; row < box.height; ++row) {
            const Status status =
                copyBytes(memory, box.dst + slice * box.dstSlicePitch + row * box.dstRowPitch,
                          box.src + slice * box.srcSlicePitch + row * box.srcRowPitch, box.widthBytes);
            if (!status)
                return status;
        }
    }
    return spv::Unit{};
}

Status fillBytes(interp::DeviceMemory& memory, uint64_t dst, const Pattern& pattern, uint64_t bytes) {
    std::vector<uint8_t> piece(std::min(bytes, kFillPiece));
    for (uint64_t i = 0; i < piece.size(); ++i)
        piece[i] = pattern.at(i);
    for (uint64_t done = 0; done < bytes; done += piece.size()) {
        const uint64_t count = std::min<uint64_t>(piece.size(), bytes - done);
        const Status status = copyBytes(memory, dst + done, reinterpret_cast<uint64_t>(piece.data()), count);
        if (!status)
            return status;
    }
    return spv::Unit{};
}

Status fillBox(interp::DeviceMemory& memory, const HyFill3D& box, const Pattern& pattern) {
    for (uint64_t slice = 0; slice < box.depth; ++slice) {
        for (uint64_t row = 0; row < box.height; ++row) {
            const Status status = fillBytes(memory, box.dst + slice * box.slicePitch + row * box.rowPitch, pattern,
                                            box.width * pattern.bytes());
            if (!status)
                return status;
        }
    }
    return spv::Unit{};
}

} // namespace halyard::reference
