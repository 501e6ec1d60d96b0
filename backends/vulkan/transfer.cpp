#include "transfer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace halyard::vulkan {
namespace {

constexpr size_t kMostRegions = 4096;
constexpr uint64_t kStagingBytes = uint64_t{4} << 20;
constexpr uint32_t kFillGroup = 64;

std::byte* hostPointer(uint64_t address) {
    return reinterpret_cast<std::byte*>(
        address); // NOLINT(performance-no-int-to-ptr): the interface gives addresses as numbers
}

// Where a row of one side begins.
struct Side {
    uint64_t base = 0, rowPitch = 0, slicePitch = 0;
    uint64_t at(uint64_t row, uint64_t slice) const { return base + slice * slicePitch + row * rowPitch; }
};

// A box whose rows follow each other without gaps on both sides is one row.
HyCopy3D flattened(HyCopy3D box) {
    if (box.height > 1 && box.dstRowPitch == box.widthBytes && box.srcRowPitch == box.widthBytes) {
        box.widthBytes *= box.height;
        box.height = 1;
    }
    if (box.depth > 1 && box.height == 1 && box.dstSlicePitch == box.widthBytes &&
        box.srcSlicePitch == box.widthBytes) {
        box.widthBytes *= box.depth;
        box.depth = 1;
    }
    return box;
}

// A copy between memory of the device.
void recordRows(const Commands& commands, Device& device, const HyCopy3D& box) {
    const Place to = device.memory().find(box.dst);
    const Place from = device.memory().find(box.src);
    const Side dst{to.offset, box.dstRowPitch, box.dstSlicePitch};
    const Side src{from.offset, box.srcRowPitch, box.srcSlicePitch};
    std::vector<VkBufferCopy> regions;
    const auto put = [&] {
        commands.functions.vkCmdCopyBuffer(commands.buffer, from.buffer, to.buffer,
                                           static_cast<uint32_t>(regions.size()), regions.data());
        regions.clear();
    };
    for (uint64_t slice = 0; slice < box.depth; ++slice) {
        for (uint64_t row = 0; row < box.height; ++row) {
            regions.push_back({src.at(row, slice), dst.at(row, slice), box.widthBytes});
            if (regions.size() == kMostRegions)
                put();
        }
    }
    if (!regions.empty())
        put();
}

void copyRowsOnHost(const HyCopy3D& box, const Side& dst, const Side& src) {
    for (uint64_t slice = 0; slice < box.depth; ++slice)
        for (uint64_t row = 0; row < box.height; ++row)
            std::memmove(hostPointer(dst.at(row, slice)), hostPointer(src.at(row, slice)), box.widthBytes);
}

// Memory of the device that the host does not see: through a piece of memory that both do, row by row.
void copyStaged(Device& device, const HyCopy3D& box, bool toDevice) {
    const Place stage = device.hostMemory().allocate(std::min(kStagingBytes, box.widthBytes));
    const auto release = [&] { device.hostMemory().free(stage.address); };
    try {
        const Place place = device.memory().find(toDevice ? box.dst : box.src);
        const Side ours{place.offset, toDevice ? box.dstRowPitch : box.srcRowPitch,
                        toDevice ? box.dstSlicePitch : box.srcSlicePitch};
        const Side theirs{toDevice ? box.src : box.dst, toDevice ? box.srcRowPitch : box.dstRowPitch,
                          toDevice ? box.srcSlicePitch : box.dstSlicePitch};
        for (uint64_t slice = 0; slice < box.depth; ++slice) {
            for (uint64_t row = 0; row < box.height; ++row) {
                for (uint64_t done = 0; done < box.widthBytes; done += kStagingBytes) {
                    const uint64_t bytes = std::min(kStagingBytes, box.widthBytes - done);
                    std::byte* const host = hostPointer(theirs.at(row, slice) + done);
                    const uint64_t offset = ours.at(row, slice) + done;
                    if (toDevice)
                        std::memcpy(stage.host, host, bytes);
                    device.runNow([&](Batch& batch) {
                        const VkBufferCopy region = toDevice ? VkBufferCopy{stage.offset, offset, bytes}
                                                             : VkBufferCopy{offset, stage.offset, bytes};
                        batch.commands().functions.vkCmdCopyBuffer(batch.commands().buffer,
                                                                   toDevice ? stage.buffer : place.buffer,
                                                                   toDevice ? place.buffer : stage.buffer, 1, &region);
                    });
                    if (!toDevice)
                        std::memcpy(host, stage.host, bytes);
                }
            }
        }
    } catch (...) {
        release();
        throw;
    }
    release();
}

// What fill.comp takes.
struct FillConstants {
    std::array<uint32_t, 4> pattern;
    uint64_t address, rowPitch, slicePitch;
    uint32_t units, unitBytes, periodUnits, firstUnit;
};

void fillByKernel(const Commands& commands, const Device& device, const HyFill3D& box) {
    const uint64_t rowBytes = box.width * box.patternBytes;
    const bool words = box.dst % 4 == 0 && rowBytes % 4 == 0 && (box.height == 1 || box.rowPitch % 4 == 0) &&
                       (box.depth == 1 || box.slicePitch % 4 == 0);
    FillConstants constants{};
    for (uint32_t i = 0; i < sizeof constants.pattern; ++i)
        reinterpret_cast<uint8_t*>(constants.pattern.data())[i] =
            static_cast<const uint8_t*>(box.pattern)[i % box.patternBytes];
    constants.unitBytes = words ? 4 : 1;
    constants.periodUnits = 16 / constants.unitBytes; // every pattern's length divides 16
    constants.rowPitch = box.rowPitch;
    constants.slicePitch = box.slicePitch;
    const auto& most = device.adapter().core.limits.maxComputeWorkGroupCount;
    // A multiple of 16 bytes, so that each piece begins with the pattern.
    const uint64_t pieceUnits = uint64_t{std::min(most[0], 65535U)} * kFillGroup;
    const uint64_t units = rowBytes / constants.unitBytes;
    const VolkDeviceTable& functions = commands.functions;
    commands.bind(device.fillPipeline());
    for (uint64_t slice = 0; slice < box.depth; slice += most[2]) {
        for (uint64_t row = 0; row < box.height; row += most[1]) {
            for (uint64_t unit = 0; unit < units; unit += pieceUnits) {
                constants.address = box.dst + slice * box.slicePitch + row * box.rowPitch + unit * constants.unitBytes;
                constants.units = static_cast<uint32_t>(std::min(pieceUnits, units - unit));
                functions.vkCmdPushConstants(commands.buffer, device.layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                                             sizeof constants, &constants);
                functions.vkCmdDispatch(commands.buffer, (constants.units + kFillGroup - 1) / kFillGroup,
                                        static_cast<uint32_t>(std::min<uint64_t>(most[1], box.height - row)),
                                        static_cast<uint32_t>(std::min<uint64_t>(most[2], box.depth - slice)));
            }
        }
    }
}

} // namespace

