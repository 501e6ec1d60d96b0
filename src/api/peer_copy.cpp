#include "api/peer_copy.h"

#include "api/check.h"

#include <algorithm>

namespace halyard {
namespace {

// Large enough for the transfer to cost more than the hand-over, small enough that both directions soon overlap.
constexpr uint64_t kStagingBytes = 4u << 20;

// Both devices see all of it once peer access is enabled. Mapped and shared memory only those that were given access.
bool isOpenToPeers(const AddressRange& range) {
    return range.kind != HY_MEMORY_VIRTUAL && (range.flags & (HY_POINTER_SHAREABLE | HY_POINTER_IMPORTED)) == 0;
}

// The box with one address replaced by where the host reaches it.
HyDevicePtr hostAddressOf(const AddressRange& range, HyDevicePtr address) {
    return hyHostAddress(range.host + (address - range.base));
}

// Calls `piece` for boxes of at most kStagingBytes that make up `box`, until one fails.
template <typename Piece> HyResult forPieces(const HyCopy3D& box, Piece&& piece) {
    const uint64_t rowsAtOnce = std::max<uint64_t>(1, kStagingBytes / box.widthBytes);
    const uint64_t bytesAtOnce = std::min(box.widthBytes, kStagingBytes);
    for (uint64_t z = 0; z < box.depth; ++z) {
        for (uint64_t y = 0; y < box.height; y += rowsAtOnce) {
            for (uint64_t x = 0; x < box.widthBytes; x += bytesAtOnce) {
                HyCopy3D part = box;
                part.dst += z * box.dstSlicePitch + y * box.dstRowPitch + x;
                part.src += z * box.srcSlicePitch + y * box.srcRowPitch + x;
                part.widthBytes = std::min(bytesAtOnce, box.widthBytes - x);
                part.height = std::min(rowsAtOnce, box.height - y);
                part.depth = 1;
                HY_TRY(piece(part));
            }
        }
    }
    return HY_SUCCESS;
}

HyResult submit(const Device& device, HyBackendStream stream, const HyCopy3D& box, uint32_t hostMask) {
    const HyBackendStreamTable& table = device.tables->stream;
    const bool flat = box.height == 1 && box.depth == 1;
    return blameBackend(device.backend->name, flat ? table.copy(stream, box.dst, box.src, box.widthBytes, hostMask)
                                                   : table.copy3D(stream, &box, hostMask));
}

} // namespace

// Whether the backend copies between the two. Drivers do so without the host only where peer access is enabled, which
// this sees to, once for two devices.
bool PeerCopier::copiesDirectly(Device& own, Device& peer) {
    if (own.backend != peer.backend)
        return false;
    const std::lock_guard lock(directMutex_);
    const auto [known, isNew] = direct_.try_emplace({&own, &peer}, false);
    if (isNew) {
        const HyBackendDeviceTable& table = own.tables->device;
        HyPeerAccess access = 0;
        known->second =
            table.getPeerAccess(own.impl, peer.impl, &access) == HY_SUCCESS && (access & HY_PEER_COPY) != 0 &&
            ((access & HY_PEER_KERNEL_ACCESS) == 0 || table.enablePeerAccess(own.impl, peer.impl) == HY_SUCCESS);
    }
    return known->second;
}

HyResult PeerCopier::mark(const End& end, std::shared_ptr<BackendEvent>& outEvent) {
    HY_TRY(BackendEvent::create(*end.device, 0, outEvent));
    return blameBackend(end.device->backend->name, end.device->tables->event.record(outEvent->impl, end.stream));
}

HyResult PeerCopier::waitFor(const End& end, const std::shared_ptr<BackendEvent>& event) {
    return event == nullptr ? HY_SUCCESS : end.device->instance->bridge->wait(*end.device, end.stream, event);
}

HyResult PeerCopier::laneOf(Stream& stream, Device& peer, Lane*& outLane) {
    Lane& lane = lanes_[{&stream, &peer}];
    lane.other.device = &peer;
    if (lane.other.stream == nullptr) {
        const HyBackendStreamDesc desc = {
            .structSize = sizeof desc, .flags = 0, .next = nullptr, .priority = 0, .reserved = 0};
        HY_TRY(blameBackend(peer.backend->name, peer.tables->stream.create(peer.impl, &desc, &lane.other.stream)));
    }
    outLane = &lane;
    return HY_SUCCESS;
}

// The whole copy on the other device's stream, between two waits of the application's.
HyResult PeerCopier::runOn(const End& other, Stream& stream, const HyCopy3D& box, uint32_t hostMask) {
    const End own{stream.device, stream.impl};
    std::shared_ptr<BackendEvent> event;
    HY_TRY(mark(own, event));
    HY_TRY(waitFor(other, event));
    HY_TRY(submit(*other.device, other.stream, box, hostMask));
    HY_TRY(mark(other, event));
    return waitFor(own, event);
}

HyResult PeerCopier::stagePiece(Staging& staging, const End& from, const End& to, const HyCopy3D& piece) {
    const int slot = staging.next;
    staging.next = (slot + 1) % kBuffers;
    const HyDevicePtr buffer = hyHostAddress(staging.buffers[slot].get());
    HyCopy3D read = piece;
    read.dst = buffer;
    read.dstRowPitch = read.dstSlicePitch = piece.widthBytes;
    read.dstSlicePitch *= piece.height;
    HyCopy3D write = piece;
    write.src = buffer;
    write.srcRowPitch = piece.widthBytes;
    write.srcSlicePitch = piece.widthBytes * piece.height;
    HY_TRY(waitFor(from, staging.emptied[slot]));
    HY_TRY(submit(*from.device, from.stream, read, HY_BACKEND_COPY_DST_HOST));
    std::shared_ptr<BackendEvent> filled;
    HY_TRY(mark(from, filled));
    HY_TRY(waitFor(to, filled));
    HY_TRY(submit(*to.device, to.stream, write, HY_BACKEND_COPY_SRC_HOST));
    return mark(to, staging.emptied[slot]);
}

HyResult PeerCopier::stage(Lane& lane, bool peerWrites, Stream& stream, const HyCopy3D& box) {
    for (std::unique_ptr<std::byte[]>& buffer : lane.staging.buffers) {
        if (buffer == nullptr)
            buffer = std::make_unique_for_overwrite<std::byte[]>(kStagingBytes);
    }
    const End own{stream.device, stream.impl};
    const End& from = peerWrites ? own : lane.other;
    const End& to = peerWrites ? lane.other : own;
    std::shared_ptr<BackendEvent> event;
    HY_TRY(mark(own, event));
    HY_TRY(waitFor(lane.other, event));
    HY_TRY(forPieces(box, [&](const HyCopy3D& piece) { return stagePiece(lane.staging, from, to, piece); }));
    HY_TRY(mark(lane.other, event));
    return waitFor(own, event);
}

HyResult PeerCopier::copy(Stream& stream, const HyCopy3D& box, const Located& dst, const Located& src) {
    Device& own = *stream.device;
    Device& dstDevice = dst.range.device != nullptr ? *dst.range.device : own;
    Device& srcDevice = src.range.device != nullptr ? *src.range.device : own;
    if (&dstDevice != &own && &srcDevice != &own) {
        return fail(HY_ERROR_UNSUPPORTED, "stream", "use a stream of the source's or the destination's device",
                    "the stream belongs to {}, the memory to {} and {}", own.properties.selector,
                    dstDevice.properties.selector, srcDevice.properties.selector);
    }
    Device& peer = &dstDevice != &own ? dstDevice : srcDevice;
    HY_TRY(peer.ensureOpen());
    if (isOpenToPeers(dst.range) && isOpenToPeers(src.range) && copiesDirectly(own, peer))
        return submit(own, stream.impl, box, 0);
    const bool peerWrites = &peer == &dstDevice;
    HyCopy3D box3D = box;
    if ((peerWrites ? dst : src).range.host != nullptr) {
        (peerWrites ? box3D.dst : box3D.src) =
            hostAddressOf((peerWrites ? dst : src).range, peerWrites ? box.dst : box.src);
        return submit(own, stream.impl, box3D, peerWrites ? HY_BACKEND_COPY_DST_HOST : HY_BACKEND_COPY_SRC_HOST);
    }
    const std::lock_guard lock(mutex_);
    dropDone();
    Lane* lane = nullptr;
    HY_TRY(laneOf(stream, peer, lane));
    if ((peerWrites ? src : dst).range.host == nullptr)
        return stage(*lane, peerWrites, stream, box);
    (peerWrites ? box3D.src : box3D.dst) =
        hostAddressOf((peerWrites ? src : dst).range, peerWrites ? box.src : box.dst);
    return runOn(lane->other, stream, box3D, peerWrites ? HY_BACKEND_COPY_SRC_HOST : HY_BACKEND_COPY_DST_HOST);
}

void PeerCopier::dropDone() {
    std::erase_if(retired_, [](const Staging& staging) {
        return std::all_of(std::begin(staging.emptied), std::end(staging.emptied), [](const auto& event) {
            return event == nullptr || event->device.tables->event.query(event->impl) != HY_NOT_READY;
        });
    });
}

void PeerCopier::forget(const Stream& stream) {
    const std::lock_guard lock(mutex_);
    for (auto lane = lanes_.lower_bound({&stream, nullptr}); lane != lanes_.end() && lane->first.first == &stream;) {
        const End& other = lane->second.other;
        if (other.stream != nullptr)
            other.device->tables->stream.destroy(other.stream);
        retired_.push_back(std::move(lane->second.staging));
        lane = lanes_.erase(lane);
    }
    dropDone();
}

void PeerCopier::forget(const Device& device) {
    {
        const std::lock_guard lock(directMutex_);
        std::erase_if(direct_,
                      [&](const auto& entry) { return entry.first.first == &device || entry.first.second == &device; });
    }
    const std::lock_guard lock(mutex_);
    for (auto lane = lanes_.begin(); lane != lanes_.end();) {
        const auto& [stream, peer] = lane->first;
        if (stream->device != &device && peer != &device) {
            ++lane;
            continue;
        }
        const End& other = lane->second.other;
        if (other.stream != nullptr)
            other.device->tables->stream.destroy(other.stream);
        retired_.push_back(std::move(lane->second.staging));
        lane = lanes_.erase(lane);
    }
    dropDone();
}

void PeerCopier::stop() {
    for (const auto& [key, lane] : lanes_) {
        if (lane.other.stream != nullptr)
            lane.other.device->tables->stream.destroy(lane.other.stream);
    }
    lanes_.clear();
    retired_.clear();
}

} // namespace halyard
