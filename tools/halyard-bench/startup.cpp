#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "bench.h"
#include "launch_cl.spv.h"

namespace halyard::bench {
namespace {

struct Times {
    std::vector<double> instance, module, kernel, workers;

    void add(const Times& other) {
        instance.insert(instance.end(), other.instance.begin(), other.instance.end());
        module.insert(module.end(), other.module.begin(), other.module.end());
        kernel.insert(kernel.end(), other.kernel.begin(), other.kernel.end());
        workers.insert(workers.end(), other.workers.begin(), other.workers.end());
    }
};

// One life of an instance, with the cache as it is.
Times measureOnce(const Options& options) {
    Times times;
    std::optional<Instance> instance;
    times.instance = {nanoseconds([&] { instance.emplace(); })};
    const Device device = options.device.empty() ? instance->device(0u) : instance->device(options.device);
    std::optional<Module> module;
    times.module = {nanoseconds([&] { module.emplace(device, launch_cl_spv, launch_cl_spv_size); })};
    std::optional<Kernel> kernel;
    times.kernel = {nanoseconds([&] { kernel.emplace(*module, "three"); })};
    times.workers = {static_cast<double>(instance->counters().workersStarted)};
    return times;
}

} // namespace

Results measureStartup(const Options& options) {
    {
        const Instance instance;
        static_cast<void>(chooseDevice(instance, options));
    }
    Times cold;
    Times warm;
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        std::string folder = (std::filesystem::temp_directory_path() / "halyard-bench-XXXXXX").string();
        if (mkdtemp(folder.data()) == nullptr) {
            throw std::runtime_error(
                fmt::format("cannot make a temporary folder {}: {}", folder, std::strerror(errno)));
        }
        setenv("HALYARD_CACHE_DIR", folder.c_str(), 1);
        cold.add(measureOnce(options));
        warm.add(measureOnce(options));
        std::error_code ignored;
        std::filesystem::remove_all(folder, ignored);
    }
    constexpr double kMilli = 1e-6;
    return {
        {"startup.instance", median(warm.instance) * kMilli, "ms", "hyInstanceCreate"},
        {"startup.module", median(warm.module) * kMilli, "ms", "hyModuleLoad, a kernel of three parameters"},
        {"startup.kernel.cold", median(cold.kernel) * kMilli, "ms", "hyKernelCreate with an empty cache"},
        {"startup.kernel.warm", median(warm.kernel) * kMilli, "ms", "hyKernelCreate from the cache, in a new instance"},
        {"startup.workers.cold", median(cold.workers), "workers", "compiler workers started with an empty cache"},
        {"startup.workers.warm", median(warm.workers), "workers", "compiler workers started with a filled cache"}};
}

} // namespace halyard::bench
