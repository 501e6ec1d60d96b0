// Halyard beside NVIDIA's driver: the same kernels, launches and copies, on one device, in turns.
#include <algorithm>
#include <cmath>
#include <memory>
#include <random>

#include <fmt/format.h>

#include "bench.h"
#include "cuda/driver.h"
#include "cuda/gemm.h"
#include "cuda/twins.h"
#include "twins_cl.spv.h"
#include "twins_ptx.h"

namespace halyard::bench {
namespace cuda {
namespace {

constexpr uint64_t kPinned = 256u << 20; // bytes of the copies
constexpr unsigned kLaunchBatch = 500;   // fewer than a device's queue holds
constexpr double kShortest = 2e6;        // nanoseconds: a measurement takes at least that long

// Both sides of the comparison, ready to run on one stream.
struct Bench {
    explicit Bench(const Options& options)
        : device(chooseDevice(instance, options)), stream(device), ours(device, twins_cl_spv, twins_cl_spv_size) {
        HyNativeHandle native = {};
        native.structSize = sizeof native;
        halyard::check(hyGetNativeHandle(stream.get(), &native));
        nativeStream = reinterpret_cast<NativeStream>(static_cast<uintptr_t>(native.value));
        int ordinal = 0;
        Context context = nullptr;
        driver.check(driver.cuDeviceGet(&ordinal, static_cast<int>(device.properties().ordinal)), "cuDeviceGet");
        driver.check(driver.cuDevicePrimaryCtxRetain(&context, ordinal), "cuDevicePrimaryCtxRetain");
        driver.check(driver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
        if (!options.oursAlone) {
            driver.check(driver.cuModuleLoadData(&theirs, twinsPtx), "cuModuleLoadData of nvcc's code");
        }
    }

    Driver driver;
    Instance instance;
    Device device;
    Stream stream;
    NativeStream nativeStream = nullptr;
    halyard::Module ours;
    cuda::Module theirs = nullptr;
};

// One kernel's buffers and arguments for one side.
class Arguments {
public:
    Arguments(const Bench& bench, const Twin& twin, const std::vector<std::vector<float>>& contents) {
        for (const std::vector<float>& content : contents) {
            buffers_.push_back(std::make_unique<Buffer<float>>(bench.device, content.size()));
            buffers_.back()->upload(bench.stream, content.data(), content.size());
        }
        values_.reserve(twin.arguments.size());
        for (const auto& argument : twin.arguments) {
            Value value = {};
            if (const auto* number = std::get_if<float>(&argument)) {
                value.f = *number;
            } else if (const auto* count = std::get_if<uint32_t>(&argument)) {
                value.u = *count;
            } else {
                value.address = buffers_[std::get<BufferArgument>(argument).index]->address();
            }
            values_.push_back(value);
        }
        for (Value& value : values_) {
            pointers_.push_back(&value);
        }
        bench.stream.synchronize();
    }
    void** pointers() { return pointers_.data(); }
    uint32_t count() const { return static_cast<uint32_t>(pointers_.size()); }
    std::vector<float> download(const Bench& bench, size_t index) const {
        std::vector<float> values(buffers_[index]->size());
        buffers_[index]->download(bench.stream, values.data(), values.size());
        bench.stream.synchronize();
        return values;
    }

private:
    union Value {
        float f;
        uint32_t u;
        HyDevicePtr address;
    };
    std::vector<std::unique_ptr<Buffer<float>>> buffers_;
    std::vector<Value> values_;
    std::vector<void*> pointers_;
};

// One kernel on both sides.
class Pair {
public:
    Pair(const Bench& bench, const Twin& twin)
        : bench_(bench), twin_(twin), kernel_(bench.ours, twin.name.c_str()), contents_(makeContents(twin)),
          ours_(bench, twin, contents_), theirs_(bench, twin, contents_) {
        if (bench.theirs != nullptr) {
            bench.driver.check(bench.driver.cuModuleGetFunction(&function_, bench.theirs, twin.name.c_str()),
                               "cuModuleGetFunction");
        }
    }
    void launchOurs() {
        halyard::check(hyLaunchKernel(bench_.stream.get(), kernel_.get(), twin_.groups, twin_.groupSize, 0,
                                      ours_.pointers(), ours_.count()));
    }
    void launchTheirs() {
        bench_.driver.check(bench_.driver.cuLaunchKernel(function_, twin_.groups.x, twin_.groups.y, twin_.groups.z,
                                                         twin_.groupSize.x, twin_.groupSize.y, twin_.groupSize.z, 0,
                                                         bench_.nativeStream, theirs_.pointers(), nullptr),
                            "cuLaunchKernel");
    }
    // Throws unless both sides, launched equally often, hold the same numbers but for the order of additions.
    void compare() const {
        const std::vector<float> ours = ours_.download(bench_, twin_.output);
        const std::vector<float> theirs = theirs_.download(bench_, twin_.output);
        for (size_t i = 0; i < ours.size(); ++i) {
            const float scale = std::max(1.0f, std::fabs(theirs[i]));
            if (!(std::fabs(ours[i] - theirs[i]) <= 1e-4f * scale)) {
                throw std::runtime_error(
                    fmt::format("{}: value {} is {} on our side and {} on nvcc's", twin_.name, i, ours[i], theirs[i]));
            }
        }
    }

private:
    static std::vector<std::vector<float>> makeContents(const Twin& twin) {
        std::minstd_rand engine(7);
        std::uniform_real_distribution<float> distribution(-1.0f, 1.0f);
        std::vector<std::vector<float>> contents;
        for (const size_t size : twin.floats) {
            contents.emplace_back(size);
            std::generate(contents.back().begin(), contents.back().end(), [&] { return distribution(engine); });
        }
        return contents;
    }

