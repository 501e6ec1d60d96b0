// Launch and wait of kernels with almost no work, in turns with PoCL in the same process.
#include <cmath>
#include <thread>

#include <fmt/format.h>

#include "bench.h"
#include "cpu/side.h"
#include "launch_cl.spv.h"
#include "launch_cl.txt.h"

namespace halyard::bench {
namespace {

using cpu::Side;
using cpu::Twin;

constexpr uint32_t kGroups[] = {1, 2, 64};
constexpr unsigned kInARow = 50; // so that a side's own threads are awake
constexpr auto kPause = std::chrono::milliseconds(1);

Twin smallTwin(uint32_t groups) {
    Twin twin = {};
    twin.name = "three";
    twin.code = {launch_cl_txt, launch_cl_spv, launch_cl_spv_size};
    twin.groups = {groups, 1, 1};
    twin.groupSize = {1, 1, 1};
    twin.buffers = {cpu::Words(groups)};
    twin.arguments = {cpu::Slot{0}, 1.0f, groups};
    return twin;
}

void addRoundTrips(Side& side, uint64_t count, std::vector<double>& times) {
    std::this_thread::sleep_for(kPause); // the other side's threads go to sleep
    for (uint64_t i = 0; i < count; ++i) {
        const double time = nanoseconds([&] { side.run(); });
        if (i >= count / 5) { // the first ones wake threads
            times.push_back(time);
        }
    }
}

} // namespace

void addLatencyBesidePocl(Results& results, const Options& options, const Device& device) {
    const Stream stream(device);
    std::string none;
    const auto opencl = cpu::openOpenCl(false, none);
    for (const uint32_t groups : kGroups) {
        const Twin twin = smallTwin(groups);
        const auto ours = cpu::makeHalyardSide(device, stream, twin);
        const auto theirs = opencl != nullptr ? opencl->makeSide(twin) : nullptr;
        std::vector<double> ourTimes;
        std::vector<double> theirTimes;
        for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
            for (uint64_t done = 0; done < options.count; done += kInARow) {
                addRoundTrips(*ours, kInARow, ourTimes);
                if (theirs != nullptr) {
                    addRoundTrips(*theirs, kInARow, theirTimes);
                }
            }
        }
        const std::string name = fmt::format("latency.groups_{}", groups);
        results.push_back({name, median(ourTimes), "ns", fmt::format("launch and wait, {} workgroups", groups)});
        if (theirs == nullptr) {
            results.push_back({name + ".pocl", std::nan(""), "ns", "no PoCL: " + none});
            continue;
        }
        results.push_back({name + ".pocl", median(theirTimes), "ns", "the same by " + opencl->name()});
        results.push_back({name + ".vs_pocl", median(theirTimes) / median(ourTimes), "x", "its time by ours"});
    }
}

} // namespace halyard::bench
