#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "bench.h"
#include "launch_cl.spv.h"
#include "twins_cl.spv.h"

namespace halyard::bench {
namespace {

// An empty folder for the cache of instances made while this lives.
class FreshCache {
public:
    FreshCache() {
        std::string name = (std::filesystem::temp_directory_path() / "halyard-bench-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error(fmt::format("cannot make a temporary folder {}: {}", name, std::strerror(errno)));
        }
        path_ = name;
        setenv("HALYARD_CACHE_DIR", path_.c_str(), 1);
    }
    FreshCache(const FreshCache&) = delete;
    FreshCache& operator=(const FreshCache&) = delete;
    ~FreshCache() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

private:
    std::filesystem::path path_;
};

} // namespace

Results measureJit(const Options& options) {
    std::vector<double> worker, coldModule, coldKernel, warmModule, warmKernel;
    const auto load = [](const Device& device, std::vector<double>& modules, std::vector<double>& kernels) {
        std::optional<Module> module;
        modules.push_back(nanoseconds([&] { module.emplace(device, twins_cl_spv, twins_cl_spv_size); }));
        kernels.push_back(nanoseconds([&] { const Kernel sgemm(*module, "sgemm"); }));
    };
    for (unsigned repetition = 0; repetition < options.repetitions; ++repetition) {
        const FreshCache cache;
        {
            const Instance instance;
            const Device device = chooseDevice(instance, options);
            // Another kernel first: it starts the worker and opens the device.
            worker.push_back(
                nanoseconds([&] { const Kernel first(Module(device, launch_cl_spv, launch_cl_spv_size), "three"); }));
            load(device, coldModule, coldKernel);
        }
        const Instance instance;
        const Device device = chooseDevice(instance, options);
        const Stream opened(device);
        load(device, warmModule, warmKernel);
        if (instance.counters().workersStarted != 0) {
            throw std::runtime_error("jit: a worker was started although the cache has the kernel");
        }
    }
    constexpr double kMilli = 1e-6;
    return {{"jit.worker", median(worker) * kMilli, "ms", "the first kernel of an instance, worker start included"},
            {"jit.sgemm.module.cold", median(coldModule) * kMilli, "ms", "hyModuleLoad of seven kernels, empty cache"},
            {"jit.sgemm.kernel.cold", median(coldKernel) * kMilli, "ms", "hyKernelCreate of the tiled sgemm"},
            {"jit.sgemm.module.warm", median(warmModule) * kMilli, "ms", "the same in a new instance, from the cache"},
            {"jit.sgemm.kernel.warm", median(warmKernel) * kMilli, "ms",
             "hyKernelCreate from the cache; on cuda with the driver's part, cuModuleLoadDataEx"}};
}

} // namespace halyard::bench