    const Bench& bench_;
    const Twin& twin_;
    Kernel kernel_;
    std::vector<std::vector<float>> contents_;
    Arguments ours_, theirs_;
    Function function_ = nullptr;
};

double timeLaunches(const Bench& bench, unsigned count, const std::function<void()>& launch) {
    const double total = nanoseconds([&] {
        for (unsigned i = 0; i < count; ++i) {
            launch();
        }
        bench.stream.synchronize();
    });
    return total / count;
}

// Halyard's side of measureKernel.
void measureOurs(const Bench& bench, const Twin& twin, const Options& options, bool small, Results& results) {
    Pair pair(bench, twin);
    const auto ours = [&] { pair.launchOurs(); };
    timeLaunches(bench, 1, ours); // pays for what is made once
    const double once = timeLaunches(bench, 1, ours);
    const unsigned count = small ? 1 : static_cast<unsigned>(std::clamp(kShortest / once, 1.0, 1000.0));
    std::vector<double> times;
    for (unsigned i = 0; i < options.repetitions; ++i) {
        times.push_back(timeLaunches(bench, count, ours));
    }
    const double time = median(times);
    results.push_back({twin.name + ".halyard", twin.work / time, twin.unit, fmt::format("{:.1f} us", time / 1e3)});
}

void measureKernel(const Bench& bench, const Twin& twin, const Options& options, bool small, Results& results) {
    Pair pair(bench, twin);
    const auto ours = [&] { pair.launchOurs(); };
    const auto theirs = [&] { pair.launchTheirs(); };
    // The first launch of each pays for what is made once.
    timeLaunches(bench, 1, ours);
    timeLaunches(bench, 1, theirs);
    pair.compare();
    const double once = timeLaunches(bench, 1, theirs);
    timeLaunches(bench, 1, ours);
    const unsigned count = small ? 1 : static_cast<unsigned>(std::clamp(kShortest / once, 1.0, 1000.0));
    std::vector<double> oursTimes, theirsTimes;
    for (unsigned i = 0; i < options.repetitions; ++i) {
        oursTimes.push_back(timeLaunches(bench, count, ours));
        theirsTimes.push_back(timeLaunches(bench, count, theirs));
    }
    pair.compare();
    const double oursTime = median(oursTimes);
    const double theirsTime = median(theirsTimes);
    results.push_back(
        {twin.name + ".halyard", twin.work / oursTime, twin.unit, fmt::format("{:.1f} us", oursTime / 1e3)});
    results.push_back(
        {twin.name + ".nvcc", twin.work / theirsTime, twin.unit, fmt::format("{:.1f} us", theirsTime / 1e3)});
    results.push_back(
        {twin.name + ".ratio", theirsTime / oursTime, "x", "Halyard's speed in terms of nvcc's and the driver's"});
}

// What the host pays for a launch, and what a launch with its wait takes.
void measureLaunches(const Bench& bench, const Options& options, Results& results) {
    Twin twin = makeTwins(true).front();
    twin.groups = {1, 1, 1};
    Pair pair(bench, twin);
    const auto submit = [&](const auto& launch) {
        const double time = nanoseconds([&] {
            for (unsigned i = 0; i < kLaunchBatch; ++i) {
                launch();
            }
        });
        bench.stream.synchronize();
        return time / kLaunchBatch;
    };
    std::vector<double> times[4];
    for (unsigned i = 0; i <= options.repetitions; ++i) {
        const double now[] = {submit([&] { pair.launchOurs(); }), submit([&] { pair.launchTheirs(); }),
                              timeLaunches(bench, 1, [&] { pair.launchOurs(); }),
                              timeLaunches(bench, 1, [&] { pair.launchTheirs(); })};
        for (size_t k = 0; i != 0 && k < std::size(times); ++k) { // the first round warms up
            times[k].push_back(now[k]);
        }
    }
    const char* names[] = {"launch.halyard", "launch.driver", "roundtrip.halyard", "roundtrip.driver"};
    for (size_t k = 0; k < std::size(times); ++k) {
        results.push_back({names[k], median(times[k]), "ns", k < 2 ? "host time of one launch" : "launch and wait"});
    }
    results.push_back({"launch.ratio", median(times[0]) / median(times[1]), "x", "below 1: Halyard is faster"});
    results.push_back({"roundtrip.ratio", median(times[2]) / median(times[3]), "x", "below 1: Halyard is faster"});
}

void measureCopies(const Bench& bench, const Options& options, Results& results) {
    const size_t count = kPinned / sizeof(float);
    const Buffer<float> device(bench.device, count);
    void* host = nullptr;
    HyDevicePtr unused = 0;
    halyard::check(hyHostAlloc(bench.device.get(), kPinned, 0, &host, &unused));
    const HyDevicePtr hostAddress = hyHostAddress(host);
    const auto time = [&](const std::function<void()>& copy) {
        return nanoseconds([&] {
            copy();
            bench.stream.synchronize();
        });
    };
    std::vector<double> times[4];
    for (unsigned i = 0; i <= options.repetitions; ++i) {
        const double now[] = {
            time([&] { halyard::check(hyMemcpyAsync(bench.stream.get(), device.address(), hostAddress, kPinned)); }),
            time([&] {
                bench.driver.check(
                    bench.driver.cuMemcpyHtoDAsync_v2(device.address(), host, kPinned, bench.nativeStream),
                    "cuMemcpyHtoDAsync");
            }),
            time([&] { halyard::check(hyMemcpyAsync(bench.stream.get(), hostAddress, device.address(), kPinned)); }),
            time([&] {
                bench.driver.check(
                    bench.driver.cuMemcpyDtoHAsync_v2(host, device.address(), kPinned, bench.nativeStream),
                    "cuMemcpyDtoHAsync");
            })};
        for (size_t k = 0; i != 0 && k < std::size(times); ++k) {
            times[k].push_back(now[k]);
        }
    }
    halyard::check(hyHostFree(bench.device.get(), host));
    const char* names[] = {"upload.halyard", "upload.driver", "download.halyard", "download.driver"};
    for (size_t k = 0; k < std::size(times); ++k) {
        results.push_back(
            {names[k], static_cast<double>(kPinned) / median(times[k]), "GB/s", "256 MiB, pinned memory"});
    }
    results.push_back({"upload.ratio", median(times[1]) / median(times[0]), "x", "above 1: Halyard is faster"});
    results.push_back({"download.ratio", median(times[3]) / median(times[2]), "x", "above 1: Halyard is faster"});
}

} // namespace
} // namespace cuda

Results measureCuda(const Options& options) {
    const bool small = options.count == 1;
    const cuda::Bench bench(options);
    Results results;
    for (const cuda::Twin& twin : cuda::makeTwins(small)) {
        (options.oursAlone ? cuda::measureOurs : cuda::measureKernel)(bench, twin, options, small, results);
    }
    const uint32_t size = options.size != 0 ? options.size : small ? 256 : 8192;
    cuda::measureGemm(bench.device, bench.stream, bench.nativeStream, size, !options.oursAlone && !small,
                      options.repetitions, results);
    if (options.oursAlone) {
        return results;
    }
    cuda::measureLaunches(bench, options, results);
    if (!small) {
        cuda::measureCopies(bench, options, results);
    }
    return results;
}

} // namespace halyard::bench