void writeNow(Device& device, uint64_t dst, const void* src, uint64_t bytes) {
    if (const Place place = device.memory().find(dst); place.host != nullptr) {
        std::memcpy(place.host, src, bytes);
        return;
    }
    HyCopy3D box{};
    box.dst = dst;
    box.src = reinterpret_cast<uint64_t>(src);
    box.widthBytes = bytes;
    box.height = box.depth = 1;
    copyStaged(device, box, true);
}

void copyBox(Stream& stream, const HyCopy3D& given, uint32_t hostMask) {
    const HyCopy3D box = flattened(given);
    const uint64_t bytes = box.widthBytes * box.height * box.depth;
    const bool toHost = (hostMask & HY_BACKEND_COPY_DST_HOST) != 0;
    const bool fromHost = (hostMask & HY_BACKEND_COPY_SRC_HOST) != 0;
    if (!toHost && !fromHost)
        return stream.record(0, {HY_ACTIVITY_COPY, bytes},
                             [&](Batch& batch) { recordRows(batch.commands(), stream.device(), box); });
    Device& device = stream.device();
    // Where the device's memory is the host's, an address that was freed looks like one of the host.
    if ((toHost && device.memory().owns(box.dst)) || (fromHost && device.memory().owns(box.src)))
        throw Failure{HY_ERROR_INVALID_ADDRESS,
                      fmt::format("{:#x} is in the device's memory, but in no allocation",
                                  toHost && device.memory().owns(box.dst) ? box.dst : box.src),
                      "was the memory freed?", toHost && device.memory().owns(box.dst) ? "dst" : "src"};
    Side dst{box.dst, box.dstRowPitch, box.dstSlicePitch};
    Side src{box.src, box.srcRowPitch, box.srcSlicePitch};
    bool mapped = true;
    const auto map = [&](Side& side) {
        const Place place = device.memory().find(side.base);
        mapped = place.host != nullptr;
        side.base = reinterpret_cast<uint64_t>(place.host);
    };
    if (!toHost)
        map(dst);
    else if (!fromHost)
        map(src);
    if (mapped)
        stream.doOnHost(device.copies(), {HY_ACTIVITY_COPY, bytes}, [box, dst, src] { copyRowsOnHost(box, dst, src); });
    else
        stream.doOnHost(device.copies(), {HY_ACTIVITY_COPY, bytes},
                        [&device, box, toHost] { copyStaged(device, box, !toHost); });
}

void recordCopy(const Commands& commands, Device& device, const HyCopy3D& box) {
    recordRows(commands, device, flattened(box));
}

void recordFill(const Commands& commands, Device& device, const HyFill3D& box) {
    const Place place = device.memory().find(box.dst);
    const uint64_t bytes = box.width * box.patternBytes;
    const bool flat = box.height == 1 && box.depth == 1;
    if (!flat || box.patternBytes > 4 || place.offset % 4 != 0 || bytes % 4 != 0)
        return fillByKernel(commands, device, box);
    std::array<uint8_t, 4> pattern{};
    for (uint32_t i = 0; i < pattern.size(); ++i)
        pattern[i] = static_cast<const uint8_t*>(box.pattern)[i % box.patternBytes];
    uint32_t word = 0;
    std::memcpy(&word, pattern.data(), sizeof word);
    commands.functions.vkCmdFillBuffer(commands.buffer, place.buffer, place.offset, bytes, word);
}

void fillBox(Stream& stream, const HyFill3D& box) {
    const uint64_t bytes = box.width * box.patternBytes * box.height * box.depth;
    stream.record(0, {HY_ACTIVITY_FILL, bytes},
                  [&](Batch& batch) { recordFill(batch.commands(), stream.device(), box); });
}

} // namespace halyard::vulkan
