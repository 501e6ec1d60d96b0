// Copies between every two devices of the machine, of whichever backends, and tells how each path goes and how fast it
// is. A machine with one device can be split: HALYARD_CPU_DEVICES=2 sample-peer_copy
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "halyard/halyard.hpp"

namespace {

// A device, and a stream for its end of the copies.
struct Place {
    halyard::Device device;
    HyDeviceProperties properties;
    halyard::Stream stream;
};

// Puts numbers into the first device's memory, copies them to the second's, and reads them there. False when they are
// wrong.
bool copyBetween(const Place& from, const Place& to, std::uint64_t count) {
    std::vector<std::uint32_t> values(count);
    for (std::uint64_t i = 0; i < count; ++i) {
        values[i] = static_cast<std::uint32_t>(i * 2654435761u);
    }
    halyard::Buffer<std::uint32_t> source(from.device, count);
    halyard::Buffer<std::uint32_t> target(to.device, count);
    source.upload(from.stream, values);
    from.stream.synchronize();

    const auto begin = std::chrono::steady_clock::now();
    // Ordered on the source's stream alone...
    halyard::check(hyMemcpyPeerAsync(from.stream.get(), to.device.get(), target.at(0), from.device.get(), source.at(0),
                                     source.bytes()));
    // ... so the reader, on the other device, is told to wait for it.
    halyard::Event copied(from.device);
    copied.record(from.stream);
    to.stream.wait(copied);
    std::vector<std::uint32_t> seen(count);
    from.stream.synchronize();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
    target.download(to.stream, seen);
    to.stream.synchronize();

    const bool right = seen == values;
    const bool direct = (from.device.peerAccess(to.device) & HY_PEER_COPY) != 0;
    std::printf("%-12s -> %-12s %-18s %6.2f GB/s  %s\n", from.properties.selector, to.properties.selector,
                direct ? "direct" : "through the host", static_cast<double>(source.bytes()) / time.count() * 1e-9,
                right ? "right" : "WRONG");
    return right;
}

} // namespace

int main(int argc, char** argv) {
    // --require=cpu is what all samples take; here every device there is takes part.
    bool quick = false;
    for (int i = 1; i < argc; ++i) {
        quick = quick || std::strcmp(argv[i], "--quick") == 0;
        if (std::strcmp(argv[i], "--quick") != 0 && std::strncmp(argv[i], "--require=", 10) != 0) {
            std::fprintf(stderr, "usage: %s [--quick]\n", argv[0]);
            return 2;
        }
    }
    try {
        const halyard::Instance instance;
        std::vector<Place> places;
        for (const halyard::Device device : instance.devices()) {
            places.push_back({device, device.properties(), halyard::Stream(device)});
        }
        if (places.size() < 2) {
            std::printf("this machine has fewer than two devices: split one with HALYARD_CPU_DEVICES=2\n");
            return places.empty() ? 1 : 0;
        }
        bool right = true;
        for (const Place& from : places) {
            for (const Place& to : places) {
                if (&from != &to) {
                    right = copyBetween(from, to, quick ? 3u << 20 : 64u << 20) && right;
                }
            }
        }
        return right ? 0 : 1;
    } catch (const halyard::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
