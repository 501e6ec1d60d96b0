#include "bench.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

namespace halyard::bench {

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

double nanoseconds(const std::function<void()>& work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

Device chooseDevice(const Instance& instance, const Options& options) {
    if (options.device.empty() && instance.deviceCount() == 0) {
        throw std::runtime_error("there is no device; 'halyard-info --why' explains what was found");
    }
    const Device device = options.device.empty() ? instance.device(0u) : instance.device(options.device);
    const HyDeviceProperties properties = device.properties();
    fmt::print(stderr, "device {}: {}\n", properties.selector, properties.name);
    return device;
}

void useNullWorkBackend() {
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
    const std::filesystem::path library =
        program.parent_path().parent_path() / HALYARD_BENCH_LIBDIR / "halyard/bench/libhalyard_nullwork.so";
    if (!std::filesystem::exists(library)) {
        throw std::runtime_error("the null-work backend is missing: " + library.string());
    }
    setenv("HALYARD_BACKEND_FILES", library.c_str(), 1);
    unsetenv("HALYARD_ADD_BACKEND_FILES");
    unsetenv("HALYARD_DEVICES");
}

} // namespace halyard::bench
