#include <cstdlib>

#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>

#include "bench.h"
#include "launch_cl.spv.h"

namespace halyard::bench {
namespace {

constexpr uint64_t kBatch = 128;

// One instance under some layers, with a launch of three arguments ready.
class LayeredLaunch {
public:
    LayeredLaunch(const char* layers, const Options& options) {
        HyInstanceDesc desc{};
        desc.structSize = sizeof desc;
        desc.layers = layers;
        check(hyInstanceCreate(&desc, &instance_));
        HyDevice device = nullptr;
        check(options.device.empty() ? hyDeviceGet(instance_, 0, &device)
                                     : hyDeviceFind(instance_, options.device.c_str(), &device));
        check(hyStreamCreate(device, nullptr, &stream_));
        check(hyMemAlloc(device, sizeof(float), &out_));
        HyModuleDesc module{};
        module.structSize = sizeof module;
        module.data = launch_cl_spv;
        module.dataBytes = launch_cl_spv_size;
        HyModule loaded = nullptr;
        check(hyModuleLoad(device, &module, &loaded));
        check(hyKernelCreate(loaded, "three", &kernel_));
    }
    ~LayeredLaunch() { hyInstanceDestroy(instance_); }
    LayeredLaunch(const LayeredLaunch&) = delete;
    LayeredLaunch& operator=(const LayeredLaunch&) = delete;

    // Nanoseconds of one launch.
    double measure(uint64_t count) const {
        double total = 0;
        for (uint64_t done = 0; done < count; done += kBatch) {
            total += nanoseconds([&] {
                for (uint64_t i = 0; i < kBatch; ++i) {
                    launch();
                }
            });
            check(hyStreamSynchronize(stream_, HY_TIMEOUT_INFINITE));
        }
        return total / static_cast<double>((count + kBatch - 1) / kBatch * kBatch);
    }

private:
    void launch() const {
        const float value = 1.0f;
        const uint32_t n = 1;
        const void* const args[] = {&out_, &value, &n};
        check(hyLaunchKernel(stream_, kernel_, HyDim3{1, 1, 1}, HyDim3{1, 1, 1}, 0, args, 3));
    }

    HyInstance instance_ = nullptr;
    HyStream stream_ = nullptr;
    HyDevicePtr out_ = 0;
    HyKernel kernel_ = nullptr;
};

} // namespace

Results measureLayers(const Options& options) {
    if (options.nullWork) {
        useNullWorkBackend();
    }
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / fmt::format("halyard-bench-trace-{}.json", getpid());
    setenv("HALYARD_TRACE_FILE", file.c_str(), 1);
    std::vector<double> plain;
    std::vector<double> traced;
    std::vector<double> validated;
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        plain.push_back(LayeredLaunch("", options).measure(options.count));
        traced.push_back(LayeredLaunch("trace", options).measure(options.count));
        validated.push_back(LayeredLaunch("validate", options).measure(options.count));
    }
    const std::string stem = file.stem().string();
    for (const auto& entry : std::filesystem::directory_iterator(file.parent_path())) {
        if (entry.path().filename().string().starts_with(stem)) {
            std::filesystem::remove(entry.path());
        }
    }
    const double base = median(plain);
    return {{"layers.none", base, "ns", "hyLaunchKernel with 3 arguments, no layer"},
            {"layers.trace", median(traced) - base, "ns", "more under trace, a call and what the device did"},
            {"layers.validate", median(validated) - base, "ns", "more under validate"}};
}

} // namespace halyard::bench
