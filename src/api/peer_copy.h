// Copies between two devices: by the backend when it can reach both, through the address of whichever side the host can
// reach, else through two buffers of host memory, so that reading from one device and writing to the other overlap.
#pragma once

#include "api/bridge.h"

#include <map>

namespace halyard {

// Thread-safe.
class PeerCopier {
public:
    PeerCopier() = default;
    PeerCopier(const PeerCopier&) = delete;
    PeerCopier& operator=(const PeerCopier&) = delete;

    // Puts the copy into the stream, which belongs to one of the two devices. `dst` and `src` say what the box's
    // addresses are; both ranges are checked.
    HyResult copy(Stream& stream, const HyCopy3D& box, const Located& dst, const Located& src);
    // The stream is going: its copies are completed, and what they need goes after them.
    void forget(const Stream& stream);
    // The device is going, and its work with it.
    void forget(const Device& device);
    // Destroys what is left. REQUIRES: no copy is running, devices are still open.
    void stop();

private:
    static constexpr int kBuffers = 2;

    // Host memory between two devices, and what was last done with each half of it.
    struct Staging {
        std::unique_ptr<std::byte[]> buffers[kBuffers];
        std::shared_ptr<BackendEvent> emptied[kBuffers];
        int next = 0;
    };
    // One device's end of a copy.
    struct End {
        Device* device = nullptr;
        HyBackendStream stream = nullptr;
    };
    // What one application's stream uses to copy from and to one other device. Each stream has its own: streams that
    // shared one would wait for each other where the application did not say so.
    struct Lane {
        End other; // a stream that no application sees
        Staging staging;
    };

    bool copiesDirectly(Device& own, Device& peer);
    HyResult laneOf(Stream& stream, Device& peer, Lane*& outLane);
    HyResult runOn(const End& other, Stream& stream, const HyCopy3D& box, uint32_t hostMask);
    HyResult stage(Lane& lane, bool peerWrites, Stream& stream, const HyCopy3D& box);
    HyResult stagePiece(Staging& staging, const End& from, const End& to, const HyCopy3D& piece);
    HyResult mark(const End& end, std::shared_ptr<BackendEvent>& outEvent);
    HyResult waitFor(const End& end, const std::shared_ptr<BackendEvent>& event);
    void dropDone();

    std::mutex directMutex_;
    std::map<std::pair<const Device*, const Device*>, bool> direct_; // what copiesDirectly found
    std::mutex mutex_;
    std::map<std::pair<const Stream*, Device*>, Lane> lanes_;
    std::vector<Staging> retired_; // of streams that are gone
};

} // namespace halyard
