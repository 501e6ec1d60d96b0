// Halyard beside Vulkan written by hand: the same work on the same device, in turns.
#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <time.h>

#include "bench.h"
#include "kernels_cl.spv.h"
#include "vulkan/native.h"
#include "vulkan/twins.h"

namespace halyard::bench {
namespace vulkan {
namespace {

constexpr unsigned kLaunches = 1000; // queued for one measurement of a launch
constexpr unsigned kRoundTrips = 200;
constexpr double kShortest = 50e6; // nanoseconds: a measurement of a kernel takes at least that long

// What this thread used of the processor, in nanoseconds: the driver's threads run the kernels meanwhile.
double processorTime(const std::function<void()>& work) {
    const auto now = [] {
        timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
    };
    const double start = now();
    work();
    return now() - start;
}

// One twin through Halyard, in one flavour.
class OurKernel {
public:
    OurKernel(const Device& device, const Stream& stream, const Twin& twin, bool glsl)
        : stream_(stream), twin_(twin), kernel_(module(device, twin, glsl), glsl ? "main" : twin.name) {
        for (const size_t floats : twin.floats) {
            buffers_.push_back(std::make_unique<Buffer<float>>(device, floats));
            addresses_.push_back(buffers_.back()->address());
        }
        for (const HyDevicePtr& address : addresses_) {
            arguments_.push_back(&address);
        }
        if (glsl) {
            arguments_.push_back(twin.push.data());
        } else {
            for (const uint32_t& value : twin.push) {
                arguments_.push_back(&value);
            }
        }
    }
    void upload(const Twin::Contents& contents) const {
        for (size_t i = 0; i < contents.size(); ++i) {
            buffers_[i]->upload(stream_, contents[i].data(), contents[i].size());
        }
        stream_.synchronize();
    }
    std::vector<float> download() const {
        std::vector<float> values(buffers_.back()->size());
        buffers_.back()->download(stream_, values.data(), values.size());
        stream_.synchronize();
        return values;
    }
    void submit(unsigned count, const HyDim3& groups) {
        for (unsigned i = 0; i < count; ++i) {
            halyard::check(hyLaunchKernel(stream_.get(), kernel_.get(), groups, twin_.groupSize, 0, arguments_.data(),
                                          static_cast<uint32_t>(arguments_.size())));
        }
    }
    void run(unsigned count) {
        submit(count, twin_.groups);
        stream_.synchronize();
    }

private:
    static Module module(const Device& device, const Twin& twin, bool glsl) {
        return glsl ? Module(device, twin.glsl.data(), twin.glsl.size_bytes())
                    : Module(device, kernels_cl_spv, kernels_cl_spv_size);
    }

    const Stream& stream_;
    const Twin& twin_;
    Kernel kernel_;
    std::vector<std::unique_ptr<Buffer<float>>> buffers_;
    std::vector<HyDevicePtr> addresses_;
    std::vector<const void*> arguments_;
};

Twin::Contents makeContents(const Twin& twin) {
    std::minstd_rand engine(7);
    std::uniform_real_distribution<float> distribution(-1.0f, 1.0f);
    Twin::Contents contents;
    for (const size_t size : twin.floats) {
        contents.emplace_back(size);
        std::generate(contents.back().begin(), contents.back().end(), [&] { return distribution(engine); });
    }
    return contents;
}

// Throws unless one launch gives what it must, but for rounding.
void verify(const std::string& name, const std::vector<float>& got, const std::vector<float>& expected) {
    for (size_t i = 0; i < expected.size(); ++i) {
        if (!(std::fabs(got[i] - expected[i]) <= 1e-4f * std::max(1e-2f, std::fabs(expected[i])) + 1e-5f)) {
            throw std::runtime_error(fmt::format("{}: value {} is {}, not {}", name, i, got[i], expected[i]));
        }
    }
}

// The three ways to run one twin.
struct Trio {
    Trio(const Device& device, const Stream& stream, const Native& native, const Twin& twin)
        : openCl(device, stream, twin, false), glsl(device, stream, twin, true), byHand(native, twin) {}
    // Runs each once on fresh contents.
    void verifyAll(const Twin& twin) {
        const Twin::Contents contents = makeContents(twin);
        const std::vector<float> expected = twin.expected(contents);
        const auto one = [&](const char* name, auto& kernel) {
            kernel.upload(contents);
            kernel.run(1);
            verify(twin.name + name, kernel.download(), expected);
        };
        one(" in OpenCL C", openCl);
        one(" in GLSL", glsl);
        one(" by hand", byHand);
    }

    OurKernel openCl, glsl;
    NativeKernel byHand;
};

std::string spreadOf(const std::vector<double>& times, double unit, const char* name) {
    const auto [least, most] = std::minmax_element(times.begin(), times.end());
    return fmt::format("{:.2f} to {:.2f} {}", *least / unit, *most / unit, name);
}

// Medians of each way, and ours in terms of the one by hand. `work` 0: the times themselves.
void report(const std::string& name, const std::vector<double> (&times)[3], const Twin* twin, Results& results) {
    constexpr const char* kWays[] = {"opencl", "glsl", "by_hand"};
    double medians[3];
    for (size_t way = 0; way < 3; ++way) {
        medians[way] = median(times[way]);
        if (twin != nullptr) {
            results.push_back({fmt::format("{}.{}", name, kWays[way]), twin->work / medians[way], twin->unit,
                               fmt::format("{:.2f} ms, {}", medians[way] / 1e6, spreadOf(times[way], 1e6, "ms"))});
        } else {
            results.push_back(
                {fmt::format("{}.{}", name, kWays[way]), medians[way], "ns", spreadOf(times[way], 1, "ns")});
        }
    }
    for (size_t way = 0; way < 2; ++way) {
        results.push_back({fmt::format("{}.{}.ratio", name, kWays[way]), medians[way] / medians[2], "x",
                           "Halyard's time in terms of Vulkan's by hand"});
    }
}

void measureKernel(Trio& trio, const Twin& twin, const Options& options, Results& results) {
    const auto once = [&](auto& kernel, unsigned count) { return nanoseconds([&] { kernel.run(count); }) / count; };
    const double first = once(trio.byHand, 1);
    const auto count = static_cast<unsigned>(std::clamp(kShortest / first, 1.0, 1000.0));
    std::vector<double> times[3];
    for (unsigned i = 0; i < options.repetitions; ++i) {
        times[0].push_back(once(trio.openCl, count));
        times[1].push_back(once(trio.glsl, count));
        times[2].push_back(once(trio.byHand, count));
    }
    report(twin.name, times, &twin, results);
}

void measureLaunches(Trio& trio, const Stream& stream, const Native& native, const Options& options, Results& results) {
    constexpr HyDim3 kOneGroup = {1, 1, 1};
    std::vector<double> host[3], wait[3];
    const auto finish = [&](size_t way) { way < 2 ? stream.synchronize() : native.wait(); };
    const auto measure = [&](size_t way, auto& kernel) {
        host[way].push_back(processorTime([&] { kernel.submit(kLaunches, kOneGroup); }) / kLaunches);
        finish(way);
        wait[way].push_back(nanoseconds([&] {
                                for (unsigned i = 0; i < kRoundTrips; ++i) {
                                    kernel.submit(1, kOneGroup);
                                    finish(way);
                                }
                            }) /
                            kRoundTrips);
    };
    for (unsigned i = 0; i <= options.repetitions; ++i) {
        measure(0, trio.openCl);
        measure(1, trio.glsl);
        measure(2, trio.byHand);
        if (i == 0) { // the first round warms up
            for (size_t way = 0; way < 3; ++way) {
                host[way].clear();
                wait[way].clear();
            }
        }
    }
    report("launch", host, nullptr, results);
    report("round_trip", wait, nullptr, results);
}

} // namespace
} // namespace vulkan

Results measureVulkan(const Options& options) {
    const Instance instance;
    const Device device = chooseDevice(instance, options);
    const HyDeviceProperties properties = device.properties();
    const Stream stream(device);
    const vulkan::Native native(properties.uuid);
    Results results;
    for (const vulkan::Twin& twin : vulkan::makeTwins(options.checkOnly)) {
        if (!options.kernel.empty() && options.kernel != twin.name &&
            !(options.kernel == "launch" && twin.name == "saxpy")) {
            continue;
        }
        vulkan::Trio trio(device, stream, native, twin);
        trio.verifyAll(twin);
        if (options.checkOnly) {
            results.push_back({twin.name, std::nan(""), "", "right in OpenCL C, in GLSL and by hand"});
            continue;
        }
        if (options.kernel != "launch") {
            vulkan::measureKernel(trio, twin, options, results);
        }
        if (twin.name == "saxpy") {
            vulkan::measureLaunches(trio, stream, native, options, results);
        }
    }
    if (results.empty()) {
        throw std::runtime_error("there is no kernel " + options.kernel);
    }
    return results;
}

} // namespace halyard::bench
